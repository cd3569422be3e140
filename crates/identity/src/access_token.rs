//! Access tokens: short-lived signed statements of who is asking, checked without the database.
//!
//! Several keys may be in use at a time, each token naming its own (`kid`): see
//! [`signing_keys`](crate::signing_keys()). What a good token no longer counts for is in
//! [`Revocations`](crate::Revocations).

use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, jwk::Jwk};
use kernel::id::{SessionId, UserId};
use pg::Connection;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::{
    ApiKeyOwner, IdentityError, SignedIn, SigningKey,
    model::{Role, User},
    sql,
};

const ISSUER: &str = "oxcart";
/// Servers whose clocks differ by less understand each other.
pub(crate) const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    iss: String,
    /// Who.
    #[serde(rename = "sub")]
    pub user_id: UserId,
    /// Which sign-in. Of an API key, which key: there is no session of that id.
    #[serde(rename = "sid")]
    pub session_id: SessionId,
    /// What they may do.
    pub roles: Vec<Role>,
    /// What they are called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the sign-in gave a second factor.
    #[serde(default, skip_serializing_if = "is_false")]
    pub second_factor: bool,
    /// Only of an API key: what it may be used for. A token cannot say this of itself.
    #[serde(skip)]
    pub scopes: Option<Vec<String>>,
    iat: i64,
    /// The same in microseconds, so that a token made right after a revocation is told from one
    /// made right before it.
    #[serde(default)]
    at: i64,
    exp: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}

impl AccessClaims {
    /// What an API key says of its owner.
    pub fn of_api_key(owner: &ApiKeyOwner, now: Timestamp) -> Self {
        let exp = owner.expires_at.unwrap_or(Timestamp::MAX).as_second();
        Self {
            session_id: owner.key_id.as_uuid().into(),
            scopes: Some(owner.scopes.clone()),
            exp,
            ..Self::new(&owner.user, owner.key_id.as_uuid().into(), false, now)
        }
    }

    fn new(user: &User, session_id: SessionId, second_factor: bool, now: Timestamp) -> Self {
        Self {
            iss: ISSUER.to_owned(),
            user_id: user.id,
            session_id,
            roles: user.roles.clone(),
            name: Some(user.name.clone()),
            second_factor,
            scopes: None,
            iat: now.as_second(),
            at: now.as_microsecond(),
            exp: now.as_second() + AccessTokens::LIFETIME.as_secs(),
        }
    }

    /// Whether this is an API key and nobody in person.
    pub const fn is_api_key(&self) -> bool {
        self.scopes.is_some()
    }

    pub(crate) fn issued_at(&self) -> Timestamp {
        // Tokens of older versions have seconds only.
        let micros = self.at.max(self.iat.saturating_mul(1_000_000));
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MIN)
    }
}

/// Why an access token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AccessTokenError {
    /// It was good, and its time is over: refresh.
    #[error("the access token has expired")]
    Expired,
    /// It is not ours, or was changed, or is from the future.
    #[error("the access token is not valid")]
    Invalid,
}

/// Signs and checks access tokens (JWT, Ed25519). Cheap to clone; all clones have the same keys,
/// also after [`refresh`](Self::refresh).
#[derive(Clone)]
pub struct AccessTokens(Arc<RwLock<Arc<KeyRing>>>);

/// Never empty.
struct KeyRing {
    keys: Vec<Key>,
    validation: Validation,
}

struct Key {
    of: SigningKey,
    signing: EncodingKey,
    checking: DecodingKey,
    header: Header,
}

impl std::fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ring = self.ring();
        let kids: Vec<_> = ring.keys.iter().map(|key| &key.header.kid).collect();
        f.debug_struct("AccessTokens").field("kids", &kids).finish_non_exhaustive()
    }
}

impl AccessTokens {
    /// How long a token is good.
    pub const LIFETIME: SignedDuration = SignedDuration::from_mins(15);

    /// With one key, for ever.
    pub fn new(seed: &[u8; 32]) -> Result<Self, IdentityError> {
        Self::with_keys(&[SigningKey { seed: *seed, signs_from: Timestamp::MIN, retired_at: None }])
    }

    /// With the keys of [`signing_keys`](crate::signing_keys()).
    pub fn with_keys(keys: &[SigningKey]) -> Result<Self, IdentityError> {
        Ok(Self(Arc::new(RwLock::new(Arc::new(KeyRing::new(keys)?)))))
    }

