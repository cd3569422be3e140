//! A new pair of tokens for a refresh token.
//!
//! Using a token *retires* every unused token of its session and issues a new one. A retired token
//! that comes back was copied, by a thief or from one: the session ends, for both. Two exceptions
//! would be false alarms: two tabs that refresh in the same moment, and an answer lost on its way.
//! So a token that was retired by the *latest* retirement of its session, at most [`GRACE`] ago,
//! gets another new token; that one retires nothing, because which of the two the browser keeps is
//! not known. Whichever of them is used next retires the other.

use jiff::{SignedDuration, Timestamp};
use kernel::{Clock, Ids};
use pg::Connection;

use crate::{EndReason, IdentityError, RefreshToken, SignedIn, sql, start_session::expiry};

/// How long the token just retired is still good for a new one.
pub const GRACE: SignedDuration = SignedDuration::from_secs(10);

/// What became of a refresh token.
#[derive(Debug)]
pub enum Refreshed {
    /// A new pair.
    Granted(Box<SignedIn>),
    /// Unknown token, or its session is over: sign in again.
    Refused,
    /// The token was used before: its session has been ended. Commit, or the end is lost.
    Reused,
}

/// A refresh token and its session, as they are while the session's row is locked.
pub(crate) struct TokenState {
    /// When the token was retired.
    pub retired_at: Option<Timestamp>,
    /// When the session's latest retirement was.
    pub latest_retirement: Option<Timestamp>,
}

/// What to do with a token of a live session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// First use: retire the session's unused tokens, issue one.
    Rotate,
    /// Two tabs, or a lost answer: issue one more.
    Grace,
    /// A copy is about: end the session.
    Reuse,
}

impl TokenState {
    fn verdict(&self, now: Timestamp) -> Verdict {
        match self.retired_at {
            None => Verdict::Rotate,
            Some(at) if Some(at) == self.latest_retirement && now.duration_since(at) <= GRACE => {
                Verdict::Grace
            }
            Some(_) => Verdict::Reuse,
        }
    }
}

/// Exchanges a refresh token for a new pair. Call it within a transaction, and commit whatever the
/// outcome.
pub async fn refresh(
    conn: &mut Connection,
    token: &RefreshToken,
    ids: &Ids,
    clock: &dyn Clock,
) -> Result<Refreshed, IdentityError> {
    let now = clock.now();
    // The lock makes refreshes of one session take turns; the state is read after it is held.
    let Some(session) = sql::lock_live_session_of(conn, token, now).await? else {
        return Ok(Refreshed::Refused);
    };
    let Some(state) = sql::token_state(conn, token).await? else { return Ok(Refreshed::Refused) };
    match state.verdict(now) {
        Verdict::Reuse => {
            sql::end_session(conn, session.id, EndReason::TokenReused, now).await?;
            tracing::warn!(session.id = %session.id, "refresh token reused: session ended");
            return Ok(Refreshed::Reused);
        }
        Verdict::Rotate => sql::retire_tokens(conn, session.id, now).await?,
        Verdict::Grace => {}
    }
    let Some(user) = sql::active_user(conn, session.user_id).await? else {
        return Ok(Refreshed::Refused);
    };
    let refresh_token = RefreshToken::new(ids);
    let expires_at = expiry(now);
    sql::insert_refresh_token(conn, &refresh_token, session.id, now).await?;
    sql::touch_session(conn, session.id, now, expires_at).await?;
    let (session_id, second_factor) = (session.id, session.second_factor);
    let signed_in = SignedIn { user, session_id, refresh_token, expires_at, second_factor };
    Ok(Refreshed::Granted(Box::new(signed_in)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_fresh_token_rotates_and_a_retired_one_has_ten_seconds() {
        let state = |retired, latest| TokenState { retired_at: retired, latest_retirement: latest };
        let cases = [
            (state(None, None), Verdict::Rotate),
            (state(None, Some(at(99))), Verdict::Rotate),
            (state(Some(at(90)), Some(at(90))), Verdict::Grace),
            (state(Some(at(89)), Some(at(89))), Verdict::Reuse),
            (state(Some(at(95)), Some(at(99))), Verdict::Reuse),
        ];
        for (state, expected) in cases {
            assert_eq!(state.verdict(at(100)), expected);
        }
    }

    proptest! {
        #[test]
        fn grace_is_only_for_the_latest_and_only_briefly(retired in 0..200_i64, later in 0..200_i64, now in 0..200_i64) {
            let state = TokenState {
                retired_at: Some(at(retired)),
                latest_retirement: Some(at(retired + later)),
            };
            let graced = state.verdict(at(retired + now)) == Verdict::Grace;
            prop_assert_eq!(graced, later == 0 && now <= 10);
        }
    }
}
