//! A small shop, quickly: plain inserts as the owner. Every unit comes with its movement, so that
//! balances equal the ledger from the start.

use kernel::{
    Shard,
    id::{CategoryId, ProductId, VariantId, WarehouseId},
};
use uuid::Uuid;

use crate::TestDb;

/// Two warehouses and five variants with ids that are the same in every test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shop {
    /// In Taipei, first by priority.
    pub taipei: WarehouseId,
    /// In Kaohsiung.
    pub kaohsiung: WarehouseId,
    /// The only category, `kitchen`.
    pub category: CategoryId,
    /// The product `mug` with two variants.
    pub mug: ProductId,
    /// The product `tote` with one variant.
    pub tote: ProductId,
    /// `MUG-WHITE`, NT$ 390, shard 1: ten in Taipei and five in Kaohsiung.
    pub mug_white: VariantId,
    /// `MUG-BLACK`, NT$ 420, shard 2: the last one is in Taipei.
    pub mug_black: VariantId,
    /// `TOTE-L`, NT$ 1,990, shard 1: a hundred in Taipei, none elsewhere.
    pub tote_large: VariantId,
    /// `TOTE-S`, NT$ 1,290, shard 3: sold out, with an empty stock row in Taipei.
    pub tote_small: VariantId,
    /// `TOTE-OLD`, NT$ 990, shard 4: five in Taipei, but no longer for sale.
    pub tote_old: VariantId,
}

impl Shop {
    /// Makes the shop, with `home_delivery` for NT$ 80, free from NT$ 1,000.
    pub async fn small(db: &TestDb) -> Self {
        let shop = Self {
            taipei: id(0x10, 0),
            kaohsiung: id(0x11, 0),
            category: id(0x20, 0),
            mug: id(0x30, 0),
            tote: id(0x31, 0),
            mug_white: id(0x40, 1),
            mug_black: id(0x41, 2),
            tote_large: id(0x42, 1),
            tote_small: id(0x43, 3),
            tote_old: id(0x44, 4),
        };
        warehouse(db, shop.taipei, "TPE", "100", "臺北市", "中正區", 1).await;
        warehouse(db, shop.kaohsiung, "KHH", "800", "高雄市", "新興區", 2).await;
        category(db, shop.category, "kitchen", "廚房", "Kitchen").await;
        product(db, shop.mug, shop.category, "mug", "馬克杯", "Mug").await;
        product(db, shop.tote, shop.category, "tote", "托特包", "Tote").await;
        for (id, product, sku, price) in [
            (shop.mug_white, shop.mug, "MUG-WHITE", 390),
            (shop.mug_black, shop.mug, "MUG-BLACK", 420),
            (shop.tote_large, shop.tote, "TOTE-L", 1990),
            (shop.tote_small, shop.tote, "TOTE-S", 1290),
            (shop.tote_old, shop.tote, "TOTE-OLD", 990),
        ] {
            variant(db, id, product, sku, price).await;
        }
        execute(
            db,
            sqlx::query("UPDATE catalog.variants SET active = false WHERE id = $1")
                .bind(shop.tote_old.as_uuid()),
        )
        .await;
        for (variant, warehouse, quantity) in [
            (shop.mug_white, shop.taipei, 10),
            (shop.mug_white, shop.kaohsiung, 5),
            (shop.mug_black, shop.taipei, 1),
            (shop.tote_large, shop.taipei, 100),
            (shop.tote_small, shop.taipei, 0),
            (shop.tote_old, shop.taipei, 5),
        ] {
            receive(db, variant, warehouse, quantity).await;
        }
        shipping_method(db, "home_delivery", 80, Some(1000)).await;
        shop
    }
}

/// The id number `number` on `shard`: readable in failures, and a valid UUID v7.
pub fn id<T: From<Uuid>>(number: u8, shard: u8) -> T {
    let base = 0x0199_0000_0000_7000_8000_0000_0000_0000 | (u128::from(number) << 8);
    T::from(Shard::new(shard).stamp(Uuid::from_u128(base)))
}

/// A warehouse.
pub async fn warehouse(
    db: &TestDb,
    id: WarehouseId,
    code: &str,
    postal_code: &str,
    city: &str,
    district: &str,
    priority: i32,
) {
    let (latitude, longitude) = if code == "KHH" { (22.63, 120.30) } else { (25.04, 121.51) };
    let insert = sqlx::query(
        "INSERT INTO inventory.warehouses (id, code, name_zh, name_en, postal_code, city, district,
             address1, latitude, longitude, priority)
         VALUES ($1, $2, $5 || '倉', $2, $3, $5, $6, '測試路 1 號', $7, $8, $4)",
    );
    let insert = insert.bind(id.as_uuid()).bind(code).bind(postal_code).bind(priority);
    execute(db, insert.bind(city).bind(district).bind(latitude).bind(longitude)).await;
}

/// A category.
pub async fn category(db: &TestDb, id: CategoryId, slug: &str, name_zh: &str, name_en: &str) {
    let insert = sqlx::query(
        "INSERT INTO catalog.categories (id, slug, name_zh, name_en, position)
         VALUES ($1, $2, $3, $4, 1)",
    );
    execute(db, insert.bind(id.as_uuid()).bind(slug).bind(name_zh).bind(name_en)).await;
}

