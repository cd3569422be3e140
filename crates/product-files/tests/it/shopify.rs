//! A file as Shopify exports it: rows of variants and pictures, line ends in cells, and all.

use catalog::ProductStatus;
use kernel::{Clock as _, Locale, LocalizedText, id::CategoryId};
use product_files::{Fault, Format, Rules};
use testkit::{TestDb, seed, seed::Shop};

use super::{count, export, import, product, rules, sums};

/// As spreadsheets and Windows write it.
fn sample() -> String {
    format!("\u{feff}{}", include_str!("shopify.csv").replace('\n', "\r\n"))
}

fn both(text: &str) -> LocalizedText {
    LocalizedText::new(text, text)
}

#[tokio::test]
async fn a_file_of_shopify_is_understood_as_it_is() {
    let db = TestDb::new().await;
    seed::category(&db, seed::id(0x20, 0), "kitchen", "廚房", "Kitchen").await;
    let report = import(&db, rules(Format::Csv), &sample()).await;
    assert_eq!(report.errors, []);
    assert_eq!(sums(&report), [3, 0, 0, 0]);
    assert!(report.written && report.complete);
    assert_eq!(report.categories_added, 0, "Type is known by name, the bowl's by its last part");

    let kitchen: CategoryId = seed::id(0x20, 0);
    let mug = product(&db, "enamel-mug").await;
    assert_eq!(mug.version, 1);
    let mug = mug.product;
    assert_eq!((mug.name, mug.category_id), (both("琺瑯馬克杯"), kitchen));
    let html = "<h3>露營的早晨</h3>\n<p>白底藍邊，<strong>耐摔</strong>。</p>";
    assert_eq!(mug.description.html(), Some(&both(html)));
    assert_eq!(mug.tags, ["camping", "gift"]);
    assert_eq!(mug.status, ProductStatus::Published { at: db.clock().now() });
    let options: Vec<(&str, Vec<&str>)> = mug
        .options
        .iter()
        .map(|it| (&*it.name.zh_tw, it.values.iter().map(|value| &*value.en).collect()))
        .collect();
    assert_eq!(options, [("顏色", vec!["白", "藍"]), ("尺寸", vec!["小", "大"])]);
    let told: Vec<(String, &str, i64, Option<i64>, u32)> = mug
        .variants
        .iter()
        .map(|it| {
            let before = it.compare_at.map(kernel::Money::amount);
            (it.sku.clone(), &*it.name.en, it.price.amount(), before, it.weight_g)
        })
        .collect();
    let derived = mug.variants[2].sku.clone();
    assert!(derived.starts_with("ENAMEL-MUG-"), "{derived}");
    assert_eq!(
        told,
        [
            ("MUG-W-S".into(), "白 / 小", 390, Some(450), 250),
            ("MUG-W-L".into(), "白 / 大", 420, None, 310),
            (derived, "藍 / 小", 390, None, 261),
        ]
    );
    let barcode = mug.variants[0].barcode.as_ref().unwrap();
    assert_eq!((barcode.as_str(), mug.images.len()), ("4006381333931", 0));

    let lamp = product(&db, "old-lamp").await.product;
    assert_eq!((lamp.name, lamp.status), (both("=燈"), ProductStatus::Archived));
    assert_eq!((lamp.category_id, lamp.options.len()), (kitchen, 0));
}

#[tokio::test]
async fn what_is_left_out_or_made_of_something_is_told() {
    let db = TestDb::new().await;
    seed::category(&db, seed::id(0x20, 0), "kitchen", "廚房", "Kitchen").await;
    let report = import(&db, rules(Format::Csv), &sample()).await;
    let told: Vec<(u64, &str, u64)> =
        report.notes.iter().map(|it| (it.line, it.column.as_str(), it.count)).collect();
    let columns = [
        "Vendor",
        "Option1 Linked To",
        "Variant Inventory Tracker",
        "Variant Inventory Qty",
        "Variant Requires Shipping",
        "Gift Card",
        "SEO Title",
        "Variant Weight Unit",
    ];
    for column in columns {
        assert!(told.contains(&(1, column, 1)), "{column}: {told:?}");
    }
    // A cell with line ends moves the lines behind it.
    assert!(told.contains(&(8, "Handle", 1)), "{told:?}");
    assert!(told.contains(&(8, "Variant Compare At Price", 1)), "{told:?}");
    assert!(told.contains(&(2, "Image Src", 3)), "{told:?}");
    assert_eq!(told.len(), columns.len() + 3);
    let stock = report.notes.iter().find(|it| it.column == "Variant Inventory Qty").unwrap();
    assert!(stock.message.contains("oxcart import stock"), "{stock:?}");
}

