//! What signing in answers, and the cookies it sets.

use axum_extra::extract::CookieJar;
use identity::{AccessTokens, SignedIn, User};
use jiff::Timestamp;
use kernel::{ErrorCode, id::UserId};
use pg::{DbError, Transaction};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem;
use crate::{
    AppState,
    kit::{
        Problem,
        caller::{ACCESS_COOKIE, REFRESH_COOKIE},
        cart_cookie, cookies,
    },
};

/// A person with an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView {
    /// Their id.
    pub id: UserId,
    /// Where mail reaches them.
    #[schema(example = "a@example.com")]
    pub email: String,
    /// What they are called.
    #[schema(example = "王小明")]
    pub name: String,
    /// What they may do in the back office: `ops`, `warehouse`, `admin`; customers have none.
    pub roles: Vec<&'static str>,
    /// Whether they have shown that they read the mail of that address.
    pub email_verified: bool,
    /// Their telephone; `null` when they gave none.
    #[schema(required, example = "0912345678")]
    pub phone: Option<String>,
    /// Whether signing in needs a second factor.
    pub second_factor: bool,
}

impl UserView {
    /// Somebody, with or without a second factor.
    pub fn new(user: &User, second_factor: bool) -> Self {
        Self {
            id: user.id,
            email: user.email.as_str().to_owned(),
            name: user.name.clone(),
            roles: user.roles.iter().map(|role| role.as_str()).collect(),
            email_verified: user.email_verified,
            phone: user.phone.clone(),
            second_factor,
        }
    }
}

/// Somebody is signed in. Browsers find the tokens in their cookies; programs send `access_token`
/// as `Authorization: Bearer …`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Session {
    /// Who is asking, for `expires_in` seconds.
    pub access_token: String,
    /// Seconds until the access token has to be refreshed.
    #[schema(example = 900)]
    pub expires_in: i64,
    /// Who.
    pub user: UserView,
}

/// Merges the guest's cart into the person's, commits, and answers with the session and its
/// cookies.
pub(super) async fn begin(
    state: &AppState,
    mut tx: Transaction,
    signed_in: &SignedIn,
    mut jar: CookieJar,
) -> Result<(CookieJar, Session), Problem> {
    if let Some(guest) = cart_cookie::guest(state, &jar) {
        let clock = &*state.clock;
        match cart::merge(&mut tx, guest, signed_in.user.id, &state.ids, clock).await {
            Ok(_) => jar = jar.add(cart_cookie::forget(state)),
            Err(cart::CartError::Db(error)) => return Err(error.into()),
            Err(error) => return Err(Problem::internal(&error)),
        }
    }
    tx.commit().await.map_err(DbError::from)?;
    issue(state, signed_in, jar)
}

/// The session of somebody signed in, and its cookies.
pub(super) fn issue(
    state: &AppState,
    signed_in: &SignedIn,
    jar: CookieJar,
) -> Result<(CookieJar, Session), Problem> {
    let now = state.clock.now();
    let user = &signed_in.user;
    let access_token = state.tokens.issue_to(signed_in, now).map_err(problem)?;
    let lasting = AccessTokens::LIFETIME;
    let refresh_token = signed_in.refresh_token.reveal();
    let jar = jar
        .add(cookies::keep(state, ACCESS_COOKIE, access_token.clone(), lasting))
        .add(cookies::keep(state, REFRESH_COOKIE, refresh_token, until(signed_in, now)));
    let expires_in = lasting.as_secs();
    // Whoever has a second factor has given it, or there would be no session.
    let user = UserView::new(user, signed_in.second_factor);
    Ok((jar, Session { access_token, expires_in, user }))
}

fn until(signed_in: &SignedIn, now: Timestamp) -> jiff::SignedDuration {
    signed_in.expires_at.duration_since(now)
}

/// Takes the session's cookies away.
pub(crate) fn forget(state: &AppState, jar: CookieJar) -> CookieJar {
    jar.add(cookies::drop(state, ACCESS_COOKIE)).add(cookies::drop(state, REFRESH_COOKIE))
}

/// The refusal of a sign-in: it does not tell which half was wrong.
pub(super) fn refused() -> Problem {
    Problem::new(ErrorCode::AuthInvalidCredentials)
}
