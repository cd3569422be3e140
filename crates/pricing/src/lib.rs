//! Prices: one pure quote, used by the cart, the checkout and the order engine alike; price lists,
//! promotions and coupons.
//!
//! *Invariant:* prices are decided here, from the catalogue; what a client sends is only compared.
//! *Invariant:* what a unit costs is [`Prices::unit_price`]'s to say, from the variant's own price and the
//! price lists, wherever it is shown or charged.
//! *Invariant:* it, [`quote()`] and [`Coupon::check`] are pure; the same input gives the same answer,
//! to the dollar, and the answer says what each dollar was taken off by (`docs/pricing.md`).
//! *Invariant:* a coupon's `redeemed` is the number of its live redemptions. Redemptions are written
//! and come back in the transaction of the order's own change, and whoever decides by a coupon holds
//! its row ([`lock`]) until that transaction ends: so limits hold however many ask at once.
//!
//! *Lock order:* coupons in the order of their codes, after the stock rows (`docs/CONCURRENCY.md`).

pub mod adjustment;
pub mod coupon;
pub mod coupons;
pub mod evaluate;
mod locks;
mod price_book;
pub mod price_list;
pub mod price_lists;
pub mod promotion;
mod promotion_book;
pub mod promotions;
pub mod quote;
pub mod redemption;
pub mod scope;
mod sets;
mod sql;
mod sql_price_lists;
mod sql_promotions;
mod vat;

pub use adjustment::{Adjustment, Source, Target};
pub use coupon::{Benefit, Coupon, CouponCode, CouponRefusal, InvalidCoupon, Usage};
pub use coupons::{CouponError, StoredCoupon};
pub use evaluate::Promotions;
pub use locks::lock;
pub use price_book::PriceBook;
pub use price_list::{Audience, InvalidPriceList, ListPrice, PriceList, Prices, UnitPrice};
pub use price_lists::{PriceListError, StoredPriceList};
pub use promotion::{InvalidPromotion, Off, Promotion, Rule, SetPart, SetTerms, Tier};
pub use promotion_book::PromotionBook;
pub use promotions::{PromotionError, StoredPromotion};
pub use quote::{CouponUse, Quote, QuoteError, QuoteLine, ShippingRate, coupon_reduction, quote};
pub use redemption::{
    Redeemer, Redemption, has_room, redeem, redeem_again, reduce, release, used_by,
};
pub use scope::Scope;
pub use vat::vat_included;

use jiff::Timestamp;
use pg::{Connection, DbError};
use thiserror::Error;

/// Why a coupon was not written.
#[derive(Debug, Error)]
pub enum PutCouponError {
    /// It breaks a rule.
    #[error(transparent)]
    Invalid(#[from] InvalidCoupon),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Adds a coupon, or changes the terms of the one with this code. What was redeemed stays counted.
pub async fn put_coupon(
    conn: &mut Connection,
    coupon: &Coupon,
    now: Timestamp,
) -> Result<(), PutCouponError> {
    coupon.validate()?;
    if !sql::insert_coupon(conn, coupon, now).await? {
        sql::update_coupon(conn, coupon, now).await?;
    }
    Ok(())
}

/// The coupon with this code, without locking: to show what it would do, never to decide.
pub async fn find_coupon(
    conn: &mut Connection,
    code: &CouponCode,
) -> Result<Option<Coupon>, DbError> {
    sql::find_coupon(conn, code).await
}
