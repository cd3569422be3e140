//! The second factor: what somebody has, beside the password they know.
//!
//! It is set up in two steps, so that nobody is locked out by an app that was never set up: a
//! secret is made and shown, and it counts from the first code that proves that the app has it.
//! From then on nobody is admitted without a code; the codes of the [`RecoveryCode`]s stand in for a
//! lost app.
//!
//! *Invariant:* a code works once. The 30-second step of the last code used is kept, and codes of
//! that step or an earlier one are refused; a recovery code has the time of its use written on it.
//! Both happen under the lock of the person's row.
//!
//! The app's secret has to be kept readable: the shop computes the same codes as the app. It is
//! sealed with AES-256-GCM all the same, bound to its owner, with a key from the table of secrets.
//! That does not help against a thief of the whole database, who has that table too. It helps where
//! only a part gets out: a query that should not have been possible, a report, a row in a support
//! case or a log; and a row copied to another person is worth nothing there.

use std::sync::Arc;

use aes_gcm::{
    Aes256Gcm, KeyInit as _, Nonce,
    aead::{Aead as _, Payload},
};
use jiff::{SignedDuration, Timestamp};
use kernel::{
    Clock, Ids,
    id::{SessionId, UserId},
};
use pg::Connection;

use crate::{
    Attempts, EndReason, IdentityError, RecoveryCode, TotpSecret, Verified, attempts::AttemptKey,
    sql, sql::second_factor::Factor,
};

/// Seals and opens secrets, and decides about codes. Cheap to clone; make one.
#[derive(Clone)]
pub struct SecondFactors {
    cipher: Aes256Gcm,
    /// Wrong codes of a person, from wherever they come. Whoever gets as far as a code knows the
    /// password, so that no stranger locks anybody out with this; and the owner's recovery codes,
    /// which are too long to be guessed, are not counted.
    wrong: Arc<Attempts>,
}

/// Somebody who may be signed in: they gave every factor their account asks for.
#[derive(Debug)]
pub struct Admitted {
    pub(crate) who: Verified,
    pub(crate) second_factor: bool,
}

impl Admitted {
    /// Who it is.
    pub const fn user_id(&self) -> UserId {
        self.who.user_id()
    }
}

/// A password alone. [`start_session`](crate::start_session()) refuses it where a second factor is
/// on.
impl From<Verified> for Admitted {
    fn from(who: Verified) -> Self {
        Self { who, second_factor: false }
    }
}

/// What became of the second step of a sign-in.
#[derive(Debug)]
pub enum SecondStep {
    /// Nothing is missing.
    Admitted(Admitted),
    /// A code is needed, and none was given.
    CodeRequired,
    /// The code is wrong, or was used before.
    WrongCode,
}

/// What somebody has of a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondFactorState {
    /// Whether signing in needs a code.
    pub enabled: bool,
    /// How many recovery codes were not used yet.
    pub recovery_codes_left: u32,
}

/// How it stands with somebody's second factor.
pub async fn second_factor_state(
    conn: &mut Connection,
    user: UserId,
) -> Result<SecondFactorState, IdentityError> {
    Ok(sql::second_factor::state(conn, user).await?)
}

impl SecondFactors {
    /// With the secret [`SECOND_FACTOR_KEY`](crate::SECOND_FACTOR_KEY).
    pub fn new(key: &[u8; 32]) -> Self {
        // Three codes of a million are good at a time: a hundred tries a day find one in ten years.
        let wrong = Attempts::new(100, SignedDuration::from_hours(24), 10_000);
        Self { cipher: Aes256Gcm::new(&(*key).into()), wrong: Arc::new(wrong) }
    }

    /// A secret for somebody's app, to be shown once; it replaces one that was never confirmed. The
    /// password was checked before. Call it within a transaction.
    pub async fn begin(
        &self,
        conn: &mut Connection,
        who: &Verified,
        ids: &Ids,
        clock: &dyn Clock,
    ) -> Result<TotpSecret, IdentityError> {
        let user = who.user_id();
        if sql::profiles::lock_user_with(conn, user, who.hash()).await?.is_none() {
            return Err(IdentityError::NoSuchUser);
        }
        let secret = TotpSecret::new(ids);
        let sealed = self.seal(user, &secret, ids)?;
        if sql::second_factor::begin(conn, user, &sealed, clock.now()).await? {
            Ok(secret)
        } else {
            Err(IdentityError::SecondFactorOn)
        }
    }

