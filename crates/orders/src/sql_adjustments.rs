//! The statements about what was taken off orders.

use kernel::{LocalizedText, Money, id::OrderId};
use pg::{Connection, DbError, DbResult, copy::Table};
use uuid::Uuid;

use crate::adjustments::{Adjustment, AdjustmentSource, AdjustmentTarget};

const ADJUSTMENTS: Table = Table {
    name: "orders.adjustments",
    columns: &[
        "shard",
        "order_id",
        "position",
        "line_no",
        "edition",
        "kind",
        "code",
        "promotion_id",
        "name_zh",
        "name_en",
        "amount",
    ],
};

/// What is taken off one line, or off the shipping fee (0), to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    pub adjustment: &'a Adjustment,
    pub line_no: i16,
    pub amount: Money,
    pub edition: i16,
}

pub(crate) async fn insert(conn: &mut Connection, parts: &[Part<'_>]) -> DbResult<()> {
    pg::copy::rows(conn, &ADJUSTMENTS, parts, |part, row| {
        let order = part.adjustment.order;
        let (kind, code, promotion) = match &part.adjustment.source {
            AdjustmentSource::Coupon(code) => ("coupon", Some(code.as_str()), None),
            AdjustmentSource::Promotion { id, name } => ("promotion", None, Some((id, name))),
        };
        row.put(order.shard().to_i16())
            .put(order.as_uuid())
            .put(part.adjustment.position)
            .put(part.line_no)
            .put(part.edition)
            .put(kind)
            .put(code)
            .put(promotion.map(|(id, _)| id.as_uuid()))
            .put(promotion.map(|(_, name)| &*name.zh_tw))
            .put(promotion.map(|(_, name)| &*name.en))
            .put(part.amount.amount());
    })
    .await
}

/// The number of the next edition of what is taken off an order, which is locked.
pub(crate) async fn next_edition(conn: &mut Connection, order: OrderId) -> DbResult<i16> {
    Ok(sqlx::query_scalar!(
        r#"
        SELECT (1 + coalesce(max(edition), 0))::smallint AS "edition!"
          FROM orders.adjustments WHERE shard = $1 AND order_id = $2
        "#,
        order.shard().to_i16(),
        order.as_uuid(),
    )
    .fetch_one(conn)
    .await?)
}

/// What is taken off these orders, by the last edition up to this one.
pub(crate) async fn of_orders(
    conn: &mut Connection,
    orders: &[OrderId],
    edition: i16,
) -> DbResult<Vec<Adjustment>> {
    let shards: Vec<i16> = orders.iter().map(|order| order.shard().to_i16()).collect();
    let ids: Vec<Uuid> = orders.iter().map(|order| order.as_uuid()).collect();
    let rows = sqlx::query!(
        r#"
        SELECT DISTINCT ON (a.order_id, a.position, a.line_no)
               a.order_id, a.position, a.line_no, a.kind, a.code, a.promotion_id, a.name_zh
             , a.name_en, a.amount
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, order_id)
          JOIN orders.adjustments AS a USING (shard, order_id)
         WHERE a.edition <= $3
         ORDER BY a.order_id, a.position, a.line_no, a.edition DESC
        "#,
        &shards,
        &ids,
        edition,
    )
    .fetch_all(conn)
    .await?;
    let mut found: Vec<Adjustment> = Vec::new();
    for row in rows.into_iter().filter(|row| row.amount > 0) {
        let order = OrderId::from(row.order_id);
        let amount = money(row.amount)?;
        let same = |it: &&mut Adjustment| (it.order, it.position) == (order, row.position);
        if let Some(last) = found.last_mut().filter(same)
            && let AdjustmentTarget::Lines(shares) = &mut last.target
        {
            shares.push((row.line_no, amount));
            last.amount = last.amount.plus(amount).map_err(|_| corrupt("amount", &row.amount))?;
            continue;
        }
        let source = match (row.code, row.promotion_id, row.name_zh, row.name_en) {
            (Some(code), None, ..) => AdjustmentSource::Coupon(code),
            (None, Some(id), Some(zh), Some(en)) => {
                AdjustmentSource::Promotion { id: id.into(), name: LocalizedText::new(zh, en) }
            }
            _ => return Err(corrupt("kind", &row.kind)),
        };
        let target = match row.line_no {
            0 => AdjustmentTarget::Shipping,
            line_no => AdjustmentTarget::Lines(vec![(line_no, amount)]),
        };
        found.push(Adjustment { order, position: row.position, source, amount, target });
    }
    Ok(found)
}

fn money(amount: i64) -> DbResult<Money> {
    Money::twd(amount).map_err(|_| corrupt("amount", &amount))
}

fn corrupt(column: &'static str, value: &impl std::fmt::Display) -> DbError {
    DbError::Corrupt { table: "orders.adjustments", column, value: value.to_string() }
}
