//! What happens to an order after it was placed: paid, cancelled, expired, claimed by an account.
//!
//! Each flow is one transaction over several modules, begun and committed here. Locks are always
//! taken in the same order: the person's row, the order's row, its payment rows, stock rows, coupons (`docs/CONCURRENCY.md`).
//! Nothing here waits for the network while a transaction is open.

pub mod access;
pub mod cancel;
pub mod claim;
pub mod error;
pub mod expire;
mod limits;
pub mod notice;
pub mod pay;

pub use access::OrderAccess;
pub use error::CheckoutError;
pub use notice::Reply;
pub use pay::PaymentForm;

use inventory::{SaveContext, Strategy};
use kernel::{Ids, Locale, SharedClock, id::OrderId};
use pg::Db;

/// Where payments go.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Our account there.
    pub merchant: ecpay::Merchant,
    /// Which of their systems.
    pub environment: ecpay::Environment,
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
    /// The payment provider.
    pub provider: Provider,
    /// Who may read an order without an account.
    pub access: OrderAccess,
    /// The shop's address as buyers and the provider see it, without a slash at the end.
    pub public_url: String,
    /// How the warehouses of an order are chosen.
    pub sourcing: Strategy,
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
