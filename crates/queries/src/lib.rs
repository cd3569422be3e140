//! The read side: what pages, lists and the back office see, joined across the modules' schemas.
//!
//! *Invariant:* nothing here writes, and nothing here decides: stock, permissions and idempotency
//! are decided by the modules, in their own transactions. *Invariant:* this is the only crate whose
//! SELECTs may cross schemas. The structs are the API's answers: their documentation is the API's.

pub mod adjustment;
pub mod audit;
pub mod availability;
pub mod bundles;
pub mod cart;
pub mod categories;
mod corrupt;
pub mod error;
pub mod image;
pub mod orders;
pub mod payments;
pub mod products;
pub mod search;
pub mod stock;

pub use adjustment::{AdjustmentKind, AdjustmentShareView, AdjustmentTargetWord, AdjustmentView};
pub use availability::{Availability, BackorderView};
pub use bundles::BundlePartView;
pub use error::ListError;
pub use image::{Image, Rendition};
