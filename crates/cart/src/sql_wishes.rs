//! Every SQL statement of the wish lists.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::{ProductId, UserId};
use pg::{Connection, DbResult};
use sqlx::{query, query_scalar};
use tracing::instrument;
use uuid::Uuid;

use crate::wishes::Wish;

#[instrument(name = "db.wish.list", skip_all, err)]
pub async fn list(conn: &mut Connection, user: UserId) -> DbResult<Vec<Wish>> {
    let rows = query!(
        r#"SELECT product_id, added_at AS "added_at: jiff_sqlx::Timestamp"
           FROM cart.wishes WHERE user_id = $1 ORDER BY place DESC"#,
        user.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    let wish =
        |id: Uuid, at: jiff_sqlx::Timestamp| Wish { product_id: id.into(), added_at: at.to_jiff() };
    Ok(rows.into_iter().map(|row| wish(row.product_id, row.added_at)).collect())
}

/// Locks the list, which is made if there is none, and takes so many places. Returns the one after
/// them.
#[instrument(name = "db.wish.take_places", skip_all, err)]
pub async fn take_places(conn: &mut Connection, user: UserId, count: usize) -> DbResult<i64> {
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    let end = query_scalar!(
        "INSERT INTO cart.wish_lists AS l (user_id, next_place) VALUES ($1, 1 + $2)
         ON CONFLICT (user_id) DO UPDATE SET next_place = l.next_place + $2
         RETURNING next_place",
        user.as_uuid(),
        count,
    )
    .fetch_one(conn)
    .await?;
    Ok(end)
}

/// The list is locked. The first product gets the last place before `end`.
#[instrument(name = "db.wish.insert", skip_all, err)]
pub async fn insert(
    conn: &mut Connection,
    user: UserId,
    products: &[ProductId],
    end: i64,
    now: Timestamp,
) -> DbResult<()> {
    let products: Vec<Uuid> = products.iter().map(|product| product.as_uuid()).collect();
    query!(
        "INSERT INTO cart.wishes (user_id, product_id, place, added_at)
         SELECT $1, t.product_id, $3 - t.number, $4
         FROM unnest($2::uuid[]) WITH ORDINALITY AS t (product_id, number)
         ON CONFLICT (user_id, product_id) DO NOTHING",
        user.as_uuid(),
        &products,
        end,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The list is locked. Leaves its newest `most`.
#[instrument(name = "db.wish.trim", skip_all, err)]
pub async fn trim(conn: &mut Connection, user: UserId, most: usize) -> DbResult<()> {
    query!(
        "DELETE FROM cart.wishes
         WHERE user_id = $1 AND place <= (
             SELECT place FROM cart.wishes WHERE user_id = $1
             ORDER BY place DESC OFFSET $2 LIMIT 1)",
        user.as_uuid(),
        i64::try_from(most).unwrap_or(i64::MAX),
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[instrument(name = "db.wish.delete", skip_all, err)]
pub async fn delete(conn: &mut Connection, user: UserId, product: ProductId) -> DbResult<()> {
    query!(
        "DELETE FROM cart.wishes WHERE user_id = $1 AND product_id = $2",
        user.as_uuid(),
        product.as_uuid(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[instrument(name = "db.wish.delete_list", skip_all, err)]
pub async fn delete_list(conn: &mut Connection, user: UserId) -> DbResult<()> {
    query!("DELETE FROM cart.wish_lists WHERE user_id = $1", user.as_uuid()).execute(conn).await?;
    Ok(())
}
