//! Every SQL statement of the carts, and every lock on them.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{
    Clock, Ids,
    id::{CartId, CartItemId, UserId, VariantId},
};
use pg::{Affected as _, Connection, DbError, DbResult};
use sqlx::{query, query_scalar};
use tracing::instrument;
use uuid::Uuid;

use crate::model::{CartLine, CartOwner, LINES_MAX, LineQuantity};

#[instrument(name = "db.cart.find", skip_all, err)]
pub async fn find(conn: &mut Connection, owner: CartOwner) -> DbResult<Option<CartId>> {
    let id = match owner {
        CartOwner::Guest(id) => {
            query_scalar!(
                "SELECT id FROM cart.carts WHERE id = $1 AND user_id IS NULL",
                id.as_uuid(),
            )
            .fetch_optional(conn)
            .await?
        }
        CartOwner::User(user) => {
            query_scalar!("SELECT id FROM cart.carts WHERE user_id = $1", user.as_uuid())
                .fetch_optional(conn)
                .await?
        }
    };
    Ok(id.map(CartId::from))
}

#[instrument(name = "db.cart.insert", skip_all, err)]
pub async fn insert_guest_cart(conn: &mut Connection, id: CartId, now: Timestamp) -> DbResult<()> {
    query!(
        "INSERT INTO cart.carts (id, user_id, created_at, updated_at) VALUES ($1, NULL, $2, $2)",
        id.as_uuid(),
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .one_row("insert a cart")
}

#[instrument(name = "db.cart.get_or_insert", skip_all, err)]
pub async fn get_or_insert_user_cart(
    conn: &mut Connection,
    id: CartId,
    user: UserId,
    now: Timestamp,
) -> DbResult<CartId> {
    let id = query_scalar!(
        "INSERT INTO cart.carts (id, user_id, created_at, updated_at) VALUES ($1, $2, $3, $3)
         ON CONFLICT (user_id) DO UPDATE SET updated_at = excluded.updated_at
         RETURNING id",
        id.as_uuid(),
        user.as_uuid(),
        now.to_sqlx() as _,
    )
    .fetch_one(conn)
    .await?;
    Ok(id.into())
}

/// Locks the cart's row; false when it is gone.
#[instrument(name = "db.cart.touch", skip_all, err)]
pub async fn touch(conn: &mut Connection, cart: CartId, now: Timestamp) -> DbResult<bool> {
    let touched = query!(
        "UPDATE cart.carts SET updated_at = $2 WHERE id = $1",
        cart.as_uuid(),
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(touched.rows_affected() == 1)
}

/// Locks these carts' rows in id order; returns those that are there.
#[instrument(name = "db.cart.lock", skip_all, err)]
pub async fn lock_in_order(conn: &mut Connection, carts: &[CartId]) -> DbResult<HashSet<CartId>> {
    let ids: Vec<Uuid> = carts.iter().map(|cart| cart.as_uuid()).collect();
    let locked = query_scalar!(
        "SELECT id FROM cart.carts WHERE id = ANY ($1) ORDER BY id FOR UPDATE",
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(locked.into_iter().map(CartId::from).collect())
}

#[instrument(name = "db.cart.lines", skip_all, err)]
pub async fn lines(conn: &mut Connection, cart: CartId) -> DbResult<Vec<CartLine>> {
    let rows = query!(
        "SELECT id, variant_id, quantity FROM cart.items WHERE cart_id = $1 ORDER BY added_at, id",
        cart.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    let line = |id: Uuid, variant_id: Uuid, units: i32| {
        let quantity = u32::try_from(units).ok().and_then(LineQuantity::new);
        let quantity = quantity.ok_or_else(|| DbError::Corrupt {
            table: "cart.items",
            column: "quantity",
            value: units.to_string(),
        })?;
        Ok(CartLine { id: id.into(), variant_id: variant_id.into(), quantity })
    };
    rows.into_iter().map(|row| line(row.id, row.variant_id, row.quantity)).collect()
}

/// Adds up with what is there; nothing when there is no room for another line.
#[instrument(name = "db.cart_item.add", skip_all, err)]
pub async fn add_item(
    conn: &mut Connection,
    cart: CartId,
    id: CartItemId,
    variant: VariantId,
    quantity: LineQuantity,
    now: Timestamp,
) -> DbResult<Option<CartItemId>> {
    let id = query_scalar!(
        "INSERT INTO cart.items (id, cart_id, variant_id, quantity, added_at)
         SELECT $1, $2, $3, $4, $5
         WHERE (SELECT count(*) FROM cart.items WHERE cart_id = $2) < $6
             OR EXISTS (SELECT FROM cart.items WHERE cart_id = $2 AND variant_id = $3)
         ON CONFLICT (cart_id, variant_id)
         DO UPDATE SET quantity = items.quantity + excluded.quantity
         RETURNING id",
        id.as_uuid(),
        cart.as_uuid(),
        variant.as_uuid(),
        quantity.get().cast_signed(),
        now.to_sqlx() as _,
        i64::from(LINES_MAX),
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(CartItemId::from))
}

/// Sets the quantities of these variants, whether they were in the cart or not.
#[instrument(name = "db.cart_item.put", skip_all, err)]
pub async fn put_items(
    conn: &mut Connection,
    cart: CartId,
    lines: &[(VariantId, LineQuantity)],
    ids: &Ids,
    clock: &dyn Clock,
) -> DbResult<()> {
    let new_ids: Vec<Uuid> = lines.iter().map(|_| ids.uuid(clock)).collect();
    let variants: Vec<Uuid> = lines.iter().map(|(variant, _)| variant.as_uuid()).collect();
    let quantities: Vec<i32> = lines.iter().map(|(_, q)| q.get().cast_signed()).collect();
    query!(
        "INSERT INTO cart.items (id, cart_id, variant_id, quantity, added_at)
         SELECT t.id, $1, t.variant_id, t.quantity,
             -- one after the other, so that they stay in their order
             $5::timestamptz + t.number * interval '1 microsecond'
         FROM unnest($2::uuid[], $3::uuid[], $4::int[])
             WITH ORDINALITY AS t (id, variant_id, quantity, number)
         ON CONFLICT (cart_id, variant_id) DO UPDATE SET quantity = excluded.quantity",
        cart.as_uuid(),
        &new_ids,
        &variants,
        &quantities,
        clock.now().to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .rows("put cart items", lines.len())
}

#[instrument(name = "db.cart_item.set_quantity", skip_all, err)]
pub async fn set_quantity(
    conn: &mut Connection,
    cart: CartId,
    item: CartItemId,
    quantity: LineQuantity,
) -> DbResult<bool> {
    let updated = query!(
        "UPDATE cart.items SET quantity = $3 WHERE cart_id = $1 AND id = $2",
        cart.as_uuid(),
        item.as_uuid(),
        quantity.get().cast_signed(),
    )
    .execute(conn)
    .await?;
    Ok(updated.rows_affected() == 1)
}

#[instrument(name = "db.cart_item.delete", skip_all, err)]
pub async fn delete_item(conn: &mut Connection, cart: CartId, item: CartItemId) -> DbResult<bool> {
    let deleted = query!(
        "DELETE FROM cart.items WHERE cart_id = $1 AND id = $2",
        cart.as_uuid(),
        item.as_uuid(),
    )
    .execute(conn)
    .await?;
    Ok(deleted.rows_affected() == 1)
}

#[instrument(name = "db.cart_item.delete_all", skip_all, err)]
pub async fn delete_items(conn: &mut Connection, cart: CartId) -> DbResult<()> {
    query!("DELETE FROM cart.items WHERE cart_id = $1", cart.as_uuid()).execute(conn).await?;
    Ok(())
}

#[instrument(name = "db.cart.coupon", skip_all, err)]
pub async fn coupon_code(conn: &mut Connection, cart: CartId) -> DbResult<Option<String>> {
    let code = query_scalar!("SELECT coupon_code FROM cart.carts WHERE id = $1", cart.as_uuid())
        .fetch_optional(conn)
        .await?;
    Ok(code.flatten())
}

/// The cart's row is locked.
#[instrument(name = "db.cart.set_coupon", skip_all, err)]
pub async fn set_coupon(conn: &mut Connection, cart: CartId, code: Option<&str>) -> DbResult<()> {
    query!("UPDATE cart.carts SET coupon_code = $2 WHERE id = $1", cart.as_uuid(), code)
        .execute(conn)
        .await?
        .one_row("set a cart's coupon")
}

/// Deletes the cart and its lines.
#[instrument(name = "db.cart.delete", skip_all, err)]
pub async fn delete_cart(conn: &mut Connection, cart: CartId) -> DbResult<()> {
    query!("DELETE FROM cart.carts WHERE id = $1", cart.as_uuid())
        .execute(conn)
        .await?
        .one_row("delete a cart")
}
