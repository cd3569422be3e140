//! The password once more, from somebody who is signed in: a browser left open must not be enough
//! for what would lock its owner out.

use std::net::IpAddr;

use identity::{AttemptKey, Verified};
use kernel::{ErrorCode, id::UserId};

use crate::{
    AppState,
    kit::Problem,
    storefront::auth::{problem, too_many},
};

/// Checks it. Guesses are counted for the account and the address together, as at sign-in.
pub async fn check(
    state: &AppState,
    user: UserId,
    ip: Option<IpAddr>,
    password: String,
) -> Result<Verified, Problem> {
    let key = AttemptKey::again(user, ip);
    state.sign_ins().begin(key, state.clock.now()).map_err(too_many)?;
    let credentials = {
        let mut conn = state.db.acquire().await?;
        identity::credentials_of(&mut conn, user).await?
    };
    // The connection went back: none waits while the password is hashed.
    match state.passwords.verify(credentials, password).await {
        Ok(Some(verified)) => {
            state.sign_ins().clear(key);
            Ok(verified)
        }
        Ok(None) => Err(ErrorCode::AuthInvalidCredentials.into()),
        Err(error) => {
            state.sign_ins().forgive(key);
            Err(problem(error))
        }
    }
}