/// A published product, without picture.
pub async fn product(
    db: &TestDb,
    id: ProductId,
    category: CategoryId,
    slug: &str,
    name_zh: &str,
    name_en: &str,
) {
    let insert = sqlx::query(
        "INSERT INTO catalog.products (id, category_id, slug, name_zh, name_en, status,
             published_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, 'published', $6, $6, $6)",
    );
    let insert = insert.bind(id.as_uuid()).bind(category.as_uuid()).bind(slug);
    execute(db, insert.bind(name_zh).bind(name_en).bind(now(db))).await;
}

/// A variant for `price` whole TWD, after those its product already has.
pub async fn variant(db: &TestDb, id: VariantId, product: ProductId, sku: &str, price: i64) {
    let insert = sqlx::query(
        "INSERT INTO catalog.variants (id, product_id, sku, name_zh, name_en, price, position)
         SELECT $1, $2, $3, $3, $3, $4, count(*) FROM catalog.variants WHERE product_id = $2",
    );
    execute(db, insert.bind(id.as_uuid()).bind(product.as_uuid()).bind(sku).bind(price)).await;
}

/// Makes a variant a bundle of these, whatever it was.
pub async fn bundle(db: &TestDb, bundle: VariantId, parts: &[(VariantId, i32)]) {
    let forget = sqlx::query("DELETE FROM catalog.bundle_components WHERE bundle_id = $1");
    execute(db, forget.bind(bundle.as_uuid())).await;
    for (part, quantity) in parts {
        let insert = sqlx::query("INSERT INTO catalog.bundle_components VALUES ($1, $2, $3)");
        execute(db, insert.bind(bundle.as_uuid()).bind(part.as_uuid()).bind(quantity)).await;
    }
}

/// Receives `quantity` units (none: only an empty stock row), with the movement.
pub async fn receive(db: &TestDb, variant: VariantId, warehouse: WarehouseId, quantity: i32) {
    let insert = sqlx::query(
        "WITH stock AS (
             INSERT INTO inventory.stock AS s
                 (shard, variant_id, warehouse_id, total, available, version)
             VALUES ($1, $2, $3, $4, $4, least($4, 1))
             ON CONFLICT (shard, variant_id, warehouse_id) DO UPDATE
             SET total = s.total + $4, available = s.available + $4, version = s.version + least($4, 1)
             RETURNING *
         )
         INSERT INTO inventory.movements (shard, variant_id, warehouse_id, seq, kind, d_total,
             d_available, d_reserved, d_sold, available_after, actor_kind, reason, occurred_at)
         SELECT shard, variant_id, warehouse_id, version, 'receive', $4, $4, 0, 0, available,
             'system', 'test', $5
         FROM stock WHERE $4 > 0",
    );
    let insert = insert.bind(variant.shard().to_i16()).bind(variant.as_uuid());
    execute(db, insert.bind(warehouse.as_uuid()).bind(quantity).bind(now(db))).await;
}

/// A way to ship for `fee` whole TWD, free from a subtotal on.
pub async fn shipping_method(db: &TestDb, code: &str, fee: i64, free_from: Option<i64>) {
    let insert = sqlx::query(
        "INSERT INTO shipping.methods (code, name_zh, name_en, description_zh, description_en, fee,
             free_from, position)
         VALUES ($1, $1, $1, '', '', $2, $3, 1)",
    );
    execute(db, insert.bind(code).bind(fee).bind(free_from)).await;
}

type Query<'a> = sqlx::query::Query<'a, sqlx::Postgres, sqlx::postgres::PgArguments>;

async fn execute(db: &TestDb, query: Query<'_>) {
    let mut conn = db.owner().acquire().await.unwrap();
    query.execute(&mut *conn).await.unwrap();
}

fn now(db: &TestDb) -> jiff_sqlx::Timestamp {
    use jiff_sqlx::ToSqlx as _;
    db.shared_clock().now().to_sqlx()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_small_shop_is_there_and_balanced() {
        let db = TestDb::new().await;
        let shop = Shop::small(&db).await;
        db.assert_ledger_balanced().await;
        receive(&db, shop.mug_black, shop.taipei, 2).await;
        db.assert_ledger_balanced().await;
        assert_eq!((shop.mug_white.shard(), shop.tote_old.shard()), (Shard::new(1), Shard::new(4)));
        assert_eq!(shop.mug_white.as_uuid().get_version_num(), 7);

        let mut conn = db.db().acquire().await.unwrap();
        let black: (i32, i64) =
            sqlx::query_as("SELECT available, version FROM inventory.stock WHERE variant_id = $1")
                .bind(shop.mug_black.as_uuid())
                .fetch_one(&mut *conn)
                .await
                .unwrap();
        assert_eq!(black, (3, 2));
    }

    #[tokio::test]
    #[should_panic(expected = "the ledger does not add up")]
    async fn a_unit_without_a_movement_is_found() {
        let db = TestDb::new().await;
        let shop = Shop::small(&db).await;
        let forged = sqlx::query(
            "UPDATE inventory.stock SET total = total + 1, available = available + 1
             WHERE variant_id = $1",
        );
        execute(&db, forged.bind(shop.tote_large.as_uuid())).await;
        db.assert_ledger_balanced().await;
    }
}
