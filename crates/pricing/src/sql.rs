//! Every SQL statement of this module but the locks.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use kernel::{
    Money,
    id::{CategoryId, OrderId, ProductId, UserId},
};
use pg::{Affected as _, Connection, DbError, DbResult};
use uuid::Uuid;

use crate::{
    coupon::{Benefit, Coupon, CouponCode},
    coupons::StoredCoupon,
    redemption::Redemption,
    scope::Scope,
};

pub(crate) struct CouponRow {
    pub code: String,
    pub kind: String,
    pub value: i64,
    pub minimum_spend: i64,
    pub valid_from: Option<SqlTimestamp>,
    pub valid_until: Option<SqlTimestamp>,
    pub total_limit: Option<i32>,
    pub per_customer_limit: Option<i32>,
    pub active: bool,
    pub redeemed: i32,
    pub product_ids: Vec<Uuid>,
    pub category_ids: Vec<Uuid>,
    pub version: i64,
}

impl TryFrom<CouponRow> for Coupon {
    type Error = DbError;

    fn try_from(row: CouponRow) -> DbResult<Self> {
        let value = || corrupt("value", &row.value);
        let benefit = match row.kind.as_str() {
            "percentage" => Benefit::Percentage(u8::try_from(row.value).map_err(|_| value())?),
            "amount" => Benefit::Amount(Money::twd(row.value).map_err(|_| value())?),
            "free_shipping" => Benefit::FreeShipping,
            other => return Err(corrupt("kind", &other)),
        };
        let limit = |limit: Option<i32>| limit.map(|most| u32::try_from(most).unwrap_or(0));
        Ok(Self {
            code: CouponCode::parse(&row.code).ok_or_else(|| corrupt("code", &row.code))?,
            benefit,
            scope: Scope {
                products: row.product_ids.into_iter().map(ProductId::from).collect(),
                categories: row.category_ids.into_iter().map(CategoryId::from).collect(),
            },
            minimum_spend: Money::twd(row.minimum_spend)
                .map_err(|_| corrupt("minimum_spend", &row.minimum_spend))?,
            valid_from: row.valid_from.map(SqlTimestamp::to_jiff),
            valid_until: row.valid_until.map(SqlTimestamp::to_jiff),
            total_limit: limit(row.total_limit),
            per_customer_limit: limit(row.per_customer_limit),
            active: row.active,
            redeemed: u32::try_from(row.redeemed)
                .map_err(|_| corrupt("redeemed", &row.redeemed))?,
        })
    }
}

impl TryFrom<CouponRow> for StoredCoupon {
    type Error = DbError;

    fn try_from(row: CouponRow) -> DbResult<Self> {
        let version = row.version;
        Ok(Self { coupon: row.try_into()?, version })
    }
}

pub(crate) async fn find_coupon(
    conn: &mut Connection,
    code: &CouponCode,
) -> DbResult<Option<Coupon>> {
    Ok(find_stored(conn, code).await?.map(|stored| stored.coupon))
}

pub(crate) async fn find_stored(
    conn: &mut Connection,
    code: &CouponCode,
) -> DbResult<Option<StoredCoupon>> {
    let row = sqlx::query_as!(
        CouponRow,
        r#"
        SELECT code, kind, value, minimum_spend, valid_from AS "valid_from: _"
             , valid_until AS "valid_until: _", total_limit, per_customer_limit, active, redeemed
             , product_ids, category_ids, version
          FROM pricing.coupons
         WHERE code = $1
        "#,
        code.as_str(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(StoredCoupon::try_from).transpose()
}

pub(crate) async fn list_coupons(
    conn: &mut Connection,
    after: Option<&str>,
    most: i64,
) -> DbResult<Vec<StoredCoupon>> {
    let rows = sqlx::query_as!(
        CouponRow,
        r#"
        SELECT code, kind, value, minimum_spend, valid_from AS "valid_from: _"
             , valid_until AS "valid_until: _", total_limit, per_customer_limit, active, redeemed
             , product_ids, category_ids, version
          FROM pricing.coupons
         WHERE $1::text IS NULL OR code > $1
         ORDER BY code
         LIMIT $2
        "#,
        after,
        most,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(StoredCoupon::try_from).collect()
}

/// Whether any order has ever used it, ended or not.
pub(crate) async fn was_redeemed(conn: &mut Connection, code: &CouponCode) -> DbResult<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM pricing.redemptions WHERE coupon = $1) AS "used!""#,
        code.as_str(),
    )
    .fetch_one(conn)
    .await?)
}