    /// Turns it on, when the code proves that the app has the secret; `None` when it does not.
    /// Returns the recovery codes, to be shown once. `session` counts as signed in with it from now
    /// on; the person's other sessions end. Call it within a transaction.
    pub async fn confirm(
        &self,
        conn: &mut Connection,
        user: UserId,
        session: SessionId,
        code: &str,
        (ids, clock): (&Ids, &dyn Clock),
    ) -> Result<Option<Vec<RecoveryCode>>, IdentityError> {
        let now = clock.now();
        let factor = lock(conn, user).await?.ok_or(IdentityError::SecondFactorOff)?;
        if factor.confirmed {
            return Err(IdentityError::SecondFactorOn);
        }
        let Some(step) = self.step(&factor, user, &typed(code), now)? else { return Ok(None) };
        sql::second_factor::confirm(conn, user, step, now).await?;
        sql::second_factor::mark_session(conn, session).await?;
        let reason = EndReason::SecondFactorChanged;
        sql::sessions::end_others(conn, user, session, reason, now).await?;
        renew_codes(conn, user, ids, now).await.map(Some)
    }

    /// The second step of signing in. The code is used up when the transaction commits.
    pub async fn admit(
        &self,
        conn: &mut Connection,
        who: Verified,
        code: Option<&str>,
        now: Timestamp,
    ) -> Result<SecondStep, IdentityError> {
        let user = who.user_id();
        let Some(factor) = lock(conn, user).await?.filter(|factor| factor.confirmed) else {
            return Ok(SecondStep::Admitted(who.into()));
        };
        let Some(code) = code.filter(|code| !code.trim().is_empty()) else {
            return Ok(SecondStep::CodeRequired);
        };
        if self.use_code(conn, user, &factor, code, now).await? {
            Ok(SecondStep::Admitted(Admitted { who, second_factor: true }))
        } else {
            Ok(SecondStep::WrongCode)
        }
    }

    /// New recovery codes in place of all old ones; `None` when the code is wrong. Call it within a
    /// transaction.
    pub async fn new_recovery_codes(
        &self,
        conn: &mut Connection,
        user: UserId,
        code: &str,
        (ids, clock): (&Ids, &dyn Clock),
    ) -> Result<Option<Vec<RecoveryCode>>, IdentityError> {
        let now = clock.now();
        let factor = lock_confirmed(conn, user).await?;
        if !self.use_code(conn, user, &factor, code, now).await? {
            return Ok(None);
        }
        renew_codes(conn, user, ids, now).await.map(Some)
    }

    /// Turns it off; false when the code is wrong. The person's sessions go on, as ones that gave no
    /// second factor. The password was checked before. Call it within a transaction.
    pub async fn remove(
        &self,
        conn: &mut Connection,
        who: &Verified,
        code: &str,
        now: Timestamp,
    ) -> Result<bool, IdentityError> {
        let user = who.user_id();
        if sql::profiles::lock_user_with(conn, user, who.hash()).await?.is_none() {
            return Err(IdentityError::NoSuchUser);
        }
        let factor = lock_confirmed(conn, user).await?;
        if !self.use_code(conn, user, &factor, code, now).await? {
            return Ok(false);
        }
        sql::second_factor::remove(conn, user).await?;
        sql::second_factor::unmark_sessions(conn, user).await?;
        Ok(true)
    }

    /// Uses up a code of the app or a recovery code; false when it is neither.
    async fn use_code(
        &self,
        conn: &mut Connection,
        user: UserId,
        factor: &Factor,
        code: &str,
        now: Timestamp,
    ) -> Result<bool, IdentityError> {
        if let Some(code) = RecoveryCode::parse(code) {
            let digest = code.digest(user);
            return Ok(sql::second_factor::use_recovery_code(conn, user, &digest, now).await?);
        }
        let Some(step) = self.step(factor, user, &typed(code), now)? else { return Ok(false) };
        sql::second_factor::use_step(conn, user, step).await?;
        Ok(true)
    }

    /// The step of a code that is right and was not used; every other one is counted.
    fn step(
        &self,
        factor: &Factor,
        user: UserId,
        code: &str,
        now: Timestamp,
    ) -> Result<Option<i64>, IdentityError> {
        let key = AttemptKey::code(user);
        self.wrong.begin(key, now).map_err(IdentityError::TooManyAttempts)?;
        let secret = self.open(user, &factor.sealed_secret)?;
        let step = secret.step_of(code, now).filter(|step| *step > factor.last_step);
        if step.is_some() {
            self.wrong.clear(key);
        }
        Ok(step)
    }

    fn seal(&self, user: UserId, secret: &TotpSecret, ids: &Ids) -> Result<Vec<u8>, IdentityError> {
        let nonce: [u8; 12] = ids.bytes();
        let (id, msg) = (user.as_uuid(), secret.as_bytes());
        let sealed = self.cipher.encrypt(&Nonce::from(nonce), Payload { msg, aad: id.as_bytes() });
        let sealed = sealed.map_err(|_| defect("could not be sealed"))?;
        Ok([&nonce[..], &sealed].concat())
    }

    fn open(&self, user: UserId, sealed: &[u8]) -> Result<TotpSecret, IdentityError> {
        let (nonce, msg) =
            sealed.split_first_chunk::<12>().ok_or_else(|| defect("is too short"))?;
        let id = user.as_uuid();
        let secret = self.cipher.decrypt(&Nonce::from(*nonce), Payload { msg, aad: id.as_bytes() });
        let secret = secret.map_err(|_| defect("was sealed by another key, or changed"))?;
        let secret = secret.try_into().map_err(|_| defect("has another length"))?;
        Ok(TotpSecret::from_bytes(secret))
    }
}

