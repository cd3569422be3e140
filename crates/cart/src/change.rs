//! Putting things into a cart and taking them out.

use jiff::Timestamp;
use kernel::{
    Clock, Ids,
    id::{CartId, CartItemId, VariantId},
};
use pg::Connection;

use crate::{
    CartError,
    model::{CartLine, LineQuantity},
    sql,
};

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

/// Keeps the coupon's code that somebody typed in, or forgets it. Whether it can be used is the
/// caller's question, and decided when the order is placed.
pub async fn set_coupon(
    conn: &mut Connection,
    cart: CartId,
    code: Option<&str>,
    now: Timestamp,
) -> Result<(), CartError> {
    lock(conn, cart, now).await?;
    Ok(sql::set_coupon(conn, cart, code).await?)
}

/// Takes out what was ordered of these lines, and the coupon. What was put in since then stays; an
/// unknown cart is empty already.
pub async fn take_out(
    conn: &mut Connection,
    cart: CartId,
    ordered: &[CartLine],
    now: Timestamp,
) -> Result<(), CartError> {
    match lock(conn, cart, now).await {
        Err(CartError::CartNotFound) => return Ok(()),
        locked => locked?,
    }
    sql::set_coupon(conn, cart, None).await?;
    let lines = sql::lines(conn, cart).await?;
    if lines == ordered {
        return Ok(sql::delete_items(conn, cart).await?);
    }
    for line in lines {
        let Some(bought) = ordered.iter().find(|bought| bought.id == line.id) else { continue };
        let left = line.quantity.get().saturating_sub(bought.quantity.get());
        match LineQuantity::new(left) {
            Some(left) => sql::set_quantity(conn, cart, line.id, left).await?,
            None => sql::delete_item(conn, cart, line.id).await?,
        };
    }
    Ok(())
}

/// Takes the cart's row, so that changes of one cart take turns.
async fn lock(conn: &mut Connection, cart: CartId, now: Timestamp) -> Result<(), CartError> {
    let found = sql::touch(conn, cart, now).await?;
    if found { Ok(()) } else { Err(CartError::CartNotFound) }
}
