//! The checker: from what the clients saw and what the database holds in the end to a verdict. Pure.
//!
//! It knows the promises and nothing of the program: no type, no state machine and no SQL of the
//! shop is used here, so that neither can hide the other's mistakes. Whatever it cannot know for
//! sure (an answer that was lost, two requests that overlapped) counts in favour of the shop: a
//! violation it reports is one.

mod history;
mod ledger;
mod orders;
mod payments;
mod reads;
mod releases;
mod shortages;
mod snapshot;
#[cfg(test)]
mod tests;
mod verdict;

pub use self::{
    history::{Answer, Ask, Event, History, Line, Micros, Short, State},
    snapshot::{
        Attempt, Movement, Order, OrderLine, Refund, Reservation, Snapshot, StockRow, Transition,
    },
    verdict::{Counts, Kind, Verdict, Violation},
};

/// Decides.
pub fn judge(history: &History, snapshot: &Snapshot) -> Verdict {
    let counts = Counts::of(history, snapshot);
    let mut verdict = Verdict { counts, ..Verdict::default() };
    orders::check(history, snapshot, &mut verdict);
    ledger::check(history, snapshot, &mut verdict);
    releases::check(history, snapshot, &mut verdict);
    payments::check(history, snapshot, &mut verdict);
    reads::check(history, snapshot, &mut verdict);
    shortages::check(history, snapshot, &mut verdict);
    verdict
}
