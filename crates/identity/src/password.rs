//! Passwords: argon2id, off the runtime's threads, so many at a time and no more.

use std::{sync::Arc, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc},
};
use kernel::Ids;
use tokio::{sync::Semaphore, time::timeout};

use crate::{Credentials, IdentityError, Verified, model::InvalidIdentity, password_rules};

/// A password somebody chose. Shown nowhere, not even by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The shortest password.
    pub const MIN_CHARS: usize = 10;
    /// The longest password: no more work than one hash, whatever is sent.
    pub const MAX_CHARS: usize = 128;

    /// A password, checked: neither too short nor too long, and none that is tried first. Spaces
    /// count, nothing is trimmed.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidIdentity> {
        let text = text.into();
        match text.chars().count() {
            ..Self::MIN_CHARS => Err(InvalidIdentity::PasswordTooShort),
            Self::MIN_CHARS..=Self::MAX_CHARS if password_rules::is_easy(&text) => {
                Err(InvalidIdentity::PasswordCommon)
            }
            Self::MIN_CHARS..=Self::MAX_CHARS => Ok(Self(text)),
            _ => Err(InvalidIdentity::PasswordTooLong),
        }
    }

    /// The same, unless it is little more than the e-mail or the name of the account it is for.
    pub fn unlike(self, email: &str, name: &str) -> Result<Self, InvalidIdentity> {
        let personal = password_rules::is_personal(&self.0, email, name);
        if personal { Err(InvalidIdentity::PasswordCommon) } else { Ok(self) }
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// An argon2id hash in the PHC format.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub(crate) String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What an unknown e-mail is compared with: the same parameters, so the same time, and a hash that
/// no password has (finding one would mean inverting argon2). A closed account is left with it.
pub(crate) const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
     AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and checks passwords. Each takes some 20 ms of a processor and 19 MiB, so only a bounded
/// number runs at once, and nobody waits for a turn longer than a bound. Cheap to clone; make one.
#[derive(Clone, Debug)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    patience: Duration,
}

impl Passwords {
    /// `at_once` hashes run at the same time; a request waits up to `patience` for its turn.
    pub fn new(at_once: usize, patience: Duration) -> Self {
        Self { turns: Arc::new(Semaphore::new(at_once.max(1))), patience }
    }

    /// Hashes a password somebody chose. Call it outside any transaction.
    pub async fn hash(&self, password: Password, ids: &Ids) -> Result<PasswordHash, IdentityError> {
        let salt: [u8; 16] = ids.bytes();
        self.take_turn(move || {
            let hash = argon2()?.hash_password_with_salt(password.0.as_bytes(), &salt);
            let hash = hash.map_err(|error| IdentityError::Hashing(error.to_string()))?;
            Ok(PasswordHash(hash.to_string()))
        })
        .await
    }

    /// Whether the password belongs to the credentials. Takes the same time for an unknown e-mail,
    /// a deactivated person and a wrong password. Call it outside any transaction.
    pub async fn verify(
        &self,
        credentials: Credentials,
        password: String,
    ) -> Result<Option<Verified>, IdentityError> {
        self.take_turn(move || {
            let known = credentials.0;
            let hash = known.as_ref().map_or(NOBODYS_HASH, |known| known.hash.0.as_str());
            let parsed = phc::PasswordHash::new(hash)
                .map_err(|error| IdentityError::Hashing(error.to_string()))?;
            let right = argon2()?.verify_password(password.as_bytes(), &parsed).is_ok();
            Ok(known.filter(|known| right && known.active).map(Verified::new))
        })
        .await
    }

    async fn take_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, IdentityError> + Send + 'static,
    ) -> Result<T, IdentityError> {
        let turn = timeout(self.patience, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| IdentityError::Busy)?.map_err(|_| IdentityError::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            // Held until the work is over, also when nobody waits for the answer any more.
            drop(turn);
            done
        });
        done.await.map_err(|error| IdentityError::Hashing(error.to_string()))?
    }
}

impl Default for Passwords {
    /// One hash for each processor, and five seconds of patience.
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self::new(processors, Duration::from_secs(5))
    }
}

fn argon2() -> Result<Argon2<'static>, IdentityError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|error| IdentityError::Hashing(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::Known;

    fn known(hash: &PasswordHash, active: bool) -> Credentials {
        let user_id = uuid::Uuid::from_u128(1).into();
        Credentials(Some(Known { user_id, hash: hash.clone(), active }))
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(Password::new("短短短短短短短短短"), Err(InvalidIdentity::PasswordTooShort));
        assert!(Password::new("十個不同的字就夠長了").is_ok());
        let long = "correct horse battery ".repeat(6);
        assert!(Password::new(&long[..128]).is_ok());
        assert_eq!(Password::new(&long[..129]), Err(InvalidIdentity::PasswordTooLong));
    }

    #[test]
    fn passwords_that_are_tried_first_are_refused() {
        assert_eq!(Password::new("Password123!"), Err(InvalidIdentity::PasswordCommon));
        assert_eq!(Password::new("1234567890"), Err(InvalidIdentity::PasswordCommon));
        let own = Password::new("wang.xm 2026").unwrap();
        assert!(own.clone().unlike("somebody@example.com", "Lee").is_ok());
        let refused = own.unlike("Wang.XM@example.com", "王小明");
        assert_eq!(refused, Err(InvalidIdentity::PasswordCommon));
    }

    #[test]
    fn secrets_are_not_shown() {
        let password = Password::new("correct horse").unwrap();
        assert_eq!(format!("{password:?}"), "Password(…)");
        assert_eq!(format!("{:?}", PasswordHash(NOBODYS_HASH.into())), "PasswordHash(…)");
    }

    #[tokio::test]
    async fn only_the_right_password_of_an_active_person_is_accepted() {
        let passwords = Passwords::default();
        let password = Password::new("correct horse").unwrap();
        let hash = passwords.hash(password.clone(), &Ids::from_seed(1)).await.unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        let other = passwords.hash(password, &Ids::from_seed(2)).await.unwrap();
        assert_ne!(hash, other, "each hash has its own salt");

        for (active, typed, accepted) in [
            (true, "correct horse", true),
            (true, "correct horsf", false),
            (true, "", false),
            (false, "correct horse", false),
        ] {
            let verified = passwords.verify(known(&hash, active), typed.into()).await.unwrap();
            assert_eq!(verified.is_some(), accepted, "{active} {typed}");
        }
        let unknown = passwords.verify(Credentials::unknown(), "correct horse".into()).await;
        assert!(unknown.unwrap().is_none());
    }

    #[test]
    fn nobodys_hash_costs_what_a_real_one_costs() {
        let parsed = phc::PasswordHash::new(NOBODYS_HASH).unwrap();
        let params = Params::try_from(&parsed).unwrap();
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost(), params.output_len()),
            (MEMORY_KIB, PASSES, LANES, Some(32))
        );
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let passwords = Passwords::new(1, Duration::from_millis(10));
        let _turn = passwords.turns.acquire().await.unwrap();
        let refused = passwords.verify(Credentials::unknown(), "x".into()).await;
        assert!(matches!(refused, Err(IdentityError::Busy)));
    }
}
