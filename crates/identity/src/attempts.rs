//! Guessing is made slow: so many failures in so long a time, and then nothing is even tried.
//!
//! Failed sign-ins are counted for an account *and* an address together. Counted for the account
//! alone, anybody could lock anybody out by failing in their name; counted for the address alone, a
//! household would share one allowance (requests of an address have limits of their own).
//!
//! An attempt counts as failed from its beginning and is forgiven when it succeeds: a thousand at
//! the same moment are no way around. The counts are this process' own and are bounded; when there
//! are too many, those that have been quiet for the longest go first.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use kernel::id::UserId;
use sha2::{Digest as _, Sha256};

/// Whose attempts are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AttemptKey([u8; 16]);

impl AttemptKey {
    /// Attempts to sign in as `name`, whatever was typed, from `address`.
    pub fn sign_in(name: &str, address: Option<IpAddr>) -> Self {
        let name = name.trim().to_ascii_lowercase();
        Self::of(&[b"sign-in", name.as_bytes(), &network(address)])
    }

    /// Attempts to prove once more to be `user`, from `address`.
    pub fn again(user: UserId, address: Option<IpAddr>) -> Self {
        Self::of(&[b"again", user.as_uuid().as_bytes(), &network(address)])
    }

    /// Attempts to prove something else about what has this name, from wherever.
    pub fn about(what: &str, name: &str) -> Self {
        Self::of(&[b"about", what.as_bytes(), name.as_bytes()])
    }

    pub(crate) fn code(user: UserId) -> Self {
        Self::of(&[b"code", user.as_uuid().as_bytes()])
    }

    fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        Self(key)
    }
}

/// An IPv6 customer has at least 64 bits to choose from: those do not count.
fn network(address: Option<IpAddr>) -> Vec<u8> {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => address.octets().to_vec(),
        Some(IpAddr::V6(address)) => address.octets()[..8].to_vec(),
        None => Vec::new(),
    }
}

/// Too many attempts have failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// When the next one will be tried.
    pub retry_after: SignedDuration,
}

/// Counts failures.
#[derive(Debug)]
pub struct Attempts {
    most: usize,
    within: SignedDuration,
    keys: usize,
    /// For each key its failures of the last `within`, oldest first.
    failures: Mutex<HashMap<AttemptKey, VecDeque<Timestamp>>>,
}

impl Attempts {
    /// At most `most` failures of a key `within` a time; of at most `keys` keys.
    pub fn new(most: usize, within: SignedDuration, keys: usize) -> Self {
        Self { most: most.max(1), within, keys: keys.max(1), failures: Mutex::default() }
    }

    /// For signing in: ten failures in a quarter of an hour.
    pub fn sign_ins() -> Self {
        Self::new(10, SignedDuration::from_mins(15), 50_000)
    }

    /// Begins an attempt, which has failed until [`forgive`](Self::forgive) or
    /// [`clear`](Self::clear) says otherwise.
    pub fn begin(&self, key: AttemptKey, now: Timestamp) -> Result<(), TooMany> {
        let mut all = self.lock();
        if !all.contains_key(&key) && all.len() >= self.keys {
            self.make_room(&mut all, now);
        }
        let failures = all.entry(key).or_default();
        while failures.front().is_some_and(|at| now.duration_since(*at) >= self.within) {
            failures.pop_front();
        }
        match failures.front() {
            Some(oldest) if failures.len() >= self.most => {
                let left = self.within.saturating_sub(now.duration_since(*oldest));
                Err(TooMany { retry_after: left.clamp(SignedDuration::from_secs(1), self.within) })
            }
            _ => {
                failures.push_back(now);
                Ok(())
            }
        }
    }

    /// The attempt begun last was none: it came to neither success nor failure.
    pub fn forgive(&self, key: AttemptKey) {
        let mut all = self.lock();
        if let Some(failures) = all.get_mut(&key) {
            failures.pop_back();
            if failures.is_empty() {
                all.remove(&key);
            }
        }
    }

    /// An attempt succeeded: whoever this is knows the secret, and starts anew.
    pub fn clear(&self, key: AttemptKey) {
        self.lock().remove(&key);
    }

