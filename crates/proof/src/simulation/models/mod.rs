//! Depth one: the pure models. No input or output; a step costs microseconds.

mod commands;
mod fault;
mod shop;

use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::Result;

pub use self::fault::Fault;
pub(super) use self::shop::{FEE, FREE_FROM, PLACES, POSTAL_CODES, START};
use self::shop::{Shop, StoredOrder, names};
use super::{
    answer::{Answer, AttemptSeen, Happening, Observed, OrderSeen, StockSeen},
    play::System,
    scenario::{Cut, Scenario, Step},
};

/// The shop in memory as a system under test.
#[derive(Debug)]
pub struct Models {
    shop: Shop,
    moment: u32,
}

impl Models {
    /// The shop of a scenario; with a mistake, if one is given.
    pub fn new(scenario: &Scenario, fault: Option<Fault>) -> Self {
        Self { shop: Shop::open(&scenario.world, fault), moment: 0 }
    }

    /// A command is a transaction on a copy. Cut short, it either never commits or its answer never
    /// comes; which of them is up to the cut.
    fn command(&mut self, step: &Step) -> Answer {
        let mut draft = self.shop.clone();
        let act = &step.act;
        let answer = catch_unwind(AssertUnwindSafe(|| draft.perform(act)))
            .unwrap_or_else(|_| Answer::Broken("an assertion of the product failed".into()));
        let commits = match step.cut {
            None => !matches!(answer, Answer::StockFrozen | Answer::Short(_) | Answer::Broken(_)),
            Some(Cut::Crash(_)) => false,
            Some(Cut::CallerGone(n) | Cut::CrashUnanswered(n)) => n % 2 == 1,
        };
        if commits && !matches!(answer, Answer::StockFrozen | Answer::Short(_)) {
            self.shop = draft;
        }
        if step.cut.is_some() && answer != Answer::Skipped { Answer::Lost } else { answer }
    }
}

impl Models {
    /// What an order counts against limits: in the models these are sums, in the flows rows.
    fn limits(&self, order: &StoredOrder, seen: &mut Observed) {
        for (variant, units) in &order.basket.lines {
            if self.shop.limits[usize::from(*variant)].is_some() {
                *seen.purchases.entry((*variant, order.key)).or_default() += i64::from(*units);
            }
        }
        if let Some(coupon) = order.basket.coupon.filter(|_| order.saved > 0) {
            seen.redemptions.insert(order.key, (coupon, order.saved));
            *seen.redeemed.entry(coupon).or_default() += 1;
        }
    }
}

impl System for Models {
    fn play(&mut self, first: usize, epoch: &[Step]) -> Result<Vec<Happening>> {
        let mut happened = Vec::with_capacity(epoch.len());
        for (offset, step) in epoch.iter().enumerate() {
            let answer = self.command(step);
            self.moment += 2;
            let (began, ended) = (self.moment - 1, self.moment);
            happened.push(Happening { step: first + offset, began, ended, answer });
        }
        Ok(happened)
    }

    fn observe(&mut self) -> Result<Observed> {
        let mut seen = Observed::default();
        for row in self.shop.rows.values() {
            let b = row.balance;
            let stock = StockSeen {
                balance: [b.total, b.available, b.reserved, b.sold],
                frozen: row.frozen_by.is_some(),
                safety: row.safety_stock,
                version: row.version,
            };
            seen.stock.insert(names(row.key), stock);
        }
        for order in &self.shop.orders {
            let lines = order.basket.lines.iter().map(|(v, units)| (*v, i64::from(*units)));
            seen.orders.entry(order.key).or_default().push(OrderSeen {
                id: order.id,
                status: order.status.as_str().into(),
                total: order.total,
                lines: lines.collect(),
                paid: order.paid,
            });
            for held in &order.held {
                let (variant, house) = names(held.key);
                let line = u8::try_from(held.line_no).unwrap_or(u8::MAX);
                let hold = (variant, i64::from(held.quantity), order.paid);
                seen.holds.insert((order.key, line, house), hold);
            }
        }
        for order in self.shop.live() {
            self.limits(order, &mut seen);
        }
        for (attempt, payment) in &self.shop.payments {
            let refund = |why: &&str| ((*why).to_owned(), payment.amount);
            let row = AttemptSeen {
                trade_no: payment.trade_no.clone(),
                status: payment.status.as_str().into(),
                amount: payment.amount,
                kept: payment.kept,
                refunds: payment.refunds.iter().map(refund).collect(),
            };
            seen.attempts.insert(*attempt, row);
        }
        Ok(seen)
    }

    fn finish(&mut self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}
