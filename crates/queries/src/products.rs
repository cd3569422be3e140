//! Products as shoppers browse them: published ones with something to buy.

pub mod admin;
mod detail;
mod list;
mod offered;
mod priced;
mod related;
mod sql;
mod summary;
mod variant;
mod wished;

pub use detail::{OptionView, ProductKey, ProductView, detail, moved_to};
pub(crate) use list::summaries;
pub use list::{ProductQuery, ProductSort, list};
pub use offered::{Offered, offered};
pub use summary::{CategoryRef, ProductSummary};
pub use variant::VariantView;
pub use wished::{OnShow, any_by_slug, find, on_show, tiles};
