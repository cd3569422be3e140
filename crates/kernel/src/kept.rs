//! What was read at a revision, kept in memory as long as nothing was changed.
//!
//! Every change of what is kept counts up a revision in its own transaction. Whoever asks has read that
//! number in its transaction, before anything that it keeps here. So nobody is told what was true
//! before a change that had been committed by then.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

/// Things that are kept by their keys; with more, all are read anew.
const MOST: usize = 30_000;

/// A thing that was read as a whole.
#[derive(Debug)]
pub struct Kept<T>(Mutex<Page<Option<T>>>);

/// Things that were read one by one, at most some ten thousand of them.
#[derive(Debug)]
pub struct KeptEach<K, V>(Mutex<Page<HashMap<K, V>>>);

#[derive(Debug, Default)]
struct Page<T> {
    revision: i64,
    what: T,
}

/// Looks at what is kept of this revision; what is of an earlier one is let go first. `None` when a
/// later one was asked for: whoever is late is told nothing of it, and does not turn it back.
fn at<T: Default, R>(
    page: &Mutex<Page<T>>,
    revision: i64,
    look: impl FnOnce(&mut T) -> R,
) -> Option<R> {
    // Nothing that runs under the lock can leave it half done.
    let mut page = page.lock().unwrap_or_else(PoisonError::into_inner);
    if page.revision < revision {
        *page = Page { revision, what: T::default() };
    }
    (page.revision == revision).then(|| look(&mut page.what))
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Kept<T> {
    /// It, if it was read at this revision.
    pub fn get(&self, revision: i64) -> Option<T> {
        at(&self.0, revision, |kept| kept.clone()).flatten()
    }

    /// Keeps it, read at this revision or a later one.
    pub fn keep(&self, revision: i64, read: T) {
        at(&self.0, revision, |kept| *kept = Some(read));
    }
}

impl<K, V> Default for KeptEach<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Copy + Eq + Hash, V> KeptEach<K, V> {
    /// Shows those that were read at this revision, and returns the keys of the others.
    pub fn look_up(&self, revision: i64, keys: &[K], mut show: impl FnMut(K, &V)) -> Vec<K> {
        let missing = at(&self.0, revision, |kept| {
            let mut missing = Vec::new();
            for key in keys {
                match kept.get(key) {
                    Some(value) => show(*key, value),
                    None => missing.push(*key),
                }
            }
            missing
        });
        missing.unwrap_or_else(|| keys.to_vec())
    }

    /// Keeps these, read at this revision or a later one.
    pub fn keep(&self, revision: i64, read: Vec<(K, V)>) {
        at(&self.0, revision, |kept| {
            if kept.len() + read.len() > MOST {
                kept.clear();
            }
            kept.extend(read);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_kept_until_the_revision_moves() {
        let kept: Kept<&str> = Kept::default();
        assert_eq!(kept.get(0), None);
        kept.keep(3, "a");
        assert_eq!(kept.get(3), Some("a"));
        assert_eq!(kept.get(4), None);
        kept.keep(4, "b");
        // Whoever is late is told nothing, and does not turn it back.
        kept.keep(3, "a");
        assert_eq!((kept.get(3), kept.get(4)), (None, Some("b")));
    }

    /// What is known of 1, 2 and 3, and what is not.
    fn known(kept: &KeptEach<u32, char>, revision: i64) -> (Vec<(u32, char)>, Vec<u32>) {
        let mut shown = Vec::new();
        let missing = kept.look_up(revision, &[1, 2, 3], |key, value| shown.push((key, *value)));
        (shown, missing)
    }

    #[test]
    fn each_is_kept_until_the_revision_moves() {
        let kept: KeptEach<u32, char> = KeptEach::default();
        assert_eq!(known(&kept, 3), (vec![], vec![1, 2, 3]));
        kept.keep(3, vec![(1, 'a'), (3, 'c')]);
        assert_eq!(known(&kept, 3), (vec![(1, 'a'), (3, 'c')], vec![2]));
        assert_eq!(known(&kept, 4), (vec![], vec![1, 2, 3]));
        kept.keep(4, vec![(2, 'b')]);
        kept.keep(3, vec![(1, 'a')]);
        assert_eq!(known(&kept, 3), (vec![], vec![1, 2, 3]));
        assert_eq!(known(&kept, 4), (vec![(2, 'b')], vec![1, 3]));
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let kept: KeptEach<u32, char> = KeptEach::default();
        kept.keep(1, (1..=30_000).map(|key| (key, 'a')).collect());
        assert!(known(&kept, 1).1.is_empty());
        kept.keep(1, vec![(2, 'b')]);
        assert_eq!(known(&kept, 1), (vec![(2, 'b')], vec![1, 3]));
    }
}
