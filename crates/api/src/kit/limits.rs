//! Who may ask how often: rate limits by class of route, for each address and for each account.
//!
//! An address is counted before anything else is done for its request, an account as soon as its
//! token has been checked. Counting one takes a look at one map, well below a microsecond; only with
//! Redis is anybody waited for. The numbers are in [`Class`], with the reasons.

mod class;
mod stamp;
#[cfg(test)]
mod tests;

use std::{convert::Infallible, net::IpAddr, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{Extensions, HeaderMap, Method, request::Parts},
};
use kernel::{ErrorCode, Networks, id::UserId};
use ports::rate_limit::{Decision, HandClock, NoRedis, Policy, RateLimiter};
use telemetry::{Metrics, prometheus::IntCounterVec};

pub use self::class::Class;
pub(super) use self::stamp::Stamp;
use super::{client_ip::Trust, problem::Problem};

/// Whom to believe, and whom to spare.
#[derive(Clone, Debug, Default)]
pub struct Whom {
    /// Who may say for whom they ask.
    pub trust: Trust,
    /// Networks that no limit concerns.
    pub exempt: Networks,
}

/// The limits. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Limits(Arc<Rules>);

#[derive(Debug)]
struct Rules {
    whom: Whom,
    /// None: nobody is limited.
    limiter: Option<RateLimiter>,
    refused: Option<IntCounterVec>,
}

/// What is known about whoever sent a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Visit {
    /// The address; unknown where no connection is.
    pub client: Option<IpAddr>,
    /// Whether limits spare it.
    pub spared: bool,
    class: Option<Class>,
    /// Whether the account was counted.
    counted: bool,
}

impl Visit {
    /// Of the request with these extensions.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().copied().unwrap_or_default()
    }

    /// What has to be counted before it may go on.
    pub(super) fn to_count(self) -> Option<Count> {
        let client = self.client.filter(|_| !self.spared)?;
        Some(Count { class: self.class?, subject: bucket_of(client) })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
}

/// What is counted: which bucket of which policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count {
    class: Class,
    subject: u128,
}

impl Limits {
    /// Nobody is limited, and nobody is believed. For tests and tools.
    pub fn off() -> Self {
        Self::made_of(Whom::default(), None, None)
    }

    /// Each server counts for itself.
    pub fn in_process(whom: Whom, metrics: &Metrics) -> Self {
        Self::made_of(whom, Some(RateLimiter::in_process(&policies())), Some(metrics))
    }

    /// Servers count together in the Redis at `url`.
    pub fn shared(whom: Whom, url: &str, metrics: &Metrics) -> Result<Self, NoRedis> {
        let limiter = RateLimiter::shared(&policies(), url)?;
        Ok(Self::made_of(whom, Some(limiter), Some(metrics)))
    }

    /// By a clock that tests move.
    pub fn by_hand(whom: Whom, clock: &HandClock) -> Self {
        Self::made_of(whom, Some(RateLimiter::by_hand(&policies(), clock)), None)
    }

    fn made_of(whom: Whom, limiter: Option<RateLimiter>, metrics: Option<&Metrics>) -> Self {
        let (name, help) = ("oxcart_rate_limited_total", "Requests refused by a rate limit");
        let counters = metrics.map(|it| it.counters(name, help, &["class", "subject"]));
        // Two APIs in one process would count together; there is one.
        let refused = counters.and_then(|made| {
            made.inspect_err(|error| tracing::warn!(%error, "refusals are not counted")).ok()
        });
        Self(Arc::new(Rules { whom, limiter, refused }))
    }

    /// Whom these limits believe.
    pub fn trust(&self) -> &Trust {
        &self.0.whom.trust
    }

    /// Who sent a request, and what it is.
    pub(super) fn visit(
        &self,
        method: &Method,
        path: &str,
        peer: Option<IpAddr>,
        headers: &HeaderMap,
    ) -> Visit {
        let Rules { whom, limiter, .. } = &*self.0;
        let client = whom.trust.client(peer, headers);
        let spared = client.is_some_and(|client| whom.exempt.contains(client));
        let class = limiter.as_ref().and_then(|_| Class::of(method, path));
        Visit { client, spared, class, counted: false }
    }

    /// Whether counting takes time, because others are asked.
    pub(super) fn takes_time(&self) -> bool {
        self.0.limiter.as_ref().is_some_and(RateLimiter::is_shared)
    }

    /// Counts an address; asks nobody.
    pub(super) fn count(&self, count: Count) -> Stamp {
        let place = place_of_address(count.class);
        let decision = self.0.limiter.as_ref().map(|it| it.check(place, count.subject));
        self.stamp(count.class, decision)
    }

    /// Counts an address, together with the other servers.
    pub(super) async fn count_shared(&self, count: Count) -> Stamp {
        let place = place_of_address(count.class);
        let decision = match &self.0.limiter {
            Some(limiter) => Some(limiter.check_shared(place, count.subject).await),
            None => None,
        };
        self.stamp(count.class, decision)
    }

    fn stamp(&self, class: Class, decision: Option<Decision>) -> Stamp {
        let stamp = Stamp::new(class.name(), class.per_address(), decision);
        if stamp.is_refusal() {
            self.note(class, "address");
        }
        stamp
    }

    /// Counts the request of an account whose token was checked, once, and refuses it when it is
    /// one too many.
    pub async fn count_account(
        &self,
        extensions: &mut Extensions,
        account: UserId,
    ) -> Result<(), Problem> {
        let Some(visit) = extensions.get_mut::<Visit>() else { return Ok(()) };
        let Some(limiter) = &self.0.limiter else { return Ok(()) };
        let Some(class) = visit.class.filter(|_| !visit.spared && !visit.counted) else {
            return Ok(());
        };
        visit.counted = true;
        let Some(quota) = class.per_account() else { return Ok(()) };
        let place = place_of_account(class);
        let decision = limiter.check_shared(place, account.as_uuid().as_u128()).await;
        let stamp = Stamp::new(class.account_name(), quota, Some(decision));
        if stamp.is_refusal() {
            self.note(class, "account");
            return Err(stamp.problem());
        }
        Ok(())
    }

    fn note(&self, class: Class, subject: &str) {
        if let Some(refused) = &self.0.refused {
            refused.with_label_values(&[class.name(), subject]).inc();
        }
    }
}

/// The policies of addresses, then those of accounts.
fn policies() -> Vec<Policy> {
    let of_addresses = Class::ALL
        .into_iter()
        .map(|class| Policy { name: class.name(), quota: class.per_address() });
    let of_accounts = Class::ALL.into_iter().map(|class| Policy {
        name: class.account_name(),
        quota: class.per_account().unwrap_or_else(|| class.per_address()),
    });
    of_addresses.chain(of_accounts).collect()
}

const fn place_of_address(class: Class) -> usize {
    class as usize
}

const fn place_of_account(class: Class) -> usize {
    Class::ALL.len() + class as usize
}

/// An IPv4 address, or the /64 of an IPv6 address, which is what one line or one host gets.
const fn bucket_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits() & !(u64::MAX as u128),
    }
}

impl Stamp {
    /// The refusal of a request that is one too many.
    pub(super) fn problem(&self) -> Problem {
        let mut problem = Problem::new(ErrorCode::RateLimited);
        for (name, value) in self.headers() {
            problem = problem.header(name, value);
        }
        problem
    }
}