/// Deletes a locked coupon.
pub(crate) async fn delete_coupon(conn: &mut Connection, code: &CouponCode) -> DbResult<()> {
    sqlx::query!("DELETE FROM pricing.coupons WHERE code = $1", code.as_str())
        .execute(conn)
        .await?
        .one_row("delete a coupon")
}

/// A coupon's terms as columns.
struct Terms {
    value: i64,
    total_limit: Option<i32>,
    per_customer_limit: Option<i32>,
    products: Vec<Uuid>,
    categories: Vec<Uuid>,
}

impl From<&Coupon> for Terms {
    fn from(coupon: &Coupon) -> Self {
        let limit = |limit: Option<u32>| limit.map(u32::cast_signed);
        Self {
            value: match coupon.benefit {
                Benefit::Percentage(percent) => percent.into(),
                Benefit::Amount(amount) => amount.amount(),
                Benefit::FreeShipping => 0,
            },
            total_limit: limit(coupon.total_limit),
            per_customer_limit: limit(coupon.per_customer_limit),
            products: coupon.scope.products.iter().map(|id| id.as_uuid()).collect(),
            categories: coupon.scope.categories.iter().map(|id| id.as_uuid()).collect(),
        }
    }
}

/// Adds a coupon; whether nobody had its code.
pub(crate) async fn insert_coupon(
    conn: &mut Connection,
    coupon: &Coupon,
    now: Timestamp,
) -> DbResult<bool> {
    let terms = Terms::from(coupon);
    let done = sqlx::query!(
        r#"
        INSERT INTO pricing.coupons (code, kind, value, minimum_spend, valid_from, valid_until
             , total_limit, per_customer_limit, active, product_ids, category_ids, created_at
             , updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
        ON CONFLICT (code) DO NOTHING
        "#,
        coupon.code.as_str(),
        coupon.benefit.kind(),
        terms.value,
        coupon.minimum_spend.amount(),
        coupon.valid_from.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        coupon.valid_until.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        terms.total_limit,
        terms.per_customer_limit,
        coupon.active,
        &terms.products,
        &terms.categories,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes the terms of a coupon that is there.
pub(crate) async fn update_coupon(
    conn: &mut Connection,
    coupon: &Coupon,
    now: Timestamp,
) -> DbResult<()> {
    let terms = Terms::from(coupon);
    sqlx::query!(
        r#"
        UPDATE pricing.coupons
           SET kind = $2, value = $3, minimum_spend = $4, valid_from = $5, valid_until = $6
             , total_limit = $7, per_customer_limit = $8, active = $9, product_ids = $10
             , category_ids = $11, updated_at = $12, version = version + 1
         WHERE code = $1
        "#,
        coupon.code.as_str(),
        coupon.benefit.kind(),
        terms.value,
        coupon.minimum_spend.amount(),
        coupon.valid_from.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        coupon.valid_until.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        terms.total_limit,
        terms.per_customer_limit,
        coupon.active,
        &terms.products,
        &terms.categories,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .one_row("change a coupon")
}

pub(crate) async fn used_by(
    conn: &mut Connection,
    wanted: &[(CouponCode, Uuid)],
) -> DbResult<HashMap<(CouponCode, Uuid), i64>> {
    let mut wanted = wanted.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    let codes: Vec<&str> = wanted.iter().map(|(code, _)| code.as_str()).collect();
    let buyers: Vec<Uuid> = wanted.iter().map(|(_, buyer)| *buyer).collect();
    let rows = sqlx::query!(
        r#"
        SELECT wanted.coupon AS "coupon!", wanted.buyer AS "buyer!", used.times AS "times!"
          FROM unnest($1::text[], $2::uuid[]) AS wanted (coupon, buyer)
         CROSS JOIN LATERAL (
               SELECT (SELECT count(*) FROM pricing.redemptions AS r
                        WHERE r.coupon = wanted.coupon AND r.customer_id = wanted.buyer
                          AND r.released_at IS NULL)
                    + (SELECT count(*) FROM pricing.redemptions AS r
                        WHERE r.coupon = wanted.coupon AND r.email_buyer = wanted.buyer
                          AND r.released_at IS NULL) AS times) AS used
         WHERE used.times > 0
        "#,
        &codes as &[&str],
        &buyers,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let code = CouponCode::parse(&row.coupon);
            Ok(((code.ok_or_else(|| corrupt("code", &row.coupon))?, row.buyer), row.times))
        })
        .collect()
}

pub(crate) async fn insert_redemptions(
    conn: &mut Connection,
    redemptions: &[Redemption],
    at: Timestamp,
) -> DbResult<()> {
    let (shards, orders) = columns(redemptions.iter().map(|it| it.order));
    let coupons: Vec<&str> = redemptions.iter().map(|it| it.coupon.as_str()).collect();
    let customers: Vec<Option<Uuid>> =
        redemptions.iter().map(|it| it.by.customer.map(UserId::as_uuid)).collect();
    let emails: Vec<Uuid> = redemptions.iter().map(|it| it.by.email).collect();
    let amounts: Vec<i64> = redemptions.iter().map(|it| it.amount.amount()).collect();
    sqlx::query!(
        r#"
        INSERT INTO pricing.redemptions (shard, order_id, coupon, customer_id, email_buyer, amount
             , redeemed_at)
        SELECT new.*, $7
          FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[]
             , $6::bigint[]) AS new
        "#,
        &shards,
        &orders,
        &coupons as &[&str],
        &customers as &[Option<Uuid>],
        &emails,
        &amounts,
        at.to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .rows("insert redemptions", redemptions.len())
}

/// Adds to the coupons' counters; their rows are locked.
pub(crate) async fn count_redemptions(
    conn: &mut Connection,
    counts: &[(CouponCode, i32)],
) -> DbResult<()> {
    if counts.is_empty() {
        return Ok(());
    }
    let codes: Vec<&str> = counts.iter().map(|(code, _)| code.as_str()).collect();
    let more: Vec<i32> = counts.iter().map(|(_, more)| *more).collect();
    sqlx::query!(
        r#"
        UPDATE pricing.coupons AS c
           SET redeemed = c.redeemed + count.more
          FROM unnest($1::text[], $2::int[]) AS count (code, more)
         WHERE c.code = count.code
        "#,
        &codes as &[&str],
        &more,
    )
    .execute(conn)
    .await?
    .rows("count redemptions", counts.len())
}

/// Closes the live redemptions of these orders; returns their coupons, one for each.
pub(crate) async fn release_redemptions(
    conn: &mut Connection,
    orders: &[OrderId],
    at: Timestamp,
) -> DbResult<Vec<CouponCode>> {
    let (shards, ids) = columns(orders.iter().copied());
    let released = sqlx::query_scalar!(
        r#"
        UPDATE pricing.redemptions AS r
           SET released_at = $3
          FROM unnest($1::smallint[], $2::uuid[]) AS ended (shard, order_id)
         WHERE r.shard = ended.shard AND r.order_id = ended.order_id AND r.released_at IS NULL
        RETURNING r.coupon
        "#,
        &shards,
        &ids,
        at.to_sqlx() as _,
    )
    .fetch_all(conn)
    .await?;
    let code = |text: String| CouponCode::parse(&text).ok_or_else(|| corrupt("code", &text));
    released.into_iter().map(code).collect()
}

pub(crate) async fn reinstate_redemption(
    conn: &mut Connection,
    order: OrderId,
    code: &CouponCode,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        UPDATE pricing.redemptions
           SET released_at = NULL
         WHERE shard = $1 AND order_id = $2 AND coupon = $3 AND released_at IS NOT NULL
        "#,
        order.shard().to_i16(),
        order.as_uuid(),
        code.as_str(),
    )
    .execute(conn)
    .await?
    .one_row("use a coupon again")
}

pub(crate) async fn reduce_redemption(
    conn: &mut Connection,
    order: OrderId,
    amount: Money,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        UPDATE pricing.redemptions
           SET amount = $3
         WHERE shard = $1 AND order_id = $2 AND released_at IS NULL AND amount >= $3
        "#,
        order.shard().to_i16(),
        order.as_uuid(),
        amount.amount(),
    )
    .execute(conn)
    .await?
    .one_row("let a coupon take off less")
}

fn columns(orders: impl Iterator<Item = OrderId>) -> (Vec<i16>, Vec<Uuid>) {
    orders.map(|order| (order.shard().to_i16(), order.as_uuid())).unzip()
}

fn corrupt(column: &'static str, value: &impl std::fmt::Display) -> DbError {
    DbError::Corrupt { table: "pricing.coupons", column, value: value.to_string() }
}
