//! Transfers 調撥: goods move from one warehouse to another, and belong to nobody's available on the
//! way.
//!
//! *Invariant:* nothing vanishes: for every line, what was sent is received, returned, lost with a
//! reason, or still in transit. So over all warehouses, `total + in transit + lost` is changed by no
//! step of any transfer.
//!
//! *Lock order:* the transfer's row, then stock rows in `(variant, warehouse)` order.

mod draft;
pub mod error;
pub mod model;
mod read;
pub mod refill;
mod sql;
pub mod suggest;
mod underway;

pub use draft::{Draft, create, edit};
pub use error::TransferError;
pub use model::{
    Excess, InvalidTransferMove, Transfer, TransferLine, TransferMove, TransferStatus,
};
pub use read::{InTransit, TransferFilter, find, in_transit, list};
pub use refill::{Refill, refills};
pub use suggest::{Suggestion, TransferPlan, plan};
pub use underway::{cancel, close, dispatch, receive};
