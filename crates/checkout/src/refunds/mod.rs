//! Money goes back: asked for, decided about, paid back by the provider or by hand.
//!
//! What is decided is one transaction, under the locks of the order, its payment and the refund, in
//! this order. The provider is asked by [`RefundWorker`] between two transactions.

mod amounts;
mod ask;
mod decide;
mod pay_back;
mod settle;
mod work;

pub use amounts::{RefundAmount, TooManyUnits};
pub use ask::{RefundAsk, RefundRequest};
pub use decide::{Decision, Ruling};
pub use work::RefundWorker;

use orders::Order;
use outbox::NewEvent;
use payments::refunds::{Refund, events};

use crate::Checkout;

impl Checkout {
    /// One of the events about a refund, with what its buyer is told.
    pub(crate) fn refund_event(
        &self,
        kind: &'static str,
        order: &Order,
        refund: &Refund,
    ) -> NewEvent {
        let (number, order_url) = self.told(order);
        let told = crate::settle::told(order, &number, &order_url);
        events::event(kind, refund, told, &*self.clock, &self.ids)
    }
}