impl std::fmt::Debug for SecondFactors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecondFactors(…)")
    }
}

/// The person's row first, then the factor's: everybody who changes either takes this way.
async fn lock(conn: &mut Connection, user: UserId) -> Result<Option<Factor>, IdentityError> {
    if sql::profiles::lock_user(conn, user).await?.is_none() {
        return Ok(None);
    }
    Ok(sql::second_factor::lock(conn, user).await?)
}

async fn lock_confirmed(conn: &mut Connection, user: UserId) -> Result<Factor, IdentityError> {
    let factor = lock(conn, user).await?;
    factor.filter(|factor| factor.confirmed).ok_or(IdentityError::SecondFactorOff)
}

fn defect(what: &str) -> IdentityError {
    IdentityError::SecondFactor(format!("the secret {what}"))
}

/// Apps show their codes in groups.
fn typed(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace()).collect()
}

async fn renew_codes(
    conn: &mut Connection,
    user: UserId,
    ids: &Ids,
    now: Timestamp,
) -> Result<Vec<RecoveryCode>, IdentityError> {
    let codes = RecoveryCode::set(ids);
    let digests: Vec<Vec<u8>> = codes.iter().map(|code| code.digest(user).to_vec()).collect();
    sql::second_factor::replace_recovery_codes(conn, user, &digests, now).await?;
    Ok(codes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn user(number: u128) -> UserId {
        uuid::Uuid::from_u128(number).into()
    }

    #[test]
    fn a_secret_opens_for_its_owner_and_under_its_key_only() {
        let (ids, factors) = (Ids::from_seed(1), SecondFactors::new(&[1; 32]));
        let secret = TotpSecret::new(&ids);
        let sealed = factors.seal(user(1), &secret, &ids).unwrap();
        assert_eq!(factors.open(user(1), &sealed).unwrap(), secret);
        let contains = |part: &[u8]| sealed.windows(part.len()).any(|window| window == part);
        assert!(!contains(&secret.as_bytes()[..4]), "sealed, not stored");
        assert_ne!(factors.seal(user(1), &secret, &ids).unwrap(), sealed, "a nonce each");

        let mut changed = sealed.clone();
        changed[20] ^= 1;
        for refused in [
            factors.open(user(2), &sealed),
            SecondFactors::new(&[2; 32]).open(user(1), &sealed),
            factors.open(user(1), &changed),
            factors.open(user(1), &sealed[..11]),
        ] {
            assert!(matches!(refused, Err(IdentityError::SecondFactor(_))), "{refused:?}");
        }
        assert_eq!(format!("{factors:?}"), "SecondFactors(…)");
    }

    #[test]
    fn wrong_codes_are_counted_whoever_sends_them() {
        let (ids, factors) = (Ids::from_seed(1), SecondFactors::new(&[1; 32]));
        let secret = TotpSecret::new(&ids);
        let sealed_secret = factors.seal(user(1), &secret, &ids).unwrap();
        let factor = Factor { sealed_secret, confirmed: true, last_step: 0 };
        let code = secret.code_at(at(3_000));
        let wrong = if code == "000000" { "111111" } else { "000000" };
        for _ in 0..100 {
            assert_eq!(factors.step(&factor, user(1), wrong, at(3_000)).unwrap(), None);
        }
        let refused = factors.step(&factor, user(1), &code, at(3_000));
        assert!(matches!(refused, Err(IdentityError::TooManyAttempts(_))));
        // A day later the first have run out; another person was never touched by it.
        let day = 24 * 3_600;
        let code = secret.code_at(at(3_000 + day));
        let step = factors.step(&factor, user(1), &code, at(3_000 + day)).unwrap();
        assert_eq!(step, Some((3_000 + day) / 30));
    }

    proptest! {
        /// However codes are tried, none is taken twice, and never one older than one that was.
        #[test]
        fn a_code_works_once(tries in prop::collection::vec((0..40_i64, -2..=2_i64), 1..60)) {
            let (ids, factors) = (Ids::from_seed(1), SecondFactors::new(&[1; 32]));
            let secret = TotpSecret::new(&ids);
            let sealed_secret = factors.seal(user(1), &secret, &ids).unwrap();
            let mut factor = Factor { sealed_secret, confirmed: true, last_step: 0 };
            let (mut second, mut used) = (3_000_i64, Vec::new());
            for (pause, steps) in tries {
                second += pause;
                let code = secret.code_at(at(second + steps * 30));
                if let Some(step) = factors.step(&factor, user(1), &code, at(second)).unwrap() {
                    prop_assert!((step - second / 30).abs() <= 1);
                    prop_assert!(used.last().is_none_or(|last| step > *last));
                    used.push(step);
                    factor.last_step = step;
                }
            }
        }
    }
}