#[tokio::test]
async fn the_same_file_again_changes_nothing_and_an_edited_one_what_was_edited() {
    let db = TestDb::new().await;
    import(&db, rules(Format::Csv), &sample()).await;
    let again = import(&db, rules(Format::Csv), &sample()).await;
    assert_eq!(sums(&again), [0, 0, 3, 0]);
    let mug = product(&db, "enamel-mug").await;
    let dearer = sample().replace("420.00", "480.00");
    assert_eq!(sums(&import(&db, rules(Format::Csv), &dearer).await), [0, 1, 2, 0]);
    let after = product(&db, "enamel-mug").await;
    assert_eq!((after.version, after.product.variants[1].price.amount()), (2, 480));
    assert_eq!(after.product.variants[1].id, mug.product.variants[1].id);
    // A variant that the file has no more is not sold any more; it is not deleted.
    let fewer: String = dearer
        .split("\r\n")
        .filter(|it| !it.contains("MUG-W-L"))
        .fold(String::new(), |text, line| text + line + "\r\n");
    assert_eq!(sums(&import(&db, rules(Format::Csv), &fewer).await), [0, 1, 2, 0]);
    let after = product(&db, "enamel-mug").await.product;
    let told: Vec<(&str, bool)> =
        after.variants.iter().map(|it| (it.sku.as_str(), it.active)).collect();
    let derived = mug.product.variants[2].sku.as_str();
    assert_eq!(told, [("MUG-W-S", true), ("MUG-W-L", false), (derived, true)]);
}

#[tokio::test]
async fn the_newer_names_of_columns_are_known_too() {
    let db = TestDb::new().await;
    let text = "Title,URL handle,Description,Type,Status,SKU,Price,Compare-at price,\
                Option1 name,Option1 value,Weight value (grams)\n\
                Tee,tee,<p>Soft.</p>,Clothes,Active,TEE-M,500.00,600.00,Size,M,120\n\
                ,tee,,,,TEE-L,500.00,,,L,130\n";
    let english = Rules { language: Locale::En, ..rules(Format::Csv) };
    let report = import(&db, english, text).await;
    assert_eq!((report.errors.as_slice(), sums(&report)), (&[][..], [1, 0, 0, 0]));
    assert_eq!(report.categories_added, 1);
    let tee = product(&db, "tee").await.product;
    let told: Vec<(&str, u32)> =
        tee.variants.iter().map(|it| (it.sku.as_str(), it.weight_g)).collect();
    assert_eq!(told, [("TEE-M", 120), ("TEE-L", 130)]);
}

#[tokio::test]
async fn one_language_is_taken_and_the_other_stays() {
    let db = TestDb::new().await;
    let shop = Shop::small(&db).await;
    let text = "Handle,Title\nmug,Camping Mug\n";
    let english = Rules { language: Locale::En, ..rules(Format::Csv) };
    assert_eq!(sums(&import(&db, english, text).await), [0, 1, 0, 0]);
    let mug = product(&db, "mug").await.product;
    assert_eq!((mug.id, mug.name), (shop.mug, LocalizedText::new("馬克杯", "Camping Mug")));
    // A file that says nothing of variants leaves them as they are.
    assert_eq!(mug.variants.iter().filter(|it| it.active).count(), 2);
}

#[tokio::test]
async fn a_missing_category_is_made_only_when_asked() {
    let db = TestDb::new().await;
    let text = "Handle,Title,Type\nmug,Mug,Tea things\nbowl,Bowl,\n";
    let strictly = Rules { create_categories: false, ..rules(Format::Csv) };
    let report = import(&db, strictly, text).await;
    let told: Vec<(u64, &str, Fault, &str)> = report
        .errors
        .iter()
        .map(|it| (it.line, it.column.as_str(), it.code, it.product.as_str()))
        .collect();
    let expected = [(2, "Type", Fault::Unknown, "mug"), (3, "Type", Fault::Missing, "bowl")];
    assert_eq!(told, expected);
    let kindly = Rules { category: Some("Tea things".into()), ..rules(Format::Csv) };
    let report = import(&db, kindly, text).await;
    assert_eq!((sums(&report), report.categories_added), ([2, 0, 0, 0], 1));
    let out = export(&db, Format::Csv, Locale::ZhTw).await;
    assert!(out.contains("\nmug,Mug,,tea-things,"), "{out}");
}

