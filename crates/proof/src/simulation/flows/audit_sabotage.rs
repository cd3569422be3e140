//! Mistakes to plant in the database behind the program's back: what a program without its guards,
//! or a database that does not keep its word, would leave behind. Each leaves the books consistent
//! in themselves as far as it can, so that only somebody with books of his own can tell.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::simulation::{
    answer::Answer,
    scenario::{Act, Step},
};

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// What a cancelled order held stays held.
    ForgetsRelease,
    /// After a shortage there is suddenly one unit more, properly received.
    OneTooMany,
    /// An order that was answered is gone without a trace, as after a commit that was not durable.
    LosesOrder,
    /// The key of an order that was answered is forgotten.
    ForgetsKey,
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::ForgetsRelease, Self::OneTooMany, Self::LosesOrder, Self::ForgetsKey];

    /// Strikes after a step, if it is one to strike after.
    pub async fn strike(
        self,
        conn: &mut PgConnection,
        step: &Step,
        answer: &Answer,
        order: Option<Uuid>,
    ) -> sqlx::Result<()> {
        let order = order.unwrap_or_default();
        match (self, &step.act, answer) {
            (Self::ForgetsRelease, Act::Cancel { .. }, Answer::Done) => {
                run(conn, HOLD_AGAIN, order).await
            }
            (Self::OneTooMany, _, Answer::Short(_)) => {
                for statement in ONE_MORE {
                    run(conn, statement, order).await?;
                }
                Ok(())
            }
            (Self::LosesOrder, _, Answer::Placed(receipt)) if !receipt.replayed => {
                for statement in NEVER_WAS {
                    run(conn, statement, order).await?;
                }
                Ok(())
            }
            (Self::ForgetsKey, _, Answer::Placed(_)) => run(conn, FORGET_KEY, order).await,
            _ => Ok(()),
        }
    }
}

async fn run(conn: &mut PgConnection, statement: &'static str, order: Uuid) -> sqlx::Result<()> {
    sqlx::query(statement).bind(order).execute(conn).await?;
    Ok(())
}

const HOLD_AGAIN: &str = "
    UPDATE inventory.stock s SET available = available - quantity, reserved = reserved + quantity
      FROM inventory.reservations r
     WHERE r.order_id = $1 AND r.variant_id = s.variant_id AND r.warehouse_id = s.warehouse_id";

const ONE_MORE: [&str; 2] = [
    "INSERT INTO inventory.movements (shard, variant_id, warehouse_id, seq, kind, d_total
          , d_available, d_reserved, d_sold, available_after, actor_kind, occurred_at)
     SELECT shard, variant_id, warehouse_id, version + 1, 'receive', 1, 1, 0, 0, available + 1
          , 'system', '2026-06-01T02:00:00Z' FROM inventory.stock
      WHERE $1::uuid IS NOT NULL",
    "UPDATE inventory.stock
        SET total = total + 1, available = available + 1, version = version + 1
      WHERE $1::uuid IS NOT NULL",
];

/// Takes an order back as if its transaction had never been. (Right after it was placed, its
/// movements are the last ones of their rows.)
const NEVER_WAS: [&str; 9] = [
    "UPDATE inventory.stock s
        SET available = available + units, reserved = reserved - units, version = version - moves
       FROM (SELECT variant_id, warehouse_id, sum(quantity)::int AS units, count(*) AS moves
               FROM inventory.reservations WHERE order_id = $1 GROUP BY 1, 2) r
      WHERE r.variant_id = s.variant_id AND r.warehouse_id = s.warehouse_id",
    "DELETE FROM inventory.movements WHERE reference_id = $1",
    "DELETE FROM inventory.reservations WHERE order_id = $1",
    "DELETE FROM orders.idempotency_keys WHERE order_id = $1",
    "DELETE FROM orders.purchases WHERE order_id = $1",
    "DELETE FROM orders.lines WHERE order_id = $1",
    "DELETE FROM orders.orders WHERE id = $1",
    "UPDATE pricing.coupons SET redeemed = redeemed - 1
      WHERE code IN (SELECT coupon FROM pricing.redemptions WHERE order_id = $1)",
    "DELETE FROM pricing.redemptions WHERE order_id = $1",
];

const FORGET_KEY: &str = "DELETE FROM orders.idempotency_keys WHERE order_id = $1";
