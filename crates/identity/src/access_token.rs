//! Access tokens: short-lived signed statements of who is asking, checked without the database.

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, jwk::Jwk};
use kernel::id::{SessionId, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::{
    IdentityError,
    model::{Role, User},
};

const ISSUER: &str = "oxcart";
/// Servers whose clocks differ by less understand each other.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    iss: String,
    /// Who.
    #[serde(rename = "sub")]
    pub user_id: UserId,
    /// Which sign-in.
    #[serde(rename = "sid")]
    pub session_id: SessionId,
    /// What they may do.
    pub roles: Vec<Role>,
    /// What they are called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    iat: i64,
    exp: i64,
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

/// Signs and checks access tokens (JWT, Ed25519).
#[derive(Clone)]
pub struct AccessTokens {
    signing: EncodingKey,
    checking: DecodingKey,
    header: Header,
    validation: Validation,
}

impl std::fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessTokens").field("kid", &self.header.kid).finish_non_exhaustive()
    }
}

impl AccessTokens {
    /// How long a token is good.
    pub const LIFETIME: SignedDuration = SignedDuration::from_mins(15);

    /// With the secret [`ACCESS_TOKEN_KEY`](crate::ACCESS_TOKEN_KEY).
    pub fn new(seed: &[u8; 32]) -> Result<Self, IdentityError> {
        // PKCS #8 around the 32 bytes of an Ed25519 key (RFC 8410 §7).
        const PKCS8: [u8; 16] = [
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22,
            0x04, 0x20,
        ];
        let signing = EncodingKey::from_ed_der(&[&PKCS8[..], seed].concat());
        let public =
            Jwk::from_encoding_key(&signing, Algorithm::EdDSA).map_err(IdentityError::Signing)?;
        let checking = DecodingKey::from_jwk(&public).map_err(IdentityError::Signing)?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(key_id(seed));
        let mut validation = Validation::new(Algorithm::EdDSA);
        // The library would ask the machine's clock; `verify` asks the caller's.
        validation.validate_exp = false;
        validation.set_required_spec_claims(&["iss", "sub", "exp"]);
        validation.set_issuer(&[ISSUER]);
        Ok(Self { signing, checking, header, validation })
    }

    /// A token for somebody signed in, good from `now` on for [`LIFETIME`](Self::LIFETIME).
    pub fn issue(
        &self,
        user: &User,
        session_id: SessionId,
        now: Timestamp,
    ) -> Result<String, IdentityError> {
        let claims = AccessClaims {
            iss: ISSUER.to_owned(),
            user_id: user.id,
            session_id,
            roles: user.roles.clone(),
            name: Some(user.name.clone()),
            iat: now.as_second(),
            exp: now.as_second() + Self::LIFETIME.as_secs(),
        };
        jsonwebtoken::encode(&self.header, &claims, &self.signing).map_err(IdentityError::Signing)
    }

    /// What a token says, if it is ours and good at `now`.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, AccessTokenError> {
        let decoded = jsonwebtoken::decode::<AccessClaims>(token, &self.checking, &self.validation)
            .map_err(|_| AccessTokenError::Invalid)?;
        let claims = decoded.claims;
        if decoded.header.kid != self.header.kid || claims.iat > now.as_second() + SKEW.as_secs() {
            return Err(AccessTokenError::Invalid);
        }
        if claims.exp <= now.as_second() { Err(AccessTokenError::Expired) } else { Ok(claims) }
    }
}

/// A name for the key that tells nothing about it.
fn key_id(seed: &[u8; 32]) -> String {
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
        User {
            id: uuid::Uuid::from_u128(7).into(),
            email: Email::new("wang@example.com").unwrap(),
            name: "王小明".into(),
            roles: vec![Role::Ops],
        }
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
}
