//! How a simulator is set up.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::method::Method;

/// Tells the time that orders, payments and queries are dated with.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A merchant the simulator knows.
#[derive(Clone)]
pub struct MerchantConfig {
    /// The merchant number.
    pub id: String,
    /// The name on the payment page.
    pub name: String,
    /// The hash key.
    pub hash_key: String,
    /// The hash IV.
    pub hash_iv: String,
}

impl MerchantConfig {
    /// ECPay's public test merchant, which every new shop begins with.
    pub fn public_test() -> Self {
        Self {
            id: "3002607".into(),
            name: "綠界測試特店".into(),
            hash_key: "pwFHCqoQZGmho4w6".into(),
            hash_iv: "EkRm7iFT261dpevs".into(),
        }
    }

    /// Whose keys are not known: what a merchant is between the disk and the configuration.
    pub(crate) fn nobody() -> Self {
        let empty = String::new;
        Self { id: empty(), name: empty(), hash_key: empty(), hash_iv: empty() }
    }
}

impl fmt::Debug for MerchantConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MerchantConfig")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// How fast a shop's server may ask. ECPay does not publish its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// So many calls …
    pub calls: u32,
    /// … within this time. One more closes the gate:
    pub per: Duration,
    /// for this long every call is answered with HTTP 403.
    pub penalty: Duration,
}

/// The settings of a simulator; `Config::default()` suits development.
#[derive(Clone)]
pub struct Config {
    /// The merchants known; by default ECPay's public test merchant.
    pub merchants: Vec<MerchantConfig>,
    /// The methods the merchants have contracts for; by default [`Method::USUAL`].
    pub methods: Vec<Method>,
    /// The amounts taken, in whole TWD, where they are not the ones that ECPay publishes for
    /// merchants without a contract: card 5 to 199,999, ATM and `WebATM` 11 to 49,999, CVS 33 to
    /// 6,000, BARCODE 17 to 20,000, BNPL from 3,000.
    pub limits: BTreeMap<Method, RangeInclusive<u32>>,
    /// How long to wait before a notice that was not acknowledged is sent again: this long at
    /// first, then twice, and from the third time on three times as long. 5 minutes, which makes
    /// ECPay's 5 to 15; shorter for tests.
    pub retry_delay: Duration,
    /// How often a notice is sent at most. 5, as ECPay does.
    pub max_deliveries: u32,
    /// How long a shop may take to answer a notice. 10 seconds.
    pub callback_timeout: Duration,
    /// How many orders are remembered; the oldest are forgotten. 10,000.
    pub max_trades: usize,
    /// How many notices may wait to be sent; more are dropped and marked so. 10,000.
    pub max_pending_deliveries: usize,
    /// How fast a shop's server may ask; none: as fast as it likes. 600 calls a minute, else 30
    /// minutes of 403.
    pub rate_limit: Option<RateLimit>,
    /// How long a shop has to wait between two reconciliation files. 1 minute, as at ECPay.
    pub file_interval: Duration,
    /// Whether authorised cards are captured by themselves, daily at 20:15. Yes.
    pub auto_capture: bool,
    /// The merchant's check code (`CreditCheckCode`) for card queries; none: any number will do.
    pub credit_check_code: Option<u32>,
    /// Where orders and notices are kept over a restart; none: they are forgotten.
    pub directory: Option<PathBuf>,
    /// The time. The system's by default.
    pub clock: Clock,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            merchants: vec![MerchantConfig::public_test()],
            methods: Method::USUAL.to_vec(),
            limits: BTreeMap::new(),
            retry_delay: Duration::from_mins(5),
            max_deliveries: 5,
            callback_timeout: Duration::from_secs(10),
            max_trades: 10_000,
            max_pending_deliveries: 10_000,
            rate_limit: Some(RateLimit {
                calls: 600,
                per: Duration::from_mins(1),
                penalty: Duration::from_mins(30),
            }),
            file_interval: Duration::from_mins(1),
            auto_capture: true,
            credit_check_code: None,
            directory: None,
            clock: system_clock(),
        }
    }
}

impl Config {
    /// The amounts a method takes.
    pub(crate) fn limits_of(&self, method: Method) -> RangeInclusive<u32> {
        self.limits.get(&method).cloned().unwrap_or_else(|| method.published_limits())
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("merchants", &self.merchants)
            .field("methods", &self.methods)
            .field("retry_delay", &self.retry_delay)
            .field("max_deliveries", &self.max_deliveries)
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the simulator asks the system")]
fn system_clock() -> Clock {
    Arc::new(Timestamp::now)
}
