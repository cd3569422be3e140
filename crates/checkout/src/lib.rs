//! What happens to an order after it was placed: paid, cancelled, expired, claimed by an account, sent
//! in parcels, edited, completed, sent back.
//!
//! *Invariant:* whatever a provider says of an attempt to pay, by a notice, by the buyer's browser or
//! in answer to a question, ends in one function ([`Checkout::take_word`]), under the order's lock.
//! *Invariant:* an order that a provider may have money for is not ended unasked ([`ask`]).
//!
//! Each flow is one transaction over several modules, begun and committed here. Locks are always
//! taken in the same order: the person's row, the order's row, its payment rows, its parcels and returns,
//! stock rows, coupons (`docs/CONCURRENCY.md`).
//! Nothing here waits for the network while a transaction is open.

pub mod access;
pub mod after_sale;
pub mod ask;
pub mod cancel;
pub mod claim;
pub mod error;
pub mod expire;
mod limits;
pub mod metrics;
pub mod notice;
pub mod pay;
pub mod poll;
pub mod receipts;
pub mod reconcile;
pub mod refunds;
pub mod remind;
mod settle;
pub mod tasks;
pub mod word;

pub use access::OrderAccess;
pub use after_sale::{
    AfterSaleError, OrderEdit, PlannedLine, ReturnAsk, ShipmentPatch, ShipmentPlan,
};
pub use error::CheckoutError;
pub use metrics::PaymentMetrics;
pub use notice::Reply;
pub use pay::PaymentForm;
pub use reconcile::Reconciler;
pub use refunds::{RefundAmount, RefundAsk, RefundRequest, RefundWorker};
pub use remind::Reminders;
pub use word::{Said, Word};

use inventory::{SaveContext, Strategy};
use jiff::SignedDuration;
use kernel::{Ids, Locale, SharedClock, id::OrderId};
use payments::Providers;
use pg::Db;

/// Our account at ECPay: whose notices are believed.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Our account there.
    pub merchant: ecpay::Merchant,
    /// Which of their systems.
    pub environment: ecpay::Environment,
}

/// How long things wait for money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For how long stock is held for an unpaid order whose method of payment says nothing (BR-003).
    pub reservation: SignedDuration,
    /// For how long after that an order is held because its provider cannot be asked whether there is
    /// money for it. Nothing: orders end unasked.
    pub unanswered: SignedDuration,
}

impl Default for Patience {
    /// Half an hour, and a day.
    fn default() -> Self {
        Self {
            reservation: SignedDuration::from_mins(30),
            unanswered: SignedDuration::from_hours(24),
        }
    }
}

/// The flows, with what they need. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// The database.
    pub db: Db,
    /// Time.
    pub clock: SharedClock,
    /// Ids.
    pub ids: Ids,
    /// Our account at ECPay.
    pub provider: Provider,
    /// Who takes money.
    pub providers: Providers,
    /// How long things wait for it.
    pub patience: Patience,
    /// What the operator sees of payments.
    pub metrics: PaymentMetrics,
    /// Who may read an order without an account.
    pub access: OrderAccess,
    /// The shop's address as buyers and the provider see it, without a slash at the end.
    pub public_url: String,
    /// How the warehouses of an order are chosen.
    pub sourcing: Strategy,
    /// Days in which customers may send goods back after the day they got them.
    pub return_days: u16,
}

impl Checkout {
    fn save_context(&self) -> SaveContext<'_> {
        SaveContext { clock: &*self.clock, ids: &self.ids }
    }

    /// A page about an order, with the token that opens it to a guest.
    pub fn order_url(&self, order: OrderId, locale: Locale, page: &str, guest: bool) -> String {
        let language = match locale {
            Locale::ZhTw => "",
            Locale::En => "/en",
        };
        let token = if guest {
            format!("?access_token={}", self.access.token(order))
        } else {
            String::new()
        };
        format!("{}{language}/orders/{order}{page}{token}", self.public_url)
    }
}
