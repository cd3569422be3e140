//! What goes out comes back: the same bytes, and nothing changes where it came from.

use catalog::{
    Barcode, Category, Description, Product, ProductOption, ProductStatus, Slug, Variant,
    put_category, put_product,
};
use jiff::SignedDuration;
use kernel::{Clock as _, Locale, LocalizedText, Money};
use product_files::{Format, Rules};
use proptest::prelude::*;
use testkit::{TestDb, seed};
use uuid::Uuid;

use super::{export, import, rules, sums};

/// A product as drawn.
#[derive(Clone, Debug)]
struct Drawn {
    name: (String, String),
    subtitle: Option<(String, String)>,
    description: Option<(String, String, bool)>,
    tags: Vec<String>,
    /// Names, and how many values each has.
    options: Vec<(String, usize)>,
    variants: Vec<DrawnVariant>,
    status: u8,
    /// Which of the products go with it, by their place.
    related: Vec<usize>,
}

#[derive(Clone, Debug)]
struct DrawnVariant {
    values: Vec<usize>,
    price: i64,
    dearer: Option<i64>,
    weight: u32,
    barcode: Option<String>,
    limit: Option<u32>,
    active: bool,
}

/// One line that is something, with what tempts spreadsheets.
fn line() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9=+'\"@,<>&;\\- \u{ff1d}一-龥]{1,16}"
        .prop_map(|text| format!("{}x", text.trim_start()))
}

fn variant() -> impl Strategy<Value = DrawnVariant> {
    (
        prop::collection::vec(0..3_usize, 3),
        0..100_000_i64,
        prop::option::of(1..500_i64),
        0..5_000_u32,
        prop::option::of("[A-Z0-9]{1,7}"),
        prop::option::of(1..9_u32),
        prop::bool::weighted(0.8),
    )
        .prop_map(|(values, price, dearer, weight, barcode, limit, active)| DrawnVariant {
            values,
            price,
            dearer,
            weight,
            barcode,
            limit,
            active,
        })
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let two = || (line(), line());
    let text = "[a-z<>&\u{a0} ]{0,8}x(\n\n?[a-z'\u{4e00}]{1,8}){0,3}";
    (
        two(),
        prop::option::of(two()),
        prop::option::of((text, text, any::<bool>())),
        prop::collection::hash_set("[a-z]{1,8}", 0..4),
        prop::collection::vec((line(), 1..3_usize), 0..3),
        prop::collection::vec(variant(), 1..5),
        0..4_u8,
        prop::collection::hash_set(0..4_usize, 0..3),
    )
        .prop_map(|(name, subtitle, description, tags, options, variants, status, related)| {
            Drawn {
                name,
                subtitle,
                description,
                tags: tags.into_iter().collect(),
                options,
                variants,
                status,
                related: related.into_iter().collect(),
            }
        })
}

fn id<T: From<Uuid>>(kind: u128, number: usize) -> T {
    let base = 0x0199_0000_0000_7000_8000_0000_0000_0000 | (kind << 24);
    T::from(Uuid::from_u128(base | u128::try_from(number).unwrap()))
}

fn value(option: usize, number: usize) -> LocalizedText {
    LocalizedText::new(format!("={option}值{number}"), format!("value {option}-{number}"))
}

fn product(it: &Drawn, number: usize, all: usize, now: jiff::Timestamp) -> Product {
    let text = |(zh, en): &(String, String)| LocalizedText::new(zh.as_str(), en.as_str());
    let describe = |(zh, en, rich): &(String, String, bool)| {
        let plain = Description::plain(LocalizedText::new(zh.trim(), en.trim()));
        let html = |text: &str| format!("<p>{}</p><ul><li>x</li></ul>", text.replace('<', ""));
        if *rich { Description::rich(&LocalizedText::new(html(zh), html(en))) } else { plain }
    };
    let values = |variant: &DrawnVariant| -> Vec<LocalizedText> {
        let chosen = it.options.iter().enumerate().zip(&variant.values);
        chosen.map(|((at, (_, count)), value)| self::value(at, value % count)).collect()
    };
    let variant = |(at, drawn): (usize, &DrawnVariant)| Variant {
        id: id(2, number * 100 + at),
        sku: format!("'-{number}/{at}"),
        barcode: drawn.barcode.as_ref().map(|it| Barcode::new(it.as_str()).unwrap()),
        name: LocalizedText::new("規格", "Variant"),
        options: values(drawn),
        price: Money::twd(drawn.price).unwrap(),
        compare_at: drawn.dearer.map(|more| Money::twd(drawn.price + more).unwrap()),
        weight_g: drawn.weight,
        image: None,
        purchase_limit: drawn.limit,
        active: drawn.active,
    };
    let variants: Vec<Variant> = it.variants.iter().enumerate().map(variant).collect();
    let is_sold = variants.iter().any(|it| it.active);
    let hour = SignedDuration::from_hours(1);
    let option = |(at, (name, count)): (usize, &(String, usize))| ProductOption {
        name: LocalizedText::new(format!("{name}{at}"), format!("Option {at}")),
        values: (0..*count).map(|number| value(at, number)).collect(),
    };
    Product {
        id: id(1, number),
        slug: Slug::new(format!("product-{number}")).unwrap(),
        category_id: seed::id(0x20, 0),
        name: text(&it.name),
        subtitle: it.subtitle.as_ref().map(text).unwrap_or_default(),
        description: it.description.as_ref().map(describe).unwrap_or_default(),
        badges: vec!["new".into()],
        tags: it.tags.clone(),
        options: it.options.iter().enumerate().map(option).collect(),
        status: match it.status {
            0 => ProductStatus::Archived,
            1 if is_sold => ProductStatus::Published { at: now - hour },
            2 if is_sold => ProductStatus::Published { at: now + hour },
            _ => ProductStatus::Draft,
        },
        images: vec![],
        variants,
        related: it
            .related
            .iter()
            .filter(|other| **other != number && **other < all)
            .map(|other| id(1, *other))
            .collect(),
    }
}

