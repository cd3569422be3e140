//! Finding products: an index in memory, made from what the catalogue says, replaced as a whole.
//!
//! Text is found by [tantivy](https://docs.rs/tantivy), in one segment without files. Filters, facets
//! and orders are decided over plain columns beside it, variant by variant, so that "red, in stock,
//! under 500" means one variant that is all three. [`Search`] holds the index of the moment and lets
//! a bounded number of questions run at once, off the runtime's threads.
//!
//! *Invariant:* nothing here is a source: the index is made anew from PostgreSQL at any time, and
//! nothing is decided by what it says. *Invariant:* prices are those for everyone at the moment of the
//! question: the index knows when they begin and end, and need not be made anew for it. *Invariant:*
//! the rank of a product for a query hangs on the product and the query alone, never on how many
//! others there are: cursors survive a new index, and are good on every node. *Invariant:* this crate
//! does no I/O; `queries::search` reads the documents.

mod columns;
mod document;
mod facets;
mod filter;
mod index;
mod place;
mod query;
mod rank;
mod service;
mod suggest;
mod text;
mod words;

pub use document::{Choice, Document, DocumentVariant, ListedPrice, Shelf};
pub use facets::{CategoryCount, Facets, OptionCounts, PriceCount, ValueCount};
pub use index::{Found, Index, Snapshot};
pub use query::{InvalidQuery, OptionFilter, SearchQuery, SearchSort};
pub use service::{Search, SearchError};
pub use suggest::{Suggestion, SuggestionKind};

#[cfg(test)]
mod tests;
