//! Orders as their buyers see them, and as the back office does.

pub mod admin;
mod detail;
mod list;
mod parcels;
mod returns;
mod sql;
mod sql_timeline;
mod status;
mod timeline;

pub use detail::{
    AddressView, ContactView, OrderItemView, OrderPaymentView, OrderView, PaymentCodeView,
    TransferView, detail,
};
pub use list::{OrderSummary, list_for_customer};
pub use parcels::{CarrierView, ParcelLineView, ParcelView};
pub use returns::{ReturnLineView, ReturnView};
pub(crate) use status::read as read_word;
pub use status::{
    OrderStatusWord, PaymentStatusWord, ReturnCauseWord, ReturnStatusWord, ShipmentStatusWord,
};
pub use timeline::{HistoryEntry, TimelineActor, TimelineEntry, TimelineKind};
