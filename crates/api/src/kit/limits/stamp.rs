//! What a counted request is told about its limit (draft-ietf-httpapi-ratelimit-headers):
//! `RateLimit-Policy: "read";q=600;w=20` and `RateLimit: "read";r=599;t=1`.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use ports::rate_limit::{Decision, Quota};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// A policy, and what was decided by it.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    name: &'static str,
    quota: Quota,
    /// Nothing when nobody is limited.
    decision: Option<Decision>,
}

impl Stamp {
    pub(super) const fn new(name: &'static str, quota: Quota, decision: Option<Decision>) -> Self {
        Self { name, quota, decision }
    }

    /// Whether the request is one too many.
    pub fn is_refusal(&self) -> bool {
        self.decision.is_some_and(|decision| !decision.allowed)
    }

    /// Tells it in an answer, unless that tells of another limit already: the one it was refused by.
    pub fn put(&self, headers: &mut HeaderMap) {
        if headers.contains_key(POLICY) {
            return;
        }
        for (name, value) in self.headers() {
            headers.insert(name, value);
        }
    }

    pub(super) fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let told = self.decision.map(|decision| {
            let retry = (!decision.allowed).then(|| HeaderValue::from(decision.retry_after));
            let (policy, limit) = (self.policy(), self.limit(&decision));
            [(POLICY, policy), (LIMIT, limit), (header::RETRY_AFTER, retry)]
        });
        told.into_iter().flatten().filter_map(|(name, value)| Some((name, value?)))
    }

    /// So many requests in so many seconds.
    fn policy(&self) -> Option<HeaderValue> {
        let window = self.quota.window().as_secs().max(1);
        HeaderValue::try_from(format!("\"{}\";q={};w={window}", self.name, self.quota.burst)).ok()
    }

    /// So many are left; so many seconds until there are more, all of them for one who is let in.
    fn limit(&self, decision: &Decision) -> Option<HeaderValue> {
        let seconds = if decision.allowed { decision.reset } else { decision.retry_after };
        let text = format!("\"{}\";r={};t={seconds}", self.name, decision.remaining);
        HeaderValue::try_from(text).ok()
    }
}
