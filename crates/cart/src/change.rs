//! Putting things into a cart and taking them out.

use jiff::Timestamp;
use kernel::{
    Clock, Ids,
    id::{CartId, CartItemId, VariantId},
};
use pg::Connection;

use crate::{CartError, model::LineQuantity, sql};

/// Puts `quantity` more units of `variant` into the cart. Whether the variant is sold and in stock
/// is the caller's question.
pub async fn add(
    conn: &mut Connection,
    cart: CartId,
    variant: VariantId,
    quantity: LineQuantity,
    ids: &Ids,
    clock: &dyn Clock,
) -> Result<CartItemId, CartError> {
    let now = clock.now();
    lock(conn, cart, now).await?;
    let added = sql::add_item(conn, cart, ids.next(clock), variant, quantity, now).await?;
    added.ok_or(CartError::CartFull)
}

/// Sets a line's quantity; none removes it.
pub async fn set_quantity(
    conn: &mut Connection,
    cart: CartId,
    item: CartItemId,
    quantity: Option<LineQuantity>,
    now: Timestamp,
) -> Result<(), CartError> {
    let Some(quantity) = quantity else { return remove(conn, cart, item, now).await };
    lock(conn, cart, now).await?;
    let found = sql::set_quantity(conn, cart, item, quantity).await?;
    if found { Ok(()) } else { Err(CartError::ItemNotFound) }
}

/// Removes a line.
pub async fn remove(
    conn: &mut Connection,
    cart: CartId,
    item: CartItemId,
    now: Timestamp,
) -> Result<(), CartError> {
    lock(conn, cart, now).await?;
    let found = sql::delete_item(conn, cart, item).await?;
    if found { Ok(()) } else { Err(CartError::ItemNotFound) }
}

/// Removes every line, as after an order. An unknown cart is empty already.
pub async fn clear(conn: &mut Connection, cart: CartId, now: Timestamp) -> Result<(), CartError> {
    match lock(conn, cart, now).await {
        Err(CartError::CartNotFound) => Ok(()),
        Err(error) => Err(error),
        Ok(()) => Ok(sql::delete_items(conn, cart).await?),
    }
}

/// Takes the cart's row, so that changes of one cart take turns.
async fn lock(conn: &mut Connection, cart: CartId, now: Timestamp) -> Result<(), CartError> {
    let found = sql::touch(conn, cart, now).await?;
    if found { Ok(()) } else { Err(CartError::CartNotFound) }
}
