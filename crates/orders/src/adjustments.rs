//! What was taken off an order, by what and from which lines: the explanation of its price, and what
//! its lines are worth when they come back.
//!
//! Written with the order, only where something was taken off. An edit that makes it less writes it
//! anew; what the order was placed with stays beside it.

use std::collections::HashMap;

use kernel::{
    LocalizedText, Money,
    id::{OrderId, PromotionId},
};
use pg::{Connection, DbResult};

use crate::sql_adjustments as sql;

/// What takes something off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdjustmentSource {
    /// A promotion, as it was called then.
    Promotion {
        /// Its id.
        id: PromotionId,
        /// Its name.
        name: LocalizedText,
    },
    /// The coupon with this code.
    Coupon(String),
}

/// What something is taken off from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdjustmentTarget {
    /// These lines, of each so much and of none nothing: together the amount.
    Lines(Vec<(i16, Money)>),
    /// The fee for shipping.
    Shipping,
}

/// Something that is taken off an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// The order.
    pub order: OrderId,
    /// Its place in the order of evaluation, from 1.
    pub position: i16,
    /// By what.
    pub source: AdjustmentSource,
    /// How much; never nothing.
    pub amount: Money,
    /// From what.
    pub target: AdjustmentTarget,
}

impl Adjustment {
    /// What is taken off lines: so much of each.
    pub fn of_lines(
        order: OrderId,
        position: i16,
        source: AdjustmentSource,
        amount: Money,
        shares: impl IntoIterator<Item = (i16, Money)>,
    ) -> Self {
        let shares = shares.into_iter().filter(|(_, share)| *share > Money::ZERO);
        let target = AdjustmentTarget::Lines(shares.collect());
        Self { order, position, source, amount, target }
    }

    /// What is taken off each line, and off the shipping fee as line 0.
    pub(crate) fn parts(&self) -> Vec<(i16, Money)> {
        match &self.target {
            AdjustmentTarget::Lines(shares) => shares.clone(),
            AdjustmentTarget::Shipping => vec![(0, self.amount)],
        }
    }
}

/// Writes what was taken off new orders; nothing at all for none.
pub async fn insert(conn: &mut Connection, adjustments: &[&Adjustment]) -> DbResult<()> {
    if adjustments.is_empty() {
        return Ok(());
    }
    let parts = adjustments.iter().copied().flat_map(|adjustment| {
        let row = move |(line_no, amount)| sql::Part { adjustment, line_no, amount, edition: 0 };
        adjustment.parts().into_iter().map(row)
    });
    sql::insert(conn, &parts.collect::<Vec<_>>()).await
}

/// Writes anew what is taken off an order that is edited. `before` is what [was](of_orders) taken off
/// until now.
pub async fn change(
    conn: &mut Connection,
    order: OrderId,
    before: &[Adjustment],
    after: &[Adjustment],
) -> DbResult<()> {
    if before == after {
        return Ok(());
    }
    let edition = sql::next_edition(conn, order).await?;
    let mut parts: Vec<sql::Part<'_>> = Vec::new();
    for adjustment in after {
        let row = |(line_no, amount)| sql::Part { adjustment, line_no, amount, edition };
        parts.extend(adjustment.parts().into_iter().map(row));
    }
    for adjustment in before {
        for (line_no, _) in adjustment.parts() {
            let same = |it: &sql::Part<'_>| {
                (it.adjustment.position, it.line_no) == (adjustment.position, line_no)
            };
            if !parts.iter().any(same) {
                parts.push(sql::Part { adjustment, line_no, amount: Money::ZERO, edition });
            }
        }
    }
    sql::insert(conn, &parts).await
}

/// What is taken off these orders now: by order, in the order of evaluation.
pub async fn of_orders(conn: &mut Connection, orders: &[OrderId]) -> DbResult<Vec<Adjustment>> {
    sql::of_orders(conn, orders, i16::MAX).await
}

/// What was taken off these orders when they were placed.
pub async fn as_placed(conn: &mut Connection, orders: &[OrderId]) -> DbResult<Vec<Adjustment>> {
    sql::of_orders(conn, orders, 0).await
}

/// What is taken off each line by all of these together; lines that keep their price are absent.
pub fn by_line(adjustments: &[Adjustment]) -> HashMap<i16, i64> {
    let mut sums: HashMap<i16, i64> = HashMap::new();
    for adjustment in adjustments {
        let AdjustmentTarget::Lines(shares) = &adjustment.target else { continue };
        for (line_no, share) in shares {
            *sums.entry(*line_no).or_default() += share.amount();
        }
    }
    sums
}
