//! SQL of finding a guest's order by its number.

use kernel::id::OrderId;
use pg::{Connection, DbResult};

use crate::{number::OrderNumber, placing::Contact};

/// Guests' orders of the number's millisecond and shard: the key alone finds them.
pub(crate) async fn guest_orders(
    conn: &mut Connection,
    number: OrderNumber,
) -> DbResult<Vec<(OrderId, Contact)>> {
    let Some((first, last)) = number.id_range() else { return Ok(Vec::new()) };
    let rows = sqlx::query!(
        r#"
        SELECT id, contact_email, contact_phone
          FROM orders.orders
         WHERE shard = $1 AND id BETWEEN $2 AND $3 AND customer_id IS NULL
        "#,
        number.shard().to_i16(),
        first,
        last,
    )
    .fetch_all(conn)
    .await?;
    let of = |email: String, phone: String| Contact { email: email.into(), phone: phone.into() };
    Ok(rows
        .into_iter()
        .map(|row| (row.id.into(), of(row.contact_email, row.contact_phone)))
        .collect())
}
