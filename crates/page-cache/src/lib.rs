//! Pages that look the same to everybody, kept for seconds: a crowd before one page costs its server
//! one rendering, and whoever comes meanwhile gets what is there.
//!
//! The origin decides: an answer is kept only when it says `public` and `s-maxage`. What is asked in
//! somebody's name (a cookie of the shop's, `Authorization`) is never looked up, never joined with
//! others and never kept.
//!
//! *Invariant:* what is kept was asked for by a request made of nothing but the key: host, path and
//! the known parameters. No other header, cookie or parameter of whoever came first can be in it.
//!
//! *Invariant:* one question for one page of one generation is under way at a time, and everybody
//! who wants that page shares its answer.

mod answer;
mod cache;
mod encoding;
mod flight;
mod metrics;
mod page;
mod request;
#[cfg(test)]
mod tests;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use axum::{extract::Request, response::Response};

pub use self::{
    cache::{Means, PageCache, Settings},
    metrics::PageCacheMetrics,
    request::PARAMETERS,
};

/// Who renders pages.
pub trait Origin: Clone + Send + Sync + 'static {
    /// Its answer; a status of 500 and above when there is none.
    fn ask(&self, request: Request) -> impl Future<Output = Response> + Send;
}

/// Which state of the catalogue pages are of. All clones are the same. Pages of an earlier one are
/// not shown any more, unless there is nothing else.
#[derive(Clone, Debug, Default)]
pub struct Generation(Arc<AtomicI64>);

impl Generation {
    /// What is rendered from now on is of this revision. Several revisions can be added up, since
    /// each of them only grows. Whether it is another one than before.
    pub fn turn_to(&self, revision: i64) -> bool {
        self.0.swap(revision, Ordering::AcqRel) != revision
    }

    fn current(&self) -> i64 {
        self.0.load(Ordering::Acquire)
    }
}
