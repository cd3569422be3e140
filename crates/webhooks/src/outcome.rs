//! What follows from an attempt.

use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, Clock, Ids};
use pg::Connection;

use crate::{
    Endpoint, EndpointStatus, WebhookError,
    endpoints::{self, Cause},
    events,
    locks::{self, Claimed},
    model::{DeliveryMove, DeliveryStatus, EndpointMove, TEST, retry},
    send::Sent,
    sql,
};

/// What an attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It arrived.
    Arrived,
    /// It did not, and is tried again.
    Again,
    /// It did not, and that was the last time.
    GivenUp,
    /// Somebody else is at it: our lease had run out.
    Lost,
}

impl Outcome {
    /// Its word in metrics.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::Again => "again",
            Self::GivenUp => "given_up",
            Self::Lost => "lost",
        }
    }
}

/// Writes down what came of an attempt that began at `began`, and what follows: the next attempt, or
/// the end; and for the endpoint, that it works, that it fails, or that it is given up after failing
/// for `patience`.
pub(crate) async fn record(
    conn: &mut Connection,
    claimed: &Claimed,
    (began, sent): (Timestamp, &Sent),
    patience: SignedDuration,
    (ids, clock): (&Ids, &dyn Clock),
) -> Result<Outcome, WebhookError> {
    let now = clock.now();
    let is_test = claimed.kind == TEST;
    // The endpoint first: that is the order of locks.
    let failing = match (is_test, sent.arrived()) {
        (true, _) => None,
        (false, true) => {
            sql::endpoints::works(conn, claimed.endpoint).await?;
            None
        }
        (false, false) => fails(conn, claimed, ids, now).await?,
    };
    let attempts = claimed.attempt.saturating_sub(claimed.attempts_before);
    let pause = retry::pause_after(attempts, sent.wish, ids);
    let (asked, next) = match pause {
        _ if sent.arrived() => (DeliveryMove::Arrive, None),
        Some(pause) if !is_test && !sent.is_gone() => {
            let pause = SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX);
            (DeliveryMove::Retry, now.checked_add(pause).ok())
        }
        _ => (DeliveryMove::GiveUp, None),
    };
    let to = DeliveryStatus::Pending.after(asked)?;
    let (id, attempt) = (claimed.id, claimed.attempt);
    if !sql::deliveries::end_attempt(conn, id, attempt, to, next, now).await? {
        return Ok(Outcome::Lost);
    }
    sql::deliveries::insert_attempt(conn, id, attempt, began, sent).await?;
    if let Some(endpoint) = failing {
        let since = endpoint.failing_since.unwrap_or(now);
        if sent.is_gone() || now.duration_since(since) >= patience {
            let why = sent.error.as_deref().unwrap_or("no answer");
            disable(conn, &endpoint, why, (ids, clock)).await?;
        }
    }
    Ok(match asked {
        DeliveryMove::Arrive => Outcome::Arrived,
        DeliveryMove::Retry => Outcome::Again,
        DeliveryMove::GiveUp | DeliveryMove::Redeliver => Outcome::GivenUp,
    })
}

/// Notes that an attempt failed; the endpoint, locked, with this failure. None: it was removed.
async fn fails(
    conn: &mut Connection,
    claimed: &Claimed,
    ids: &Ids,
    now: Timestamp,
) -> Result<Option<Endpoint>, WebhookError> {
    let Some(before) = locks::endpoint(conn, claimed.endpoint).await? else { return Ok(None) };
    let endpoint = Endpoint {
        failures: before.failures.saturating_add(1),
        failing_since: before.failing_since.or(Some(now)),
        ..before
    };
    let rest = retry::rest_after(endpoint.failures, ids);
    let rest = rest.and_then(|rest| SignedDuration::try_from(rest).ok());
    let rests_until = rest.and_then(|rest| now.checked_add(rest).ok());
    sql::endpoints::fails(conn, &endpoint, rests_until).await?;
    Ok(Some(endpoint).filter(|it| it.status == EndpointStatus::Active))
}

/// Gives an endpoint up, and tells the world.
async fn disable(
    conn: &mut Connection,
    endpoint: &Endpoint,
    why: &str,
    (ids, clock): (&Ids, &dyn Clock),
) -> Result<(), WebhookError> {
    let cause = Cause { actor: Actor::System, reason: Some(why) };
    endpoints::transition(conn, endpoint, EndpointMove::Disable, cause, (ids, clock)).await?;
    let told = events::disabled(endpoint, why, clock, ids);
    outbox::append(conn, &[told]).await?;
    tracing::warn!(
        webhook = %endpoint.id, host = endpoint.host(), failures = endpoint.failures,
        "the webhook {} at {} was disabled: {why}", endpoint.id, endpoint.host()
    );
    Ok(())
}