    /// Takes over what the database has by now.
    pub async fn refresh(&self, conn: &mut Connection) -> Result<(), IdentityError> {
        let keys = sql::signing_keys::all(conn).await?;
        let same = self.ring().keys.iter().map(|key| &key.of).eq(&keys);
        if same || keys.is_empty() {
            return Ok(());
        }
        let ring = Arc::new(KeyRing::new(&keys)?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = ring;
        tracing::info!("the keys of access tokens have changed: {self:?}");
        Ok(())
    }

    /// A token for somebody signed in, good from `now` on for [`LIFETIME`](Self::LIFETIME).
    pub fn issue_to(&self, who: &SignedIn, now: Timestamp) -> Result<String, IdentityError> {
        let claims = AccessClaims::new(&who.user, who.session_id, who.second_factor, now);
        self.sign(&claims, now)
    }

    /// The same for a sign-in by the password alone.
    pub fn issue(
        &self,
        user: &User,
        session_id: SessionId,
        now: Timestamp,
    ) -> Result<String, IdentityError> {
        self.sign(&AccessClaims::new(user, session_id, false, now), now)
    }

    fn sign(&self, claims: &AccessClaims, now: Timestamp) -> Result<String, IdentityError> {
        let ring = self.ring();
        let key = ring.signing(now).ok_or(IdentityError::NoSigningKey)?;
        jsonwebtoken::encode(&key.header, claims, &key.signing).map_err(IdentityError::Signing)
    }

    /// What a token says, if it is ours and good at `now`.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, AccessTokenError> {
        let invalid = |_| AccessTokenError::Invalid;
        let kid = jsonwebtoken::decode_header(token).map_err(invalid)?.kid;
        let ring = self.ring();
        let key = ring.checking(kid.as_deref(), now).ok_or(AccessTokenError::Invalid)?;
        let claims = jsonwebtoken::decode::<AccessClaims>(token, &key.checking, &ring.validation)
            .map_err(invalid)?
            .claims;
        if claims.iat > now.as_second() + SKEW.as_secs() {
            return Err(AccessTokenError::Invalid);
        }
        if claims.exp <= now.as_second() { Err(AccessTokenError::Expired) } else { Ok(claims) }
    }

    fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl KeyRing {
    fn new(keys: &[SigningKey]) -> Result<Self, IdentityError> {
        if keys.is_empty() {
            return Err(IdentityError::NoSigningKey);
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        // The library would ask the machine's clock; `verify` asks the caller's.
        validation.validate_exp = false;
        validation.set_required_spec_claims(&["iss", "sub", "exp"]);
        validation.set_issuer(&[ISSUER]);
        Ok(Self { keys: keys.iter().map(Key::new).collect::<Result<_, _>>()?, validation })
    }

    /// The newest that signs already; before every one's time, the oldest.
    fn signing(&self, now: Timestamp) -> Option<&Key> {
        let live = || self.keys.iter().filter(|key| key.of.retired_at.is_none_or(|at| at > now));
        live()
            .filter(|key| key.of.signs_from <= now)
            .max_by_key(|key| key.of.signs_from)
            .or_else(|| live().min_by_key(|key| key.of.signs_from))
    }

    /// The key of this name, unless its last token has run out.
    fn checking(&self, kid: Option<&str>, now: Timestamp) -> Option<&Key> {
        let key = self.keys.iter().find(|key| key.header.kid.as_deref() == kid)?;
        let last = AccessTokens::LIFETIME.saturating_add(SKEW);
        let over = |at: Timestamp| now.duration_since(at) >= last;
        (!key.of.retired_at.is_some_and(over)).then_some(key)
    }
}

impl Key {
    fn new(of: &SigningKey) -> Result<Self, IdentityError> {
        // PKCS #8 around the 32 bytes of an Ed25519 key (RFC 8410 §7).
        const PKCS8: [u8; 16] = [
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22,
            0x04, 0x20,
        ];
        let signing = EncodingKey::from_ed_der(&[&PKCS8[..], &of.seed].concat());
        let public =
            Jwk::from_encoding_key(&signing, Algorithm::EdDSA).map_err(IdentityError::Signing)?;
        let checking = DecodingKey::from_jwk(&public).map_err(IdentityError::Signing)?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(of.kid());
        Ok(Self { of: of.clone(), signing, checking, header })
    }
}

/// A name for the key that tells nothing about it.
pub(crate) fn key_id(seed: &[u8; 32]) -> String {
    let digest = Sha256::new().chain_update(b"oxcart access token key id").chain_update(seed);
    data_encoding::HEXLOWER.encode(&digest.finalize()[..8])
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64URL_NOPAD;

    use super::*;
    use crate::Email;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn wang() -> User {
        let email = Email::new("wang@example.com").unwrap();
        User::new(uuid::Uuid::from_u128(7).into(), email, "王小明".into(), vec![Role::Ops])
    }

    fn session() -> SessionId {
        uuid::Uuid::from_u128(8).into()
    }

    #[test]
    fn a_token_is_good_for_fifteen_minutes_of_the_injected_clock() {
        let tokens = AccessTokens::new(&[1; 32]).unwrap();
        let token = tokens.issue(&wang(), session(), at(1_000)).unwrap();
        let claims = tokens.verify(&token, at(1_899)).unwrap();
        assert_eq!((claims.user_id, claims.session_id), (wang().id, session()));
        assert_eq!((claims.roles, claims.name), (vec![Role::Ops], Some("王小明".to_owned())));
        assert_eq!(tokens.verify(&token, at(1_900)), Err(AccessTokenError::Expired));
        assert_eq!(tokens.verify(&token, at(939)), Err(AccessTokenError::Invalid));
        assert!(tokens.verify(&token, at(940)).is_ok());
    }

    #[test]
    fn nothing_but_our_own_signature_is_believed() {
        let tokens = AccessTokens::new(&[1; 32]).unwrap();
        let others = AccessTokens::new(&[2; 32]).unwrap();
        let token = tokens.issue(&wang(), session(), at(1_000)).unwrap();
        assert_eq!(others.verify(&token, at(1_001)), Err(AccessTokenError::Invalid));

        let parts: Vec<&str> = token.split('.').collect();
        let payload = BASE64URL_NOPAD.decode(parts[1].as_bytes()).unwrap();
        let raised = String::from_utf8(payload).unwrap().replace("ops", "admin");
        let raised = BASE64URL_NOPAD.encode(raised.as_bytes());
        let none = BASE64URL_NOPAD.encode(br#"{"alg":"none","typ":"JWT"}"#);
        let hs256 = jsonwebtoken::encode(
            &Header::new(Algorithm::HS256),
            &serde_json::json!({"iss": "oxcart", "sub": wang().id, "exp": 9_999}),
            &EncodingKey::from_secret(b"guess"),
        );
        for forged in [
            format!("{}.{raised}.{}", parts[0], parts[2]),
            format!("{none}.{}.", parts[1]),
            format!("{}.{}.", parts[0], parts[1]),
            hs256.unwrap(),
            String::new(),
            "a.b.c".to_owned(),
        ] {
            assert_eq!(tokens.verify(&forged, at(1_001)), Err(AccessTokenError::Invalid));
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_key_everywhere() {
        let token = AccessTokens::new(&[3; 32]).unwrap().issue(&wang(), session(), at(0)).unwrap();
        assert!(AccessTokens::new(&[3; 32]).unwrap().verify(&token, at(1)).is_ok());
        let shown = format!("{:?}", AccessTokens::new(&[3; 32]).unwrap());
        assert!(shown.contains("kid") && !shown.contains("3, 3"), "{shown}");
    }

    fn key(seed: u8, signs_from: i64, retired_at: Option<i64>) -> SigningKey {
        SigningKey { seed: [seed; 32], signs_from: at(signs_from), retired_at: retired_at.map(at) }
    }

    #[test]
    fn a_key_follows_another_without_a_token_being_refused() {
        // Rotated at 1,000: the new key signs from 1,060 on.
        let before = AccessTokens::with_keys(&[key(1, 0, None)]).unwrap();
        let after =
            AccessTokens::with_keys(&[key(1, 0, Some(1_060)), key(2, 1_060, None)]).unwrap();
        let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
        let issue = |second| after.issue(&wang(), session(), at(second)).unwrap();
        assert_eq!(kid(&issue(1_059)), key(1, 0, None).kid());
        assert_eq!(kid(&issue(1_060)), key(2, 0, None).kid());

        let old = before.issue(&wang(), session(), at(1_059)).unwrap();
        assert!(after.verify(&old, at(1_958)).is_ok());
        assert_eq!(after.verify(&old, at(1_959)), Err(AccessTokenError::Expired));
        // Long after its time the key proves nothing any more, whatever a token says of itself.
        let late = before.issue(&wang(), session(), at(2_100)).unwrap();
        assert_eq!(after.verify(&late, at(2_101)), Err(AccessTokenError::Invalid));
    }

    #[test]
    fn before_every_keys_time_the_oldest_signs_and_without_keys_nobody() {
        let tokens = AccessTokens::with_keys(&[key(2, 200, None), key(1, 100, None)]).unwrap();
        let token = tokens.issue(&wang(), session(), at(50)).unwrap();
        let kid = jsonwebtoken::decode_header(&token).unwrap().kid;
        assert_eq!(kid, Some(key(1, 0, None).kid()));
        assert!(matches!(AccessTokens::with_keys(&[]), Err(IdentityError::NoSigningKey)));
    }

    #[test]
    fn a_token_cannot_give_itself_scopes_and_tells_of_its_second_factor() {
        let tokens = AccessTokens::new(&[1; 32]).unwrap();
        let mut claims = AccessClaims::new(&wang(), session(), true, at(1_000));
        claims.scopes = Some(vec!["everything".to_owned()]);
        let token = tokens.sign(&claims, at(1_000)).unwrap();
        let read = tokens.verify(&token, at(1_001)).unwrap();
        assert_eq!((read.second_factor, read.scopes.as_ref()), (true, None));
        assert!(!read.is_api_key() && claims.is_api_key());
        assert_eq!(read.issued_at(), at(1_000));
    }
}