    /// Forgets what is over; if nothing is, the quarter that has been quiet for the longest.
    fn make_room(&self, all: &mut HashMap<AttemptKey, VecDeque<Timestamp>>, now: Timestamp) {
        all.retain(|_, failures| {
            failures.back().is_some_and(|at| now.duration_since(*at) < self.within)
        });
        if all.len() < self.keys {
            return;
        }
        let mut quiet: Vec<_> =
            all.iter().map(|(key, failures)| (failures.back().copied(), *key)).collect();
        quiet.sort_unstable_by_key(|(last, key)| (*last, key.0));
        for (_, key) in quiet.iter().take((self.keys / 4).max(1)) {
            all.remove(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AttemptKey, VecDeque<Timestamp>>> {
        // A panic elsewhere leaves counts, not half-written ones.
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn key(number: u8) -> AttemptKey {
        AttemptKey::sign_in("a@example.com", Some(IpAddr::from([10, 0, 0, number])))
    }

    #[test]
    fn the_eleventh_failure_waits_until_the_first_is_a_quarter_of_an_hour_old() {
        let attempts = Attempts::sign_ins();
        for second in 0..10 {
            attempts.begin(key(1), at(second)).unwrap();
        }
        let wait = |seconds| Err(TooMany { retry_after: SignedDuration::from_secs(seconds) });
        assert_eq!(attempts.begin(key(1), at(10)), wait(890));
        assert_eq!(attempts.begin(key(1), at(899)), wait(1));
        // Being refused is no attempt: it does not prolong the wait.
        assert_eq!(attempts.begin(key(1), at(900)), Ok(()));
        assert_eq!(attempts.begin(key(1), at(900)), wait(1));
    }

    #[test]
    fn one_address_does_not_lock_another_out() {
        let attempts = Attempts::sign_ins();
        for _ in 0..20 {
            attempts.begin(key(1), at(0)).ok();
        }
        assert!(attempts.begin(key(1), at(1)).is_err());
        assert_eq!(attempts.begin(key(2), at(1)), Ok(()));
        let other = AttemptKey::sign_in("b@example.com", Some(IpAddr::from([10, 0, 0, 1])));
        assert_eq!(attempts.begin(other, at(1)), Ok(()));
    }

    #[test]
    fn names_are_the_same_whatever_their_case_and_so_is_an_ipv6_network() {
        let v6 = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        let sign_in = AttemptKey::sign_in;
        assert_eq!(sign_in(" A@example.com", None), sign_in("a@EXAMPLE.com ", None));
        assert_eq!(sign_in("a", v6("2001:db8::1")), sign_in("a", v6("2001:db8::ffff:1")));
        assert_ne!(sign_in("a", v6("2001:db8::1")), sign_in("a", v6("2001:db8:0:1::1")));
        assert_eq!(sign_in("a", v6("::ffff:10.0.0.1")), sign_in("a", v6("10.0.0.1")));
        assert_ne!(sign_in("a", v6("10.0.0.1")), sign_in("a", None));
    }

    #[test]
    fn success_clears_and_what_was_no_attempt_is_forgiven() {
        let attempts = Attempts::new(2, SignedDuration::from_mins(1), 10);
        attempts.begin(key(1), at(0)).unwrap();
        attempts.begin(key(1), at(0)).unwrap();
        assert!(attempts.begin(key(1), at(0)).is_err());
        attempts.forgive(key(1));
        attempts.begin(key(1), at(0)).unwrap();
        assert!(attempts.begin(key(1), at(0)).is_err());
        attempts.clear(key(1));
        attempts.begin(key(1), at(0)).unwrap();
        attempts.forgive(key(1));
        attempts.forgive(key(1));
        assert!(attempts.lock().is_empty());
    }

    #[test]
    fn there_are_never_more_keys_than_allowed_and_the_quiet_ones_go_first() {
        let attempts = Attempts::new(3, SignedDuration::from_mins(15), 8);
        for number in 0..200 {
            attempts.begin(key(number), at(i64::from(number))).unwrap();
            assert!(attempts.lock().len() <= 8);
            assert!(attempts.lock().contains_key(&key(number)));
        }
        assert!(!attempts.lock().contains_key(&key(0)));
    }

    proptest! {
        #[test]
        fn no_quarter_of_an_hour_has_more_than_ten_tries(steps in prop::collection::vec(0..300_i64, 1..200)) {
            let attempts = Attempts::sign_ins();
            let (mut second, mut tried) = (0, Vec::new());
            for step in steps {
                second += step;
                if attempts.begin(key(1), at(second)).is_ok() {
                    tried.push(second);
                }
            }
            for window in tried.windows(11) {
                prop_assert!(window[10] - window[0] >= 900);
            }
        }
    }
}
