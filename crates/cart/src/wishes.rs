//! What somebody with an account likes (收藏), kept so that every device shows it.
//!
//! A guest's list is their browser's own; signing in adds it to the account's ([`add_wishes`]).
//!
//! *Invariant:* a product is on a list once, and a list holds at most [`WISHES_MAX`] products: what is
//! put on a full one pushes the oldest out. *Lock order:* the list's row, then its products.

use jiff::Timestamp;
use kernel::{
    Clock,
    id::{ProductId, UserId},
};
use pg::{Connection, DbResult};

use crate::sql_wishes as sql;

/// The most products on a list.
pub const WISHES_MAX: usize = 200;

/// A product on somebody's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Which.
    pub product_id: ProductId,
    /// Since when.
    pub added_at: Timestamp,
}

/// Somebody's list, the newest first.
pub async fn wishes(conn: &mut Connection, user: UserId) -> DbResult<Vec<Wish>> {
    sql::list(conn, user).await
}

/// Puts products, the newest first, at the head of somebody's list. What is on it keeps its place, so
/// that doing it twice is doing it once. Call it within a transaction.
pub async fn add_wishes(
    conn: &mut Connection,
    user: UserId,
    products: &[ProductId],
    clock: &dyn Clock,
) -> DbResult<()> {
    let newest = &products[..products.len().min(WISHES_MAX)];
    if newest.is_empty() {
        return Ok(());
    }
    let end = sql::take_places(conn, user, newest.len()).await?;
    sql::insert(conn, user, newest, end, clock.now()).await?;
    sql::trim(conn, user, WISHES_MAX).await
}

/// Takes a product off somebody's list, if it is there.
pub async fn remove_wish(conn: &mut Connection, user: UserId, product: ProductId) -> DbResult<()> {
    sql::delete(conn, user, product).await
}

/// Forgets somebody's list: they have left.
pub async fn forget_wishes(conn: &mut Connection, user: UserId) -> DbResult<()> {
    sql::delete_list(conn, user).await
}
