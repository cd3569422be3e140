//! Products as shoppers browse them: published ones with something to buy.

mod detail;
mod list;
mod sql;
mod summary;
mod variant;

pub use detail::{OptionView, ProductKey, ProductView, detail};
pub(crate) use list::summaries;
pub use list::{ProductQuery, ProductSort, list};
pub use summary::{CategoryRef, ProductSummary};
pub use variant::VariantView;
