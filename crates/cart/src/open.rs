//! Makes sure that somebody has a cart.

use kernel::{
    Clock, Ids,
    id::{CartId, UserId},
};
use pg::{Connection, DbResult};

use crate::{model::CartOwner, sql};

/// The owner's cart; a new one if there is none. A guest who brings an unknown id (or nothing) gets
/// a new id: clients never choose it.
pub async fn open(
    conn: &mut Connection,
    owner: Option<CartOwner>,
    ids: &Ids,
    clock: &dyn Clock,
) -> DbResult<CartId> {
    match owner {
        Some(CartOwner::User(user)) => open_for_user(conn, user, ids, clock).await,
        Some(guest @ CartOwner::Guest(_)) => match sql::find(conn, guest).await? {
            Some(cart) => Ok(cart),
            None => open_for_guest(conn, ids, clock).await,
        },
        None => open_for_guest(conn, ids, clock).await,
    }
}

async fn open_for_guest(conn: &mut Connection, ids: &Ids, clock: &dyn Clock) -> DbResult<CartId> {
    let cart = ids.next(clock);
    sql::insert_guest_cart(conn, cart, clock.now()).await?;
    Ok(cart)
}

pub(crate) async fn open_for_user(
    conn: &mut Connection,
    user: UserId,
    ids: &Ids,
    clock: &dyn Clock,
) -> DbResult<CartId> {
    if let Some(cart) = sql::find(conn, CartOwner::User(user)).await? {
        return Ok(cart);
    }
    // Two devices may do this at once: one of the two carts stays, and both use it.
    sql::get_or_insert_user_cart(conn, ids.next(clock), user, clock.now()).await
}
