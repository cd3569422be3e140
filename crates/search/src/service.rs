//! The index that questions are answered from, and a bounded number of questions at once.

use std::{
    collections::HashSet,
    num::NonZero,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use kernel::{CursorError, id::VariantId};
use thiserror::Error;
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use crate::{
    document::Document,
    index::{Index, Snapshot},
};

/// How long a question waits for its turn: each takes some milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum SearchError {
    /// The first index is still being made.
    #[error("the search index is not ready yet")]
    NotReady,
    /// Too many others are asking.
    #[error("too many searches at once")]
    Busy,
    /// The cursor is not one of this search.
    #[error(transparent)]
    Cursor(#[from] CursorError),
    /// The index failed.
    #[error("the index failed: {0}")]
    Index(#[from] tantivy::TantivyError),
    /// A question, or the making of an index, broke an assertion.
    #[error("a search broke off")]
    Broken,
}

/// Answers from the index of the moment. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Search(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    now: RwLock<Now>,
    turns: Arc<Semaphore>,
}

/// What is known.
#[derive(Debug, Default)]
struct Now {
    snapshot: Option<Arc<Snapshot>>,
    in_stock: Arc<HashSet<VariantId>>,
}

impl Default for Search {
    /// Without an index yet, with as many turns as there are processors.
    fn default() -> Self {
        let turns = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self(Arc::new(Inner { now: RwLock::default(), turns: Arc::new(Semaphore::new(turns)) }))
    }
}

impl Search {
    /// Makes an index of these documents and answers from it from then on; until then from the one
    /// before. Returns how many products it has. One at a time: the caller waits for it.
    pub async fn rebuild(&self, documents: Vec<Document>) -> Result<usize, SearchError> {
        let index = spawn_blocking(|| Index::build(documents)).await;
        let index = Arc::new(index.map_err(|_| SearchError::Broken)??);
        let products = index.len();
        let in_stock = Arc::clone(&self.read().in_stock);
        self.publish(index, in_stock);
        Ok(products)
    }

    /// Of these variants something is left from now on, and of no others.
    pub fn set_in_stock(&self, in_stock: HashSet<VariantId>) {
        let known = self.read();
        if *known.in_stock == in_stock {
            return;
        }
        let index = known.snapshot.map(|snapshot| Arc::clone(&snapshot.index));
        let in_stock = Arc::new(in_stock);
        match index {
            Some(index) => self.publish(index, in_stock),
            None => self.write(Now { snapshot: None, in_stock }),
        }
    }

    /// What is answered from now.
    pub fn snapshot(&self) -> Result<Arc<Snapshot>, SearchError> {
        self.read().snapshot.ok_or(SearchError::NotReady)
    }

    /// Asks, off the runtime's threads, when it is this question's turn.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Snapshot) -> Result<T, SearchError> + Send + 'static,
    ) -> Result<T, SearchError> {
        let snapshot = self.snapshot()?;
        let turn = timeout(PATIENCE, Arc::clone(&self.0.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| SearchError::Busy)?.map_err(|_| SearchError::Busy)?;
        let answer = spawn_blocking(move || {
            // Held until the work is done, also when nobody waits for it any more.
            let _turn = turn;
            question(&snapshot)
        });
        answer.await.map_err(|_| SearchError::Broken)?
    }

    fn publish(&self, index: Arc<Index>, in_stock: Arc<HashSet<VariantId>>) {
        let snapshot = Some(Arc::new(Snapshot::new(index, &in_stock)));
        self.write(Now { snapshot, in_stock });
    }

    fn read(&self) -> Now {
        // Nothing that runs under the lock can leave it half done.
        let now = self.0.now.read().unwrap_or_else(PoisonError::into_inner);
        Now { snapshot: now.snapshot.clone(), in_stock: Arc::clone(&now.in_stock) }
    }

    fn write(&self, now: Now) {
        *self.0.now.write().unwrap_or_else(PoisonError::into_inner) = now;
    }
}
