//! API keys that were good a moment ago: a busy integrator does not ask the database each time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use identity::{ApiKey, ApiKeyOwner};
use jiff::{SignedDuration, Timestamp};
use kernel::id::ApiKeyId;

/// How long an answer counts: so long at most does a revoked key work on other nodes.
const KEPT: SignedDuration = SignedDuration::from_secs(1);
/// More than a shop has.
const MOST: usize = 10_000;

/// By the key's digest: when it was asked, and what the answer was.
type Answers = HashMap<[u8; 32], (Timestamp, Arc<ApiKeyOwner>)>;

/// Who sent which key within the last second. Only good keys are in it: a stranger fills nothing.
#[derive(Debug, Default)]
pub struct KeyCache(Mutex<Answers>);

impl KeyCache {
    /// Whose key it is, if that was asked within the last second.
    pub fn get(&self, key: &ApiKey, now: Timestamp) -> Option<Arc<ApiKeyOwner>> {
        let owners = self.lock();
        let (at, owner) = owners.get(&key.digest())?;
        let over = owner.expires_at.is_some_and(|at| at <= now);
        (fresh(*at, now) && !over).then(|| Arc::clone(owner))
    }

    /// Remembers whose key it is.
    pub fn put(&self, key: &ApiKey, owner: &Arc<ApiKeyOwner>, now: Timestamp) {
        let mut owners = self.lock();
        if owners.len() >= MOST {
            owners.retain(|_, (at, _)| fresh(*at, now));
        }
        if owners.len() < MOST {
            owners.insert(key.digest(), (now, Arc::clone(owner)));
        }
    }

    /// The key has been revoked.
    pub fn forget(&self, id: ApiKeyId) {
        self.lock().retain(|_, (_, owner)| owner.key_id != id);
    }

    fn lock(&self) -> MutexGuard<'_, Answers> {
        // A panic elsewhere cannot leave a map of copies half-written in a harmful way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that went back makes nothing last longer.
fn fresh(at: Timestamp, now: Timestamp) -> bool {
    at <= now && now.duration_since(at) < KEPT
}

#[cfg(test)]
mod tests {
    use identity::{Email, User};
    use uuid::Uuid;

    use super::*;

    fn key(byte: char) -> ApiKey {
        ApiKey::parse(&format!("oxk_{}A", byte.to_string().repeat(42))).unwrap()
    }

    fn owner(id: u128, expires_at: Option<Timestamp>) -> Arc<ApiKeyOwner> {
        let email = Email::new("a@example.com").unwrap();
        let user = User::new(Uuid::from_u128(1).into(), email, "王".to_owned(), Vec::new());
        let key_id = Uuid::from_u128(id).into();
        Arc::new(ApiKeyOwner { user, key_id, scopes: vec!["catalog_read".to_owned()], expires_at })
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    #[test]
    fn an_answer_counts_for_less_than_a_second() {
        let cache = KeyCache::default();
        cache.put(&key('a'), &owner(1, None), at(1_000));
        assert_eq!(cache.get(&key('a'), at(1_999)).unwrap().key_id, owner(1, None).key_id);
        assert!(cache.get(&key('a'), at(2_000)).is_none());
        assert!(cache.get(&key('a'), at(999)).is_none());
        assert!(cache.get(&key('b'), at(1_000)).is_none());
    }

    #[test]
    fn a_key_that_ends_or_is_revoked_is_not_good_a_moment_longer() {
        let cache = KeyCache::default();
        cache.put(&key('a'), &owner(1, Some(at(1_500))), at(1_000));
        cache.put(&key('b'), &owner(2, None), at(1_000));
        assert!(cache.get(&key('a'), at(1_499)).is_some());
        assert!(cache.get(&key('a'), at(1_500)).is_none());
        cache.forget(owner(2, None).key_id);
        assert!(cache.get(&key('b'), at(1_000)).is_none());
    }
}
