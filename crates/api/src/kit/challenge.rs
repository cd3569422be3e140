//! Work that has to be shown before an order is taken: off by default, for the worst days.
//!
//! A challenge is a few random bytes and a time, signed, so that nothing is kept about those who only
//! ask for one. Its answer is a number that makes the hash of both begin with so many zero bits:
//! found by trying, checked by one hash. An answer counts once, and for one order: the same order may
//! be asked for again with it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, request::Parts},
};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use kernel::{ErrorCode, Ids};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::{limits::Visit, problem::Problem};
use crate::AppState;

/// The header with the answer: `challenge:number`.
pub const PROOF: &str = "x-oxcart-proof";

/// How long a challenge may be answered.
const LIFETIME: SignedDuration = SignedDuration::from_mins(5);
/// More would take a telephone minutes.
pub const BITS_MAX: u32 = 28;
/// Answers that are remembered at most, in each of two generations. Each has cost its sender work.
const SEEN_MAX: usize = 1 << 18;

const ID: usize = 16;
const SEAL: usize = 16;
/// When it ends, how many bits, which one.
const PAYLOAD: usize = 8 + 1 + ID;

/// A challenge, for whoever is about to order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Challenge {
    /// To be sent back with the answer.
    pub challenge: String,
    /// SHA-256 of `challenge:number` has to begin with so many zero bits; 0: no answer is needed.
    pub bits: u32,
    /// Until when it may be answered.
    pub expires_at: Timestamp,
}

/// Makes challenges, and checks their answers. Cheap to clone.
#[derive(Clone)]
pub struct Challenges(Arc<Inner>);

struct Inner {
    bits: u32,
    key: [u8; 32],
    seen: Mutex<Seen>,
}

impl std::fmt::Debug for Challenges {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Challenges").field("bits", &self.0.bits).finish_non_exhaustive()
    }
}

/// Which challenges were answered, and for which order: those of the last minutes, and those of the
/// minutes before.
#[derive(Debug, Default)]
struct Seen {
    now: HashMap<[u8; ID], [u8; 32]>,
    before: HashMap<[u8; ID], [u8; 32]>,
    since: Option<Timestamp>,
}

impl Challenges {
    /// So many bits of work, signed with this installation's secret; 0 bits: none.
    pub fn new(bits: u32, key: [u8; 32]) -> Self {
        let bits = bits.min(BITS_MAX);
        Self(Arc::new(Inner { bits, key, seen: Mutex::default() }))
    }

    /// No work at all.
    pub fn off() -> Self {
        Self::new(0, [0; 32])
    }

    /// A new challenge.
    pub fn issue(&self, ids: &Ids, now: Timestamp) -> Challenge {
        let expires_at = Timestamp::from_second((now + LIFETIME).as_second()).unwrap_or(now);
        let mut bytes = [0; PAYLOAD];
        bytes[..8].copy_from_slice(&expires_at.as_second().to_be_bytes());
        bytes[8] = u8::try_from(self.0.bits).unwrap_or(u8::MAX);
        bytes[9..].copy_from_slice(&ids.bytes::<ID>());
        let seal = self.mac(&bytes).finalize().into_bytes();
        let challenge = BASE64URL_NOPAD.encode(&[&bytes[..], &seal[..SEAL]].concat());
        Challenge { challenge, bits: self.0.bits, expires_at }
    }

    /// Whether the answer is right, in time, and not used for another order. It is used now.
    fn accepts(&self, proof: &str, order: &str, now: Timestamp) -> bool {
        let Some((challenge, number)) = proof.split_once(':') else { return false };
        let Some(id) = self.open(challenge, now) else { return false };
        let number_is_one = !number.is_empty()
            && number.len() <= 20
            && number.bytes().all(|byte| byte.is_ascii_digit());
        let done = leading_zeros(&Sha256::digest(proof)) >= self.0.bits;
        number_is_one && done && self.seen().use_up(id, Sha256::digest(order).into(), now)
    }

    /// The challenge's own id, if we made it and its time is not over.
    fn open(&self, challenge: &str, now: Timestamp) -> Option<[u8; ID]> {
        let bytes = BASE64URL_NOPAD.decode(challenge.as_bytes()).ok()?;
        let (payload, seal) = bytes.split_at_checked(PAYLOAD)?;
        if seal.len() != SEAL {
            return None;
        }
        self.mac(payload).verify_truncated_left(seal).ok()?;
        let ends = i64::from_be_bytes(payload[..8].try_into().ok()?);
        let enough = u32::from(payload[8]) >= self.0.bits;
        let id = payload[9..].try_into().ok()?;
        (enough && now.as_second() < ends).then_some(id)
    }

    fn mac(&self, payload: &[u8]) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0.key);
        let mac = mac.unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        mac.chain_update(b"oxcart challenge\0").chain_update(payload)
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        // Whoever panicked over it had not begun to write.
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses a request for an order without an answer, and brings a challenge along.
    fn check(&self, headers: &HeaderMap, ids: &Ids, now: Timestamp) -> Result<(), Problem> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        // Without a key the request is refused later anyway.
        let order = text("idempotency-key").unwrap_or_default();
        if text(PROOF).is_some_and(|proof| self.accepts(proof, order, now)) {
            return Ok(());
        }
        let Challenge { challenge, bits, expires_at } = self.issue(ids, now);
        Err(Problem::new(ErrorCode::ChallengeRequired)
            .with("challenge", challenge)
            .with("bits", bits)
            .with("expires_at", expires_at.to_string()))
    }
}

