//! Stocktakes 盤點: counting what lies in a warehouse, while nothing may be taken from it (BR-007).
//!
//! Opening one freezes the chosen rows, at most [`MAX_LINES`]; people count; what differs is
//! reviewed, and posted by somebody who may, as adjustments with a reason. However it ends, its rows
//! thaw. Rows that are made later, of what the warehouse never had before, are not part of it.
//!
//! *Invariant:* a row is frozen only by a stocktake that is open or in review, in the transaction
//! that opens it; whatever ends the stocktake thaws its rows in the same transaction. *Invariant:*
//! stock is never frozen for ever: every stocktake has a time at which it ends by itself
//! ([`expire`]). *Invariant:* every count that anybody entered is kept.
//!
//! *Lock order:* the stocktake's row, then stock rows in `(variant, warehouse)` order.

mod count;
mod end;
pub mod error;
pub mod model;
mod open;
mod post;
mod read;
mod review;
mod sql;

pub use count::count;
pub use end::{cancel, expire, extend, force_thaw, next_due};
pub use error::{BelowPromised, Held, StocktakeError};
pub use model::{
    CountEntry, InvalidStocktakeMove, MAX_LINES, MAX_MINUTES, Stocktake, StocktakeLine,
    StocktakeMove, StocktakeStatus, Verdict,
};
pub use open::{Opening, open};
pub use post::{Posted, post};
pub use read::{LineFilter, StocktakeFilter, Summary, find, lines, list, summary};
pub use review::{decide, recount, skip, submit};
