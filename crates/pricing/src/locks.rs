//! Every row lock of this module, always in the order of the codes.

use std::collections::HashMap;

use pg::{Connection, DbResult};

use crate::{
    coupon::{Coupon, CouponCode},
    coupons::StoredCoupon,
    sql::CouponRow,
};

/// Locks these coupons for the rest of the transaction; unknown ones are absent.
pub async fn lock(
    conn: &mut Connection,
    codes: &[CouponCode],
) -> DbResult<HashMap<CouponCode, Coupon>> {
    if codes.is_empty() {
        return Ok(HashMap::new());
    }
    let codes: Vec<&str> = codes.iter().map(CouponCode::as_str).collect();
    let rows = sqlx::query_as!(
        CouponRow,
        r#"
        SELECT code, kind, value, minimum_spend, valid_from AS "valid_from: _"
             , valid_until AS "valid_until: _", total_limit, per_customer_limit, active, redeemed
             , product_ids, category_ids, version
          FROM pricing.coupons
         WHERE code = ANY($1)
         ORDER BY code
           FOR UPDATE
        "#,
        &codes as &[&str],
    )
    .fetch_all(conn)
    .await?;
    let coupons = rows.into_iter().map(|row| {
        let coupon = Coupon::try_from(row)?;
        Ok((coupon.code.clone(), coupon))
    });
    coupons.collect()
}

/// Locks one coupon for the rest of the transaction, to change its terms.
pub(crate) async fn lock_stored(
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
           FOR UPDATE
        "#,
        code.as_str(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(StoredCoupon::try_from).transpose()
}
