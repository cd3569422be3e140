//! What operations change of an order after it was placed: where it goes, and less of it.
//!
//! A line stays as it was sold, for ever; what is left of it is told beside it, and everything that
//! reads lines reads what is left. Each edit is kept with what it changed, by whom and why, and the
//! first one remembers what the order was placed with: a replay of its first answer is that answer.

use jiff::Timestamp;
use kernel::{Actor, Money, id::OrderId};
use pg::{Connection, DbResult};
use serde_json::{Map, Value, json};

use crate::{
    error::OrderError,
    placing::{Address, Line, Order},
    sql_edits as sql,
};

/// What an order costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amounts {
    /// The sum of the lines.
    pub subtotal: Money,
    /// What is taken off.
    pub discount: Money,
    /// To pay.
    pub total: Money,
}

/// What of a line is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Which line.
    pub line_no: i16,
    /// How many units stay; 0: the line is removed.
    pub quantity: u32,
}

/// A change of an order.
#[derive(Clone, Copy, Debug)]
pub struct Edit<'a> {
    /// Where it goes from now on.
    pub address: Option<&'a Address>,
    /// Lines that become smaller.
    pub cuts: &'a [Cut],
    /// What it costs then; never more than before.
    pub amounts: Amounts,
    /// What of the difference was paid already, and goes back.
    pub refunded: Money,
    /// Why.
    pub reason: &'a str,
}

/// Counts the changes of an order: its moves and its edits, from 1. The order's row is locked where
/// something is decided by it.
pub async fn version(conn: &mut Connection, order: OrderId) -> DbResult<i64> {
    sql::version(conn, order).await
}

/// Changes a locked order, and keeps what it was.
///
/// # Panics
/// When the amounts do not add up, or a line would grow: both are for the caller to know.
pub async fn edit(
    conn: &mut Connection,
    order: &mut Order,
    change: &Edit<'_>,
    actor: Actor,
    at: Timestamp,
) -> Result<(), OrderError> {
    let before = order.clone();
    order.lines = left(&before.lines, change.cuts);
    (order.subtotal, order.discount) = (change.amounts.subtotal, change.amounts.discount);
    order.total = change.amounts.total;
    if let Some(address) = change.address {
        order.shipping_address = address.clone().into();
    }
    order.assert_sound();
    sql::update(conn, order).await?;
    sql::put_cuts(conn, order.id, change.cuts).await?;
    let record = sql::Record {
        before: told(&before, change),
        after: told(order, change),
        amounts_before: Amounts {
            subtotal: before.subtotal,
            discount: before.discount,
            total: before.total,
        },
        change,
        actor,
        at,
    };
    sql::insert(conn, order.id, &record).await?;
    Ok(())
}

/// Orders with the lines and amounts they were placed with, whatever was taken off them since.
pub async fn as_placed(conn: &mut Connection, mut orders: Vec<Order>) -> DbResult<Vec<Order>> {
    let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
    let first = sql::first_amounts(conn, &ids).await?;
    if first.is_empty() {
        return Ok(orders);
    }
    let edited: Vec<OrderId> = first.keys().copied().collect();
    let mut lines = crate::sql::load_sold_lines(conn, &edited).await?;
    for order in &mut orders {
        let Some(amounts) = first.get(&order.id) else { continue };
        order.lines = lines.remove(&order.id).unwrap_or_default();
        (order.subtotal, order.discount) = (amounts.subtotal, amounts.discount);
        order.total = amounts.total;
        order.assert_sound();
    }
    Ok(orders)
}

/// The lines after the cuts.
fn left(lines: &[Line], cuts: &[Cut]) -> Vec<Line> {
    let mut left = Vec::with_capacity(lines.len());
    for line in lines {
        let Some(cut) = cuts.iter().find(|cut| cut.line_no == line.line_no) else {
            left.push(line.clone());
            continue;
        };
        assert!(cut.quantity < line.quantity.get(), "line {} would not shrink", line.line_no);
        let Ok(quantity) = i64::from(cut.quantity).try_into() else { continue };
        let line_total = line.unit_price.times(cut.quantity);
        let line_total = line_total.unwrap_or_else(|_| unreachable!("less than it was"));
        left.push(Line { quantity, line_total, ..line.clone() });
    }
    left
}

/// An order in the words of its edits: only what the change is about.
fn told(order: &Order, change: &Edit<'_>) -> Value {
    let mut told = Map::new();
    if change.address.is_some() {
        told.insert("shipping_address".to_owned(), json!(*order.shipping_address));
    }
    let units = |cut: &Cut| {
        let line = order.lines.iter().find(|line| line.line_no == cut.line_no);
        let quantity = line.map_or(0, |line| line.quantity.get());
        json!({"line_no": cut.line_no, "quantity": quantity})
    };
    if !change.cuts.is_empty() {
        let lines: Vec<Value> = change.cuts.iter().map(units).collect();
        told.insert("lines".to_owned(), lines.into());
    }
    told.insert("total".to_owned(), json!(order.total));
    Value::Object(told)
}

#[cfg(test)]
mod tests {
    use kernel::{LocalizedText, Quantity};
    use uuid::Uuid;

    use super::*;

    fn line(line_no: i16, quantity: i64, price: i64) -> Line {
        let quantity = Quantity::new(quantity).unwrap();
        let unit_price = Money::twd(price).unwrap();
        Line {
            line_no,
            variant: Uuid::from_u128(1).into(),
            sku: "A".into(),
            name: LocalizedText::new("甲", "A"),
            variant_name: LocalizedText::new("", ""),
            quantity,
            unit_price,
            line_total: unit_price.times(quantity.get()).unwrap(),
        }
    }

    #[test]
    fn cut_lines_shrink_or_go_and_others_stay() {
        let lines = [line(1, 3, 100), line(2, 1, 50), line(3, 2, 10)];
        let cuts = [Cut { line_no: 1, quantity: 1 }, Cut { line_no: 2, quantity: 0 }];
        assert_eq!(left(&lines, &cuts), [line(1, 1, 100), line(3, 2, 10)]);
        assert_eq!(left(&lines, &[]), lines);
    }

    #[test]
    #[should_panic(expected = "line 1 would not shrink")]
    fn a_line_never_stays_as_it_is_by_a_cut() {
        left(&[line(1, 3, 100)], &[Cut { line_no: 1, quantity: 3 }]);
    }
}
