//! Orders as their buyers see them.

mod detail;
mod list;
mod sql;
mod status;

pub use detail::{
    AddressView, ContactView, OrderItemView, OrderPaymentView, OrderView, TimelineActor,
    TimelineEntry, detail,
};
pub use list::{OrderSummary, list_for_customer};
pub use status::{OrderStatusWord, PaymentStatusWord};
