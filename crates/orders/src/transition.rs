//! Moving orders along their machine, with the guard repeated in SQL and an audit row a move.

use jiff::Timestamp;
use kernel::Actor;
use pg::Connection;

use crate::{
    error::OrderError,
    model::{Move, OrderStatus},
    placing::Order,
    sql,
};

/// Moves one locked order.
pub async fn transition(
    conn: &mut Connection,
    order: &mut Order,
    asked: Move,
    actor: Actor,
    reason: Option<&str>,
    at: Timestamp,
) -> Result<(), OrderError> {
    transition_all(conn, std::slice::from_mut(order), asked, actor, reason, at).await
}

/// Moves locked orders, all or none.
pub async fn transition_all(
    conn: &mut Connection,
    orders: &mut [Order],
    asked: Move,
    actor: Actor,
    reason: Option<&str>,
    at: Timestamp,
) -> Result<(), OrderError> {
    let mut moves = Vec::with_capacity(orders.len());
    for order in orders.iter() {
        moves.push(StatusChange {
            order: order.id,
            from: order.status,
            to: order.status.after(asked)?,
        });
    }
    // What is to be paid at the door is sold, but its money has not come.
    let paid = matches!(asked, Move::Pay | Move::PayLate);
    sql::change_status(conn, &moves, paid, actor, reason, at).await?;
    for (order, change) in orders.iter_mut().zip(&moves) {
        order.status = change.to;
        if paid && order.paid_at.is_none() {
            order.paid_at = Some(at);
        }
    }
    Ok(())
}

/// One checked move.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StatusChange {
    pub order: kernel::id::OrderId,
    pub from: OrderStatus,
    pub to: OrderStatus,
}