impl Seen {
    /// Notes what a challenge was answered for; `false` when it was for something else before.
    fn use_up(&mut self, id: [u8; ID], order: [u8; 32], now: Timestamp) -> bool {
        let since = *self.since.get_or_insert(now);
        // What is older than a generation is older than any challenge that still counts.
        if now.duration_since(since) > LIFETIME || self.now.len() >= SEEN_MAX {
            self.before = std::mem::take(&mut self.now);
            self.since = Some(now);
        }
        if let Some(before) = self.before.get(&id) {
            return *before == order;
        }
        *self.now.entry(id).or_insert(order) == order
    }
}

fn leading_zeros(hash: &[u8]) -> u32 {
    let whole = hash.iter().take_while(|byte| **byte == 0).count();
    let rest = hash.get(whole).map_or(0, |byte| byte.leading_zeros());
    u32::try_from(whole).unwrap_or(0) * 8 + rest
}

/// Whoever orders has done the work, where it is asked for. Those whom limits spare need not.
#[derive(Clone, Copy, Debug)]
pub struct Worked;

impl<S> FromRequestParts<S> for Worked
where
    AppState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let state = AppState::from_ref(state);
        let challenges = &state.challenges;
        if challenges.0.bits > 0 && !Visit::of(&parts.extensions).spared {
            challenges.check(&parts.headers, &state.ids, state.clock.now())?;
        }
        Ok(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);

    fn issued(challenges: &Challenges) -> String {
        challenges.issue(&Ids::from_seed(1), NOW).challenge
    }

    fn solved(challenge: &str, bits: u32) -> String {
        let proof = |number: u64| format!("{challenge}:{number}");
        let right = |proof: &String| leading_zeros(&Sha256::digest(proof)) >= bits;
        (0..1 << 40).map(proof).find(right).unwrap()
    }

    fn after(seconds: i64) -> Timestamp {
        NOW + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn an_answer_counts_in_time_and_for_one_order() {
        let challenges = Challenges::new(8, [7; 32]);
        let proof = solved(&issued(&challenges), 8);
        assert!(!challenges.accepts(&proof, "k1", after(300)));
        assert!(challenges.accepts(&proof, "k1", after(299)));
        assert!(challenges.accepts(&proof, "k1", after(0)), "the same order, asked for again");
        assert!(!challenges.accepts(&proof, "k2", after(0)));
        // Also when a generation has passed since.
        let late = challenges.issue(&Ids::from_seed(2), after(290)).challenge;
        let late = solved(&late, 8);
        assert!(challenges.accepts(&late, "k3", after(299)));
        let other = solved(&challenges.issue(&Ids::from_seed(3), after(310)).challenge, 8);
        assert!(challenges.accepts(&other, "k4", after(320)));
        assert!(!challenges.accepts(&late, "k5", after(330)));
    }

    #[test]
    fn too_little_work_and_somebody_elses_challenge_do_not_count() {
        let challenges = Challenges::new(12, [7; 32]);
        let challenge = issued(&challenges);
        let lazy = (0..).map(|n| format!("{challenge}:{n}"));
        let lazy = lazy.filter(|it| leading_zeros(&Sha256::digest(it)) < 12).take(20);
        for proof in lazy {
            assert!(!challenges.accepts(&proof, "k", NOW));
        }
        for made in [Challenges::new(12, [8; 32]), Challenges::new(11, [7; 32])] {
            let proof = solved(&issued(&made), 12);
            assert!(!challenges.accepts(&proof, "k", NOW));
        }
        let proof = solved(&challenge, 12);
        let (_, number) = proof.split_once(':').unwrap();
        for wrong in ["", ":", number, &challenge, &format!("{challenge}:"), &format!(":{number}")]
        {
            assert!(!challenges.accepts(wrong, "k", NOW), "{wrong}");
        }
        assert!(challenges.accepts(&proof, "k", NOW));
    }

    #[test]
    fn zero_bits_are_counted_from_the_left() {
        assert_eq!(leading_zeros(&[0xff]), 0);
        assert_eq!(leading_zeros(&[0x01, 0]), 7);
        assert_eq!(leading_zeros(&[0, 0x10]), 11);
        assert_eq!(leading_zeros(&[0, 0]), 16);
    }

    proptest! {
        #[test]
        fn a_challenge_that_was_tampered_with_is_none(place in 0_usize..200, bit in 0_u8..8) {
            let challenges = Challenges::new(4, [7; 32]);
            let challenge = issued(&challenges);
            let mut bytes = BASE64URL_NOPAD.decode(challenge.as_bytes()).unwrap();
            let place = place % bytes.len();
            bytes[place] ^= 1 << bit;
            let proof = solved(&BASE64URL_NOPAD.encode(&bytes), 4);
            prop_assert!(!challenges.accepts(&proof, "k", NOW));
        }

        #[test]
        fn nothing_that_is_sent_breaks_it(proof in ".{0,200}") {
            let challenges = Challenges::new(1, [7; 32]);
            prop_assert!(!challenges.accepts(&proof, "k", NOW));
        }
    }
}