#[tokio::test]
async fn formulas_go_out_as_text_and_come_back_as_they_were() {
    let db = TestDb::new().await;
    import(&db, rules(Format::Csv), &sample()).await;
    let out = export(&db, Format::Csv, Locale::ZhTw).await;
    assert!(out.contains("\nold-lamp,'=燈,"), "{out}");
    assert!(out.starts_with("\u{feff}Handle,Title,Body (HTML),"), "{out}");
    let again = import(&db, rules(Format::Csv), &out).await;
    assert_eq!(sums(&again), [0, 0, 3, 0]);
    assert_eq!(again.notes, []);
}

#[tokio::test]
async fn pictures_that_are_in_the_shop_are_shown_and_others_are_not_fetched() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    let mut conn = db.owner().acquire().await.unwrap();
    sqlx::query(
        "INSERT INTO catalog.images (product_id, position, object_key, alt_zh, alt_en, width, height)
         SELECT id, n, 'mug/' || n || '.webp', '圖', 'Picture', 800, 600
           FROM catalog.products, generate_series(0, 1) AS n WHERE slug = 'mug'",
    )
    .execute(&mut *conn)
    .await
    .unwrap();
    let text = "Handle,Title,Type,Image Src,Image Position,Image Alt Text,Variant SKU,Variant Price,\
                Variant Image\n\
                cup,杯,kitchen,mug/1.webp,2,側面,CUP,100,mug/0.webp\n\
                cup,,,mug/0.webp,1,,,,\n\
                cup,,,https://cdn.example/x.jpg,3,,,,\n";
    let report = import(&db, rules(Format::Csv), text).await;
    assert_eq!((report.errors.as_slice(), report.notes.len()), (&[][..], 1));
    let note = &report.notes[0];
    assert_eq!((note.line, note.column.as_str(), note.count), (4, "Image Src", 1));
    let cup = product(&db, "cup").await.product;
    let shown: Vec<(&str, &str, u32)> =
        cup.images.iter().map(|it| (it.key.as_str(), &*it.alt.zh_tw, it.width)).collect();
    assert_eq!(shown, [("mug/0.webp", "杯", 800), ("mug/1.webp", "側面", 800)]);
    assert_eq!(cup.variants[0].image, Some(0));
    let out = export(&db, Format::Csv, Locale::ZhTw).await;
    assert_eq!(sums(&import(&db, rules(Format::Csv), &out).await), [0, 0, 3, 0]);
}

#[tokio::test]
async fn uploaded_pictures_that_no_product_shows_yet_are_known_and_removed_ones_are_not() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    let mut conn = db.owner().acquire().await.unwrap();
    for key in ["catalog/new.webp", "catalog/gone.webp"] {
        let now = db.clock().now();
        catalog::upload_picture(&mut conn, key, (640, 480), now).await.unwrap();
    }
    sqlx::query(
        "UPDATE catalog.pictures SET status = 'removing' WHERE object_key = 'catalog/gone.webp'",
    )
    .execute(&mut *conn)
    .await
    .unwrap();
    let text = "Handle,Image Src,Image Position\n\
                mug,catalog/new.webp,1\n\
                mug,catalog/gone.webp,2\n";
    let report = import(&db, rules(Format::Csv), text).await;
    assert_eq!(sums(&report), [0, 1, 0, 0]);
    let told: Vec<(u64, &str)> =
        report.notes.iter().map(|it| (it.line, it.column.as_str())).collect();
    assert_eq!(told, [(3, "Image Src")]);
    let mug = product(&db, "mug").await.product;
    let shown: Vec<(&str, u32, u32)> =
        mug.images.iter().map(|it| (it.key.as_str(), it.width, it.height)).collect();
    assert_eq!(shown, [("catalog/new.webp", 640, 480)]);
    let used = "SELECT count(*) FROM catalog.pictures WHERE used_at IS NOT NULL";
    assert_eq!(count(&db, used).await, 1, "nobody removes it from now on");
}
