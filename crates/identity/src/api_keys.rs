//! API keys: what integrators' programs sign in with.
//!
//! A key belongs to a person and can do what that person can, and of that only what its scopes say.
//! It is shown once, when it is made. It works until it expires, is revoked, or its owner is
//! deactivated.
//!
//! *Invariant:* keys are nowhere in the database, only their SHA-256. A key has 256 random bits: a
//! plain hash cannot be guessed back.

use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use kernel::{
    Clock, Ids,
    id::{ApiKeyId, UserId},
};
use pg::{Connection, DbResult};
use sha2::{Digest as _, Sha256};

use crate::{
    IdentityError,
    model::{DisplayName, InvalidIdentity, User},
    sql,
};

/// How many live keys a person may have.
pub const MOST_API_KEYS: u32 = 20;
/// How exactly the time of the last use is kept: a write for each request would be too many.
const USE_NOTED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// A key as its owner keeps it. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey([u8; 32]);

impl ApiKey {
    /// What every key begins with: scanners for leaked secrets find it, and no access token does.
    pub const PREFIX: &str = "oxk_";

    pub(crate) fn new(ids: &Ids) -> Self {
        Self(ids.bytes())
    }

    /// Reads what a client sent; `None` when it cannot be a key.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.strip_prefix(Self::PREFIX)?.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// What its owner is shown, once.
    pub fn reveal(&self) -> String {
        format!("{}{}", Self::PREFIX, BASE64URL_NOPAD.encode(&self.0))
    }

    /// What the database keeps.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// What a key may be used for: names of actions, sorted, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes(Vec<String>);

impl Scopes {
    /// The most a key may have.
    pub const MOST: usize = 100;

    /// Words that are `known`; without a list, words that look like the name of an action.
    pub fn new(words: &[String], known: Option<&[&str]>) -> Result<Self, InvalidIdentity> {
        let fits = |word: &String| known.map_or_else(|| is_action(word), |k| k.contains(&&**word));
        if !(1..=Self::MOST).contains(&words.len()) || !words.iter().all(fits) {
            return Err(InvalidIdentity::Scopes);
        }
        let mut words = words.to_vec();
        words.sort();
        words.dedup();
        Ok(Self(words))
    }

    /// The words.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

/// `^[a-z][a-z_]{1,40}$`
fn is_action(word: &str) -> bool {
    let mut bytes = word.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && (1..=40).contains(&bytes.len())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// What its owner calls it.
    pub name: DisplayName,
    /// What it may be used for.
    pub scopes: Scopes,
    /// When it ends; never, if not said.
    pub expires_at: Option<Timestamp>,
}

/// What can be told of a key: everything but the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyInfo {
    /// Its id.
    pub id: ApiKeyId,
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// Whose key it is, and what it may be used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyOwner {
    /// Who.
    pub user: User,
    /// Which key.
    pub key_id: ApiKeyId,
    /// What for.
    pub scopes: Vec<String>,
    /// When the key ends.
    pub expires_at: Option<Timestamp>,
}

/// A key as the database has it.
pub(crate) struct KnownKey {
    pub id: ApiKeyId,
    pub user_id: UserId,
    pub scopes: Vec<String>,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
}

/// Makes a key. Returns it, for the only time. Call it within a transaction.
pub async fn create_api_key(
    conn: &mut Connection,
    owner: UserId,
    new: NewApiKey,
    ids: &Ids,
    clock: &dyn Clock,
) -> Result<(ApiKeyInfo, ApiKey), IdentityError> {
    let now = clock.now();
    // The lock makes the makers of one person's keys take turns, so that the count is right.
    if !sql::api_keys::lock_owner(conn, owner).await? {
        return Err(IdentityError::NoSuchUser);
    }
    if sql::api_keys::count_live(conn, owner, now).await? >= i64::from(MOST_API_KEYS) {
        return Err(IdentityError::TooManyApiKeys);
    }
    let key = ApiKey::new(ids);
    let info = ApiKeyInfo {
        id: ids.next(clock),
        name: new.name.as_str().to_owned(),
        scopes: new.scopes.0,
        created_at: now,
        expires_at: new.expires_at,
        last_used_at: None,
    };
    sql::api_keys::insert(conn, owner, &info, &key.digest()).await?;
    Ok((info, key))
}

/// Somebody's keys that were not revoked, the newest first.
pub async fn api_keys(conn: &mut Connection, owner: UserId) -> DbResult<Vec<ApiKeyInfo>> {
    sql::api_keys::list(conn, owner).await
}

/// Revokes a key; false when the person has no such key, or it was revoked before.
pub async fn revoke_api_key(
    conn: &mut Connection,
    owner: UserId,
    id: ApiKeyId,
    now: Timestamp,
) -> DbResult<bool> {
    sql::api_keys::revoke(conn, owner, id, now).await
}

/// Whose key this is, if it is good at `now` and its owner is active; notes the use.
pub async fn api_key_owner(
    conn: &mut Connection,
    key: &ApiKey,
    now: Timestamp,
) -> DbResult<Option<ApiKeyOwner>> {
    let Some(known) = sql::api_keys::find(conn, &key.digest(), now).await? else {
        return Ok(None);
    };
    let Some(user) = sql::active_user(conn, known.user_id).await? else { return Ok(None) };
    let stale = |at: Timestamp| now.duration_since(at) >= USE_NOTED_EVERY;
    if known.last_used_at.is_none_or(stale) {
        sql::api_keys::note_use(conn, known.id, now).await?;
    }
    let KnownKey { id: key_id, scopes, expires_at, .. } = known;
    Ok(Some(ApiKeyOwner { user, key_id, scopes, expires_at }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_key_survives_its_way_and_its_digest_is_another_text() {
        let key = ApiKey::new(&Ids::from_seed(1));
        let shown = key.reveal();
        assert!(shown.starts_with("oxk_") && shown.len() == 47, "{shown}");
        assert_eq!(ApiKey::parse(&shown), Some(key.clone()));
        assert_ne!(key.digest(), key.0);
        assert_eq!(format!("{key:?}"), "ApiKey(…)");
        for bad in ["", "oxk_", &shown[4..], &shown[..46], &format!("{shown}A"), "oxk_§"] {
            assert_eq!(ApiKey::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn scopes_are_known_words_each_once() {
        let known = ["catalog_read", "stock_write"];
        let given = words(&["stock_write", "catalog_read", "stock_write"]);
        let scopes = Scopes::new(&given, Some(&known)).unwrap();
        assert_eq!(scopes.as_slice(), words(&["catalog_read", "stock_write"]));
        for bad in [words(&[]), words(&["catalog_read", "everything"]), words(&[""])] {
            assert_eq!(Scopes::new(&bad, Some(&known)), Err(InvalidIdentity::Scopes), "{bad:?}");
        }
        let many = vec!["catalog_read".to_owned(); 101];
        assert_eq!(Scopes::new(&many, Some(&known)), Err(InvalidIdentity::Scopes));
        assert!(Scopes::new(&words(&["anything_at_all"]), None).is_ok());
        for bad in ["a", "A_b", "_ab", "a b", "a-b", "ab1", &"a".repeat(42)] {
            assert!(Scopes::new(&words(&[bad]), None).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_no_key_is_none(text in "(oxk_)?\\PC{0,60}") {
            if let Some(key) = ApiKey::parse(&text) {
                prop_assert_eq!(key.reveal(), text);
            }
        }
    }
}
