//! The source of ids and secrets, injected so that tests can seed it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand::{Rng, SeedableRng, rngs::StdRng};
use uuid::{Builder, Uuid};

use crate::{Clock, shard::Shard};

/// Makes UUID v7 ids from the injected clock and a cryptographic generator, and secret tokens.
///
/// Ids of one generator only grow, also within a millisecond: below the time they carry a counter
/// of [`COUNTER_BITS`] bits (RFC 9562 §6.2, method 1), then random bits. So what one process wrote
/// later has the larger id.
///
/// Cheap to clone; all clones share the generator.
#[derive(Clone, Debug)]
pub struct Ids {
    state: Arc<Mutex<State>>,
}

/// The counter's width: `rand_a` and the top 14 bits of `rand_b`.
pub const COUNTER_BITS: u32 = 26;

#[derive(Debug)]
struct State {
    rng: StdRng,
    /// The millisecond of the last id.
    millis: u64,
    /// Its counter.
    counter: u32,
}

impl State {
    /// The next millisecond and counter. A new millisecond starts its counter at random in the
    /// lower half, so that there is room for 2^25 ids before the time has to be borrowed from.
    fn step(&mut self, now: u64) {
        if now > self.millis {
            self.millis = now;
            self.counter = self.rng.next_u32() >> (32 - (COUNTER_BITS - 1));
        } else if self.counter + 1 < 1 << COUNTER_BITS {
            self.counter += 1;
        } else {
            self.millis += 1;
            self.counter = 0;
        }
    }
}

impl Ids {
    /// Seeded from the operating system.
    pub fn from_system() -> Self {
        Self::from_rng(rand::make_rng())
    }

    /// Seeded by hand: the same seed and the same calls give the same ids.
    pub fn from_seed(seed: u64) -> Self {
        Self::from_rng(StdRng::seed_from_u64(seed))
    }

    fn from_rng(rng: StdRng) -> Self {
        Self { state: Arc::new(Mutex::new(State { rng, millis: 0, counter: 0 })) }
    }

    /// A new UUID v7 at the clock's time, larger than every one before it.
    pub fn uuid(&self, clock: &dyn Clock) -> Uuid {
        let now = u64::try_from(clock.now().as_millisecond()).unwrap_or(0);
        let mut state = self.lock();
        state.step(now);
        let mut random = [0; 10];
        state.rng.fill_bytes(&mut random[4..]);
        let high = u16::try_from(state.counter >> 14).unwrap_or(0);
        let low = u16::try_from(state.counter & 0x3fff).unwrap_or(0);
        random[..2].copy_from_slice(&high.to_be_bytes());
        random[2..4].copy_from_slice(&low.to_be_bytes());
        // The builder puts version and variant over the bits left free for them.
        Builder::from_unix_timestamp_millis(state.millis, &random).into_uuid()
    }

    /// A new id of the type asked for.
    pub fn next<T: From<Uuid>>(&self, clock: &dyn Clock) -> T {
        T::from(self.uuid(clock))
    }

    /// A new id that carries `shard`.
    pub fn next_on<T: From<Uuid>>(&self, clock: &dyn Clock, shard: Shard) -> T {
        T::from(shard.stamp(self.uuid(clock)))
    }

    /// `N` bytes fit for keys and secrets.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.lock().rng.fill_bytes(&mut bytes);
        bytes
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere cannot leave a generator half-written in a harmful way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{ManualClock, id::OrderId};

    #[test]
    fn ids_are_v7_carry_the_time_and_follow_the_seed() {
        let at = Timestamp::from_millisecond(1_790_000_000_123).unwrap();
        let clock = ManualClock::at(at);
        let (a, b) = (Ids::from_seed(1), Ids::from_seed(1));
        let id = a.uuid(&clock);
        assert_eq!(id, b.uuid(&clock));
        assert_ne!(id, a.uuid(&clock));
        assert_eq!(id.get_version_num(), 7);
        let (seconds, nanos) = id.get_timestamp().unwrap().to_unix();
        assert_eq!((seconds, nanos), (1_790_000_000, 123_000_000));
    }

    #[test]
    fn an_id_on_a_shard_carries_it() {
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        let id: OrderId = Ids::from_seed(7).next_on(&clock, Shard::new(42));
        assert_eq!(id.shard(), Shard::new(42));
    }

    #[test]
    fn ids_only_grow_also_when_the_clock_stands_still_or_goes_back() {
        let clock = ManualClock::at(Timestamp::from_millisecond(1_790_000_000_000).unwrap());
        let ids = Ids::from_seed(3);
        let mut last = ids.uuid(&clock);
        for step in 0..10_000 {
            if step == 5_000 {
                clock.advance(jiff::SignedDuration::from_secs(-60));
            }
            let next = ids.uuid(&clock);
            assert!(next > last && next.get_version_num() == 7);
            last = next;
        }
    }

    #[test]
    fn a_used_up_counter_borrows_from_the_time() {
        let mut state =
            State { rng: StdRng::seed_from_u64(1), millis: 5, counter: (1 << COUNTER_BITS) - 1 };
        state.step(5);
        assert_eq!((state.millis, state.counter), (6, 0));
        state.step(6);
        assert_eq!((state.millis, state.counter), (6, 1));
    }
}
