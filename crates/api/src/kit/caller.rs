//! Who is asking.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{header, request::Parts},
};
use axum_extra::extract::CookieJar;
use identity::{AccessClaims, Role};
use kernel::{Actor, ErrorCode, id::UserId};

use super::problem::Problem;
use crate::AppState;

/// The cookie with the access token.
pub const ACCESS_COOKIE: &str = "oxcart_access";
/// The cookie with the refresh token.
pub const REFRESH_COOKIE: &str = "oxcart_refresh";

/// Whoever asks: somebody signed in, or a guest.
///
/// A token that is not good is an error (401), and so is a browser whose access token has run out
/// while its refresh token has not: it would silently become a guest. It has to refresh first.
#[derive(Clone, Debug)]
pub struct Caller(pub Option<AccessClaims>);

/// Somebody signed in; guests get 401.
#[derive(Clone, Debug)]
pub struct SignedIn(pub AccessClaims);

/// Somebody of the shop; others get 401 or 403.
#[derive(Clone, Debug)]
pub struct Staff(pub AccessClaims);

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

impl Staff {
    /// As the author of a change.
    pub const fn actor(&self) -> Actor {
        Actor::Staff(self.0.user_id)
    }

    /// Whether this person has one of these roles; administrators have all of them.
    pub fn require(&self, roles: &[Role]) -> Result<(), Problem> {
        let allowed = self.0.roles.iter().any(|role| *role == Role::Admin || roles.contains(role));
        if allowed { Ok(()) } else { Err(ErrorCode::Forbidden.into()) }
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
        let refused = || Problem::new(ErrorCode::AuthUnauthorized);
        let bearer = parts.headers.get(header::AUTHORIZATION);
        let jar = CookieJar::from_headers(&parts.headers);
        let token = match bearer {
            Some(value) => {
                let value = value.to_str().map_err(|_| refused())?;
                let token = value
                    .split_once(' ')
                    .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
                token.map(|(_, token)| token.trim().to_owned()).ok_or_else(refused)?
            }
            None => match jar.get(ACCESS_COOKIE) {
                Some(cookie) => cookie.value().to_owned(),
                None if jar.get(REFRESH_COOKIE).is_some() => return Err(refused()),
                None => return Ok(Self(None)),
            },
        };
        let claims = state.tokens.verify(&token, state.clock.now()).map_err(|_| refused())?;
        Ok(Self(Some(claims)))
    }
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

impl<S> FromRequestParts<S> for Staff
where
    AppState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let SignedIn(claims) = SignedIn::from_request_parts(parts, state).await?;
        if claims.roles.is_empty() {
            return Err(ErrorCode::Forbidden.into());
        }
        Ok(Self(claims))
    }
}
