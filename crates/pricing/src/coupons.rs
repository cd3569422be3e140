//! Coupons as operations work on them: each change of their terms counts up their version. Being
//! redeemed is none.

use jiff::Timestamp;
use pg::{Connection, DbError, DbResult};
use thiserror::Error;

use crate::{
    coupon::{Coupon, CouponCode, InvalidCoupon},
    locks, sql,
};

/// A coupon, and how often its terms were changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCoupon {
    /// The coupon.
    pub coupon: Coupon,
    /// Counts the changes of its terms, from 1.
    pub version: i64,
}

/// Why a coupon was not changed.
#[derive(Debug, Error)]
pub enum CouponError {
    /// It breaks a rule.
    #[error(transparent)]
    Invalid(#[from] InvalidCoupon),
    /// There is one with this code.
    #[error("the code is taken")]
    Taken,
    /// There is none with this code.
    #[error("there is no such coupon")]
    NotFound,
    /// Somebody was quicker.
    #[error("the coupon was changed meanwhile")]
    Changed,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Coupons by code, those after this one; at most so many.
pub async fn list(
    conn: &mut Connection,
    after: Option<&str>,
    most: i64,
) -> DbResult<Vec<StoredCoupon>> {
    sql::list_coupons(conn, after, most).await
}

/// The coupon with this code, without locking.
pub async fn find(conn: &mut Connection, code: &CouponCode) -> DbResult<Option<StoredCoupon>> {
    sql::find_stored(conn, code).await
}

/// Adds a coupon whose code nobody has.
pub async fn add(
    conn: &mut Connection,
    coupon: &Coupon,
    now: Timestamp,
) -> Result<StoredCoupon, CouponError> {
    coupon.validate()?;
    if !sql::insert_coupon(conn, coupon, now).await? {
        return Err(CouponError::Taken);
    }
    Ok(StoredCoupon { coupon: Coupon { redeemed: 0, ..coupon.clone() }, version: 1 })
}

/// Changes the terms of a coupon that is as it was `seen`. Returns what it was and what it is; what was
/// redeemed stays counted.
pub async fn change(
    conn: &mut Connection,
    wish: &Coupon,
    seen: i64,
    now: Timestamp,
) -> Result<(StoredCoupon, StoredCoupon), CouponError> {
    wish.validate()?;
    let before = lock(conn, &wish.code, seen).await?;
    let coupon = Coupon { redeemed: before.coupon.redeemed, ..wish.clone() };
    if coupon == before.coupon {
        return Ok((before.clone(), before));
    }
    sql::update_coupon(conn, &coupon, now).await?;
    Ok((before, StoredCoupon { coupon, version: seen + 1 }))
}

/// Takes away a coupon that is as it was `seen`, for ever. One that an order has used is switched off
/// instead, because orders speak of it. Returns what it was, and what it is if it still is.
pub async fn remove(
    conn: &mut Connection,
    code: &CouponCode,
    seen: i64,
    now: Timestamp,
) -> Result<(StoredCoupon, Option<StoredCoupon>), CouponError> {
    let before = lock(conn, code, seen).await?;
    if !sql::was_redeemed(conn, code).await? {
        sql::delete_coupon(conn, code).await?;
        return Ok((before, None));
    }
    if !before.coupon.active {
        return Ok((before.clone(), Some(before)));
    }
    let coupon = Coupon { active: false, ..before.coupon.clone() };
    sql::update_coupon(conn, &coupon, now).await?;
    Ok((before, Some(StoredCoupon { coupon, version: seen + 1 })))
}

async fn lock(
    conn: &mut Connection,
    code: &CouponCode,
    seen: i64,
) -> Result<StoredCoupon, CouponError> {
    let found = locks::lock_stored(conn, code).await?.ok_or(CouponError::NotFound)?;
    if found.version == seen { Ok(found) } else { Err(CouponError::Changed) }
}
