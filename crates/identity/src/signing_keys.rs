//! The keys that sign access tokens, and how one follows another without signing anybody out.
//!
//! A new key signs a minute after it was made: by then every node has read it and believes what it
//! signs. The old one stops signing at that same moment and is believed until its last token has run
//! out. So at every moment each token in use is believed everywhere.
//!
//! The first key of a shop is the secret that older versions of the program signed with.

use jiff::{SignedDuration, Timestamp};
use kernel::{Ids, later};
use pg::{Connection, DbResult};

use crate::{ACCESS_TOKEN_KEY, access_token::key_id, secret, sql};

/// How long a new key waits before it signs. Nodes read the keys every few seconds.
pub const LEAD: SignedDuration = SignedDuration::from_mins(1);

/// A key that signs access tokens. Its seed is not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// The Ed25519 private key.
    pub(crate) seed: [u8; 32],
    /// When it begins to sign.
    pub signs_from: Timestamp,
    /// When it stops.
    pub retired_at: Option<Timestamp>,
}

impl SigningKey {
    /// Its name, which stands in each token.
    pub fn kid(&self) -> String {
        key_id(&self.seed)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid()).finish_non_exhaustive()
    }
}

/// The keys there are; the first one is made at the first call. However many servers start at once,
/// it is the same for all of them.
pub async fn signing_keys(
    conn: &mut Connection,
    ids: &Ids,
    now: Timestamp,
) -> DbResult<Vec<SigningKey>> {
    let keys = sql::signing_keys::all(conn).await?;
    if !keys.is_empty() {
        return Ok(keys);
    }
    let seed = secret(conn, ACCESS_TOKEN_KEY, ids, now).await?;
    let first = SigningKey { seed, signs_from: now, retired_at: None };
    sql::signing_keys::insert(conn, &first, now).await?;
    sql::signing_keys::all(conn).await
}

/// How one key is to follow another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// In a minute, and nobody notices.
    Smooth,
    /// Now, and the old ones are believed no more: somebody else knows them. Browsers refresh by
    /// themselves; programs have to.
    AtOnce,
}

/// Makes a new key that follows the present one. Call it within a transaction.
pub async fn rotate_signing_keys(
    conn: &mut Connection,
    rotation: Rotation,
    ids: &Ids,
    now: Timestamp,
) -> DbResult<SigningKey> {
    sql::signing_keys::lock(conn).await?;
    // A shop that never started has its first key made here, for the new one to follow.
    signing_keys(conn, ids, now).await?;
    let signs_from = match rotation {
        Rotation::Smooth => later(now, LEAD),
        Rotation::AtOnce => now,
    };
    let key = SigningKey { seed: ids.bytes(), signs_from, retired_at: None };
    match rotation {
        Rotation::Smooth => sql::signing_keys::retire(conn, signs_from).await?,
        Rotation::AtOnce => sql::signing_keys::remove_all(conn).await?,
    }
    sql::signing_keys::insert(conn, &key, now).await?;
    // An old version of the program, put back, would sign with it again.
    sql::remove_secret(conn, ACCESS_TOKEN_KEY).await?;
    Ok(key)
}

/// Destroys the keys that were retired before `before`. Returns how many.
pub async fn purge_signing_keys(conn: &mut Connection, before: Timestamp) -> DbResult<u64> {
    sql::signing_keys::purge(conn, before).await
}
