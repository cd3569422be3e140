//! When to write orders before their stock is locked, and when not to.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Remembers how drafts fared. After one that failed, some batches lock first, twice as many each
/// time: where much is short, drafts would only double the work. Each that succeeds halves what the
/// next failure costs.
#[derive(Debug, Default)]
pub(crate) struct Caution {
    /// Failures lately, in doublings.
    failures: AtomicU32,
    /// Batches that still have to lock first.
    wary: AtomicU32,
}

/// At most so many batches, as a power of two, lock first after a failure.
const FAILURES_MAX: u32 = 6;

impl Caution {
    /// Whether the next batch may be drafted. Counts the batch.
    pub fn allows(&self) -> bool {
        self.wary.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_err()
    }

    /// Drafts failed.
    pub fn more(&self) {
        let failures = self.failures.load(Relaxed).saturating_add(1).min(FAILURES_MAX);
        self.failures.store(failures, Relaxed);
        self.wary.store(1 << failures, Relaxed);
    }

    /// Drafts were good.
    pub fn less(&self) {
        let failures = self.failures.load(Relaxed).saturating_sub(1);
        self.failures.store(failures, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wary_batches(caution: &Caution) -> usize {
        std::iter::repeat_with(|| caution.allows()).take_while(|allowed| !allowed).count()
    }

    #[test]
    fn failures_in_a_row_cost_ever_fewer_batches() {
        let caution = Caution::default();
        assert_eq!(wary_batches(&caution), 0);
        let after: Vec<usize> = (0..8)
            .map(|_| {
                caution.more();
                wary_batches(&caution)
            })
            .collect();
        assert_eq!(after, [2, 4, 8, 16, 32, 64, 64, 64]);
        for _ in 0..10 {
            caution.less();
        }
        caution.more();
        assert_eq!(wary_batches(&caution), 2);
    }
}