/// A shop with these products.
async fn shop(drawn: &[Drawn]) -> TestDb {
    let db = TestDb::new().await;
    let now = db.clock().now();
    let mut tx = db.db().begin().await.unwrap();
    let category = Category {
        id: seed::id(0x20, 0),
        slug: Slug::new("kitchen").unwrap(),
        name: LocalizedText::new("廚房", "Kitchen"),
        parent: None,
        position: 1,
    };
    put_category(&mut tx, &category, now).await.unwrap();
    let products: Vec<Product> =
        (0..).zip(drawn).map(|(at, it)| product(it, at, drawn.len(), now)).collect();
    for it in &products {
        put_product(&mut tx, &Product { related: vec![], ..it.clone() }, now).await.unwrap();
    }
    for it in &products {
        put_product(&mut tx, it, now).await.unwrap();
    }
    tx.commit().await.unwrap();
    db
}

/// Out, and in again: here nothing changes, and in an empty shop the same comes out.
async fn there_and_back(drawn: &[Drawn], format: Format, language: Locale) {
    let (db, empty) = (shop(drawn).await, TestDb::new().await);
    let rules = Rules { language, ..rules(format) };
    let all = u64::try_from(drawn.len()).unwrap();
    let out = export(&db, format, language).await;
    let report = import(&db, rules.clone(), &out).await;
    assert_eq!((report.errors.as_slice(), sums(&report)), (&[][..], [0, 0, all, 0]), "{out}");
    assert_eq!(report.notes, [], "{out}");
    assert_eq!(export(&db, format, language).await, out);
    let report = import(&empty, rules.clone(), &out).await;
    assert_eq!((report.errors.as_slice(), sums(&report)), (&[][..], [all, 0, 0, 0]), "{out}");
    assert_eq!(export(&empty, format, language).await, out);
    let again = import(&empty, rules, &out).await;
    assert_eq!(sums(&again), [0, 0, all, 0], "{out}");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn lines_of_json_say_everything(drawn in prop::collection::vec(drawn(), 1..5)) {
        runtime().block_on(there_and_back(&drawn, Format::Jsonl, Locale::ZhTw));
    }

    #[test]
    fn a_sheet_says_it_in_one_language(drawn in prop::collection::vec(drawn(), 1..5), english: bool) {
        let language = if english { Locale::En } else { Locale::ZhTw };
        // What is scheduled is somebody's decision in their shop: another one gets a draft.
        let sheet = drawn.into_iter().map(|it| Drawn { status: it.status % 2, ..it });
        let sheet: Vec<Drawn> = sheet.collect();
        runtime().block_on(there_and_back(&sheet, Format::Csv, language));
    }
}

#[tokio::test]
async fn what_is_scheduled_stays_so_in_its_own_shop() {
    let it = Drawn {
        name: ("杯".into(), "Cup".into()),
        subtitle: None,
        description: None,
        tags: vec![],
        options: vec![],
        variants: vec![DrawnVariant {
            values: vec![],
            price: 1,
            dearer: None,
            weight: 0,
            barcode: None,
            limit: Some(2),
            active: true,
        }],
        status: 2,
        related: vec![],
    };
    let (db, empty) = (shop(&[it]).await, TestDb::new().await);
    let out = export(&db, Format::Csv, Locale::ZhTw).await;
    assert_eq!(sums(&import(&db, rules(Format::Csv), &out).await), [0, 0, 1, 0]);
    assert_eq!(sums(&import(&empty, rules(Format::Csv), &out).await), [1, 0, 0, 0]);
    let there = super::product(&empty, "product-0").await.product;
    assert_eq!(there.status, ProductStatus::Draft);
}
