//! The shop's own keys, the tokens that are refused, and the policies that count: read before
//! anybody is answered.

use std::sync::Arc;

use access::Guardian;
use anyhow::{Context as _, Result};
use identity::{AccessTokens, Revocations, SecondFactors};

use crate::compose::Base;

/// What signing in and being recognised need. Shown nowhere: hence no `Debug`.
#[derive(Clone)]
pub struct Keys {
    /// Signs and checks access tokens.
    pub tokens: AccessTokens,
    /// The denylist.
    pub revocations: Arc<Revocations>,
    /// The policies that count.
    pub guardian: Guardian,
    /// Seals the secrets of authenticator apps.
    pub second_factors: SecondFactors,
    /// Behind the links with which guests read their orders.
    pub order: [u8; 32],
    /// Signs the challenges before an order.
    pub challenge: [u8; 32],
    /// Seals the secrets of webhooks.
    pub webhook: [u8; 32],
}

impl Keys {
    /// Reads them; what the shop has not yet, it makes.
    pub async fn read(base: &Base) -> Result<Self> {
        let (ids, now) = (&base.ids, base.clock.now());
        let mut conn = base.db.acquire().await?;
        let signing = identity::signing_keys(&mut conn, ids, now).await?;
        let sealing = identity::secret(&mut conn, identity::SECOND_FACTOR_KEY, ids, now).await?;
        let order = identity::secret(&mut conn, identity::ORDER_ACCESS_KEY, ids, now).await?;
        let challenge = identity::secret(&mut conn, identity::CHALLENGE_KEY, ids, now).await?;
        let webhook = identity::secret(&mut conn, identity::WEBHOOK_KEY, ids, now).await?;
        let guardian = Guardian::open(&mut conn).await.context("the policies cannot be read")?;
        let revocations = Revocations::new();
        revocations.refresh(&mut conn, now).await?;
        Ok(Self {
            tokens: AccessTokens::with_keys(&signing)?,
            revocations: Arc::new(revocations),
            guardian,
            second_factors: SecondFactors::new(&sealing),
            order,
            challenge,
            webhook,
        })
    }
}
