//! The words everybody in Oxcart shares: typed ids, money, quantities, time, actors, pages, what is
//! kept in memory by its revision, and the registry of error codes.
//!
//! *Invariant:* nothing here does I/O, and nothing here knows a business module. Time and
//! randomness come in through [`Clock`] and [`Ids`], so that tests and simulations control them.

pub mod actor;
pub mod clock;
pub mod error_code;
pub mod id;
pub mod ids;
pub mod kept;
pub mod localized;
pub mod money;
pub mod networks;
pub mod page;
pub mod quantity;
pub mod shard;

pub use actor::Actor;
pub use clock::{Clock, ManualClock, SharedClock, SystemClock, later};
pub use error_code::ErrorCode;
pub use ids::Ids;
pub use kept::{Kept, KeptEach};
pub use localized::{Locale, LocalizedText};
pub use money::{Currency, Money, MoneyError};
pub use networks::Networks;
pub use page::{Cursor, CursorError, Page, PageLimit};
pub use quantity::{Quantity, QuantityError};
pub use shard::{SHARD_COUNT, Shard, shard_of};
