//! Who is asking.

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{header, request::Parts},
};
use axum_extra::extract::CookieJar;
use identity::{AccessClaims, ApiKey};
use jiff::Timestamp;
use kernel::{Actor, ErrorCode, id::UserId};

use super::{cookies, problem::Problem};
use crate::{AppState, access::permit::check_scopes};

/// The cookie with the access token, without the prefix it may have ([`cookies::name`]).
pub const ACCESS_COOKIE: &str = "oxcart_access";
/// The cookie with the refresh token, likewise.
pub const REFRESH_COOKIE: &str = "oxcart_refresh";

/// Whoever asks: somebody signed in, a program with an API key, or a guest.
///
/// A token that is not good is an error (401), and so is a browser whose access token has run out
/// while its refresh token has not: it would silently become a guest. It has to refresh first.
#[derive(Clone, Debug)]
pub struct Caller(pub Option<AccessClaims>);

/// Somebody signed in, or a program with an API key; guests get 401.
#[derive(Clone, Debug)]
pub struct SignedIn(pub AccessClaims);

/// Somebody signed in, in person. API keys get 403: what makes keys, passwords and sessions is out
/// of their reach, whatever their scopes say, or one that got out would make itself others.
#[derive(Clone, Debug)]
pub struct Person(pub AccessClaims);

impl Caller {
    /// The account, if there is one.
    pub fn user_id(&self) -> Option<UserId> {
        self.0.as_ref().map(|claims| claims.user_id)
    }

    /// As the author of a change.
    pub fn actor(&self) -> Actor {
        self.user_id().map_or(Actor::Guest, Actor::Customer)
    }
}

impl<S> FromRequestParts<S> for Caller
where
    AppState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let state = AppState::from_ref(state);
        let now = state.clock.now();
        if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
            let token = value.to_str().ok().and_then(bearer).ok_or_else(refused)?;
            let claims = if token.starts_with(ApiKey::PREFIX) {
                // Boxed, as the counting is: the requests of everybody else need not carry the room.
                Box::pin(by_api_key(&state, token, now)).await?
            } else {
                by_token(&state, token, now)?
            };
            return Box::pin(counted(&state, parts, claims)).await;
        }
        let jar = CookieJar::from_headers(&parts.headers);
        match cookies::read(&state, &jar, ACCESS_COOKIE) {
            Some(token) => {
                let claims = by_token(&state, token, now)?;
                Box::pin(counted(&state, parts, claims)).await
            }
            None if cookies::read(&state, &jar, REFRESH_COOKIE).is_some() => Err(refused()),
            None => Ok(Self(None)),
        }
    }
}

/// Whoever it is, unless their account has asked too often.
async fn counted(
    state: &AppState,
    parts: &mut Parts,
    claims: AccessClaims,
) -> Result<Caller, Problem> {
    check_scopes(parts, &claims)?;
    state.limits.count_account(&mut parts.extensions, claims.user_id).await?;
    Ok(Caller(Some(claims)))
}

fn refused() -> Problem {
    Problem::new(ErrorCode::AuthUnauthorized)
}

/// The token of an `Authorization` header.
pub fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// An access token that is ours, good, and not on the denylist.
pub fn by_token(state: &AppState, token: &str, now: Timestamp) -> Result<AccessClaims, Problem> {
    let claims = state.tokens.verify(token, now).map_err(|_| refused())?;
    if state.revocations.is_revoked(&claims) { Err(refused()) } else { Ok(claims) }
}

async fn by_api_key(
    state: &AppState,
    token: &str,
    now: Timestamp,
) -> Result<AccessClaims, Problem> {
    let key = ApiKey::parse(token).ok_or_else(refused)?;
    if let Some(owner) = state.key_cache().get(&key, now) {
        return Ok(AccessClaims::of_api_key(&owner, now));
    }
    let mut conn = state.db.acquire().await?;
    let owner = identity::api_key_owner(&mut conn, &key, now).await?;
    let owner = Arc::new(owner.ok_or_else(refused)?);
    state.key_cache().put(&key, &owner, now);
    Ok(AccessClaims::of_api_key(&owner, now))
}

impl<S> FromRequestParts<S> for SignedIn
where
    AppState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Caller(claims) = Caller::from_request_parts(parts, state).await?;
        claims.map(Self).ok_or_else(|| ErrorCode::AuthUnauthorized.into())
    }
}

impl<S> FromRequestParts<S> for Person
where
    AppState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let SignedIn(claims) = SignedIn::from_request_parts(parts, state).await?;
        if claims.is_api_key() {
            return Err(Problem::new(ErrorCode::Forbidden).detail("an API key cannot do this"));
        }
        Ok(Self(claims))
    }
}
