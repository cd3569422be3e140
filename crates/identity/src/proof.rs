//! One-time tokens that go out by mail: whoever brings one back reads the mail of that account.

use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use kernel::{Ids, id::UserId, later};
use pg::{Connection, DbResult};
use sha2::{Digest as _, Sha256};

use crate::{model::User, sql};

/// What a token is good for. One of another purpose is no token at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Showing that an e-mail address is the account's.
    VerifyEmail,
    /// Setting a new password without the old one.
    ResetPassword,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 2] = [Self::VerifyEmail, Self::ResetPassword];

    /// How long a token is good.
    pub const fn lifetime(self) -> SignedDuration {
        match self {
            Self::VerifyEmail => SignedDuration::from_hours(3 * 24),
            Self::ResetPassword => SignedDuration::from_mins(30),
        }
    }

    /// The word in the database.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
        }
    }
}

/// A token as its link carries it: 32 random bytes. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct ProofToken([u8; 32]);

impl ProofToken {
    pub(crate) fn new(ids: &Ids) -> Self {
        Self(ids.bytes())
    }

    /// Reads what a client sent; `None` when it cannot be a token.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// What the link carries.
    pub fn reveal(&self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }

    /// What `identity.proofs` keeps. The token has 256 random bits: a plain hash cannot be guessed
    /// back.
    pub(crate) fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl std::fmt::Debug for ProofToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProofToken(…)")
    }
}

/// What the database knows of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Proof {
    /// Whose it is; nobody's proves nothing.
    pub user: Option<UserId>,
    /// From when on it is worth nothing.
    pub expires_at: Timestamp,
}

impl Proof {
    /// Whose it is, while it is good.
    fn holder(self, now: Timestamp) -> Option<UserId> {
        self.user.filter(|_| now < self.expires_at)
    }
}

/// Writes down a new token. The same work for nobody as for somebody.
pub(crate) async fn issue(
    conn: &mut Connection,
    user: Option<UserId>,
    purpose: Purpose,
    ids: &Ids,
    now: Timestamp,
) -> DbResult<ProofToken> {
    let token = ProofToken::new(ids);
    let expires_at = later(now, purpose.lifetime());
    sql::proofs::insert(conn, &token, purpose, Proof { user, expires_at }, now).await?;
    Ok(token)
}

/// Whose token it is, if it is good; it stays good.
pub(crate) async fn holder(
    conn: &mut Connection,
    token: &ProofToken,
    purpose: Purpose,
    now: Timestamp,
) -> DbResult<Option<UserId>> {
    let proof = sql::proofs::find(conn, token, purpose).await?;
    Ok(proof.and_then(|proof| proof.holder(now)))
}

/// Uses a token up and locks the row of the person it belongs to. `None` when it is unknown, used,
/// too old, of another purpose, or its person is not active: nothing was changed.
pub(crate) async fn redeem(
    conn: &mut Connection,
    token: &ProofToken,
    purpose: Purpose,
    now: Timestamp,
) -> DbResult<Option<User>> {
    let Some(id) = holder(conn, token, purpose, now).await? else { return Ok(None) };
    let Some(user) = sql::profiles::lock_user(conn, id).await? else { return Ok(None) };
    // Under the person's lock: of two who bring the same token, the second finds it gone.
    let was_good = sql::proofs::take(conn, token, purpose, now).await?;
    Ok(was_good.then_some(user))
}

/// Forgets up to `limit` tokens that were over before `before`. Returns how many.
pub async fn purge_proofs(conn: &mut Connection, before: Timestamp, limit: u32) -> DbResult<u64> {
    sql::proofs::purge(conn, before, limit).await
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_token_survives_its_way_and_its_digest_is_another_text() {
        let token = ProofToken::new(&Ids::from_seed(1));
        assert_eq!(ProofToken::parse(&token.reveal()), Some(token.clone()));
        assert_eq!(token.reveal().len(), 43);
        assert_ne!(token.digest(), token.0);
        assert_eq!(format!("{token:?}"), "ProofToken(…)");
        for bad in ["", "abc", "§", &"A".repeat(42), &"A".repeat(44), &"=".repeat(43)] {
            assert_eq!(ProofToken::parse(bad), None);
        }
    }

    #[test]
    fn a_reset_is_good_for_half_an_hour_and_a_verification_for_three_days() {
        let seconds = Purpose::ALL.map(|purpose| purpose.lifetime().as_secs());
        assert_eq!(seconds, [3 * 24 * 3600, 30 * 60]);
    }

    proptest! {
        #[test]
        fn only_somebodys_token_proves_something_and_only_in_its_time(
            somebody: bool, issued in 0..1_000_000_i64, passed in 0..1_000_000_i64, verify: bool,
        ) {
            let purpose = if verify { Purpose::VerifyEmail } else { Purpose::ResetPassword };
            let user = somebody.then(|| UserId::from(uuid::Uuid::from_u128(1)));
            let proof = Proof { user, expires_at: at(issued) + purpose.lifetime() };
            let good = somebody && passed < purpose.lifetime().as_secs();
            prop_assert_eq!(proof.holder(at(issued + passed)).is_some(), good);
        }

        #[test]
        fn no_text_but_its_own_is_the_token(text in "[A-Za-z0-9_-]{43}") {
            let token = ProofToken::new(&Ids::from_seed(2));
            if let Some(read) = ProofToken::parse(&text) {
                prop_assert_eq!(read.reveal(), text);
                prop_assert_ne!(read.digest(), token.digest());
            }
        }
    }
}
