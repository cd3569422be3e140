//! Callers in too much of a hurry are sent away.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;

use crate::config::RateLimit;
use crate::fault::Stage;
use crate::moment::Moment;
use crate::server::Shared;

/// How long the gate stays closed where no limit says so.
const PENALTY: Duration = Duration::from_mins(30);

/// What the calls of the last while have earned.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    calls: VecDeque<Moment>,
    /// Since when, and for how long.
    closed: Option<(Moment, Duration)>,
}

impl Gate {
    /// Counts a call; whether it may pass.
    pub(crate) fn admit(&mut self, limit: Option<RateLimit>, now: Timestamp) -> bool {
        if let Some((since, penalty)) = self.closed {
            if since.elapsed(now) < penalty {
                return false;
            }
            self.open();
        }
        let Some(limit) = limit else { return true };
        while self.calls.front().is_some_and(|call| call.elapsed(now) >= limit.per) {
            self.calls.pop_front();
        }
        if self.calls.len() >= limit.calls as usize {
            self.close(limit.penalty, now);
            return false;
        }
        self.calls.push_back(Moment::now(now));
        true
    }

    pub(crate) fn close(&mut self, penalty: Duration, now: Timestamp) {
        tracing::warn!("too many calls: the gate is closed");
        self.closed = Some((Moment::now(now), penalty));
    }

    pub(crate) fn open(&mut self) {
        *self = Self::default();
    }
}

/// Stands before everything a shop's server may call.
pub(crate) async fn guard(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let now = shared.now();
    let limit = shared.config.rate_limit;
    let throttled = !shared.store().take_faults(Stage::Call, "").is_empty();
    let admitted = {
        let mut gate = shared.gate();
        if throttled {
            gate.close(limit.map_or(PENALTY, |limit| limit.penalty), now);
        }
        gate.admit(limit, now)
    };
    if admitted {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "403 - Forbidden: Access is denied.").into_response()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn one_call_too_many_closes_it_for_half_an_hour() {
        let limit = Some(RateLimit {
            calls: 2,
            per: Duration::from_mins(1),
            penalty: Duration::from_mins(30),
        });
        let start: Timestamp = "2026-01-02T04:00:00Z".parse().unwrap();
        let mut gate = Gate::default();
        let mut at = |seconds| gate.admit(limit, start + SignedDuration::from_secs(seconds));
        let passed: Vec<bool> =
            [0, 59, 61, 62, 63, 61 + 1800, 62 + 1800].into_iter().map(&mut at).collect();
        // At 61 s the first one is forgotten; at 62 s there were two within the minute.
        assert_eq!(passed, [true, true, true, false, false, false, true]);
        let mut free = Gate::default();
        assert!((0..1000).all(|_| free.admit(None, start)));
    }
}
