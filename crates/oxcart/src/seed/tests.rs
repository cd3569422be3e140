use std::sync::Arc;

use kernel::SharedClock;
use ports::ObjectStore;
use testkit::TestDb;

use super::*;

struct Place {
    test: TestDb,
    base: Base,
    _dir: tempfile::TempDir,
}

async fn place() -> Place {
    let test = TestDb::new().await;
    let dir = tempfile::tempdir().unwrap();
    let base = Base {
        db: test.db().clone(),
        clock: Arc::clone(&test.clock()) as SharedClock,
        dev_clock: None,
        ids: test.ids().clone(),
        objects: ObjectStore::directory(dir.path()).unwrap(),
        database_url: "postgres:///unused".into(),
    };
    Place { test, base, _dir: dir }
}

/// Every row that seeding writes, in one text.
async fn everything(place: &Place) -> String {
    let mut conn = place.test.owner().acquire().await.unwrap();
    let mut all = String::new();
    for table in [
        "catalog.categories",
        "catalog.products",
        "catalog.variants",
        "catalog.images",
        "catalog.bundle_components",
        "inventory.warehouses",
        "inventory.stock",
        "inventory.movements",
        "shipping.methods",
        "pricing.coupons",
        "outbox.events",
    ] {
        let sql = format!(
            "SELECT coalesce(string_agg(t::text, e'\\n' ORDER BY t::text), '') FROM {table} t"
        );
        let rows: String =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut *conn).await.unwrap();
        all.push_str(&rows);
    }
    all
}

#[tokio::test]
async fn a_new_shop_is_filled_once_and_stays_as_it_is() {
    let place = place().await;
    assert!(is_wanted(&place.base).await.unwrap());
    let loaded = load(&place.base).await.unwrap();
    assert!(loaded.products >= 40 && loaded.units > 1000 && loaded.pictures > 80, "{loaded}");
    assert!(!is_wanted(&place.base).await.unwrap());
    place.test.assert_ledger_balanced().await;
    let report = audit::run(place.test.db()).await.unwrap();
    assert!(report.is_clean(), "{report}");

    let before = everything(&place).await;
    let again = load(&place.base).await.unwrap();
    assert_eq!(again, Loaded { units: 0, ..loaded });
    assert!(before == everything(&place).await, "loading twice changed something");

    let key = "demo/last-lantern.webp".parse().unwrap();
    assert!(place.base.objects.exists(&key).await.unwrap());
}

#[tokio::test]
async fn the_demo_shop_is_for_sale_from_three_warehouses() {
    let place = place().await;
    load(&place.base).await.unwrap();
    let mut conn = place.base.db.acquire().await.unwrap();
    let (products, variants, images): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM catalog.products
                  WHERE status = 'published' AND published_at <= $1),
                (SELECT count(*) FROM catalog.variants WHERE active),
                (SELECT count(*) FROM catalog.products p WHERE EXISTS (
                     SELECT FROM catalog.images i WHERE i.product_id = p.id))",
    )
    .bind(jiff_sqlx::ToSqlx::to_sqlx(place.base.clock.now()))
    .fetch_one(&mut *conn)
    .await
    .unwrap();
    assert!(products >= 40 && variants > products, "{products} products, {variants} variants");
    assert_eq!(images, products, "every product has a picture");
    assert_eq!(inventory::warehouses(&mut conn).await.unwrap().len(), 3);
    assert!(!shipping::methods(&mut conn).await.unwrap().is_empty());

    let lantern =
        inventory::balances(&mut conn, ids::id("variant", "OX-HOM-007-01")).await.unwrap();
    assert_eq!(lantern.iter().map(|row| row.balance.available).sum::<i32>(), 1);

    // Three bars of soap are made of single ones.
    let (single, three) =
        (ids::id("variant", "OX-HOM-003-01"), ids::id("variant", "OX-HOM-003-02"));
    let parts = catalog::bundles::components(&mut conn, three).await.unwrap();
    let parts: Vec<_> = parts.iter().map(|part| (part.variant, part.quantity)).collect();
    assert_eq!(parts, [(single, 3)]);
    assert!(inventory::balances(&mut conn, three).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_shop_with_orders_is_refused_and_untouched() {
    let place = place().await;
    let order =
        "INSERT INTO orders.orders (shard, id, status, locale, contact_email, contact_phone,
            ship_name, ship_phone, ship_postal_code, ship_city, ship_district, ship_address1,
            shipping_method, payment_method, currency, subtotal, discount,
            shipping_fee, total, reserved_until, created_at)
        VALUES (0, '01990000-0000-7000-8000-000000000000', 'cancelled', 'zh-TW', 'a@example.com',
            '', '', '', '', '', '', '', '', '', 'TWD', 1, 0, 0, 1, now(), now())";
    sqlx::query(order).execute(&mut *place.test.owner().acquire().await.unwrap()).await.unwrap();
    let before = everything(&place).await;
    let error = load(&place.base).await.unwrap_err().to_string();
    assert!(error.contains("this shop has 1 orders"), "{error}");
    assert_eq!(before, everything(&place).await);
    assert!(!is_wanted(&place.base).await.unwrap());
}

#[test]
fn dates_ahead_of_the_clock_move_back_by_whole_years() {
    let shop = ShopFile::read().unwrap();
    let newest = shop.products.iter().map(|product| product.published_at).max().unwrap();
    assert_eq!(shop.years_ahead(newest), 0);
    let earlier = shop_file::years_before(newest, 2);
    assert_eq!(shop.years_ahead(earlier), 2);
    assert!(earlier < newest);
}
