//! How a simulator is set up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

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
}

impl fmt::Debug for MerchantConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MerchantConfig")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The settings of a simulator; `Config::default()` suits development.
#[derive(Clone)]
pub struct Config {
    /// The merchants known; by default ECPay's public test merchant.
    pub merchants: Vec<MerchantConfig>,
    /// How long to wait before a notice that was not acknowledged is sent again. 5 minutes.
    pub retry_delay: Duration,
    /// How often a notice is sent at most. 5, as ECPay does.
    pub max_deliveries: u32,
    /// How long a shop may take to answer a notice. 10 seconds.
    pub callback_timeout: Duration,
    /// How many orders are remembered; the oldest are forgotten. 10,000.
    pub max_trades: usize,
    /// How many notices may wait to be sent; more are dropped and marked so. 10,000.
    pub max_pending_deliveries: usize,
    /// The time. The system's by default.
    pub clock: Clock,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            merchants: vec![MerchantConfig::public_test()],
            retry_delay: Duration::from_mins(5),
            max_deliveries: 5,
            callback_timeout: Duration::from_secs(10),
            max_trades: 10_000,
            max_pending_deliveries: 10_000,
            clock: system_clock(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("merchants", &self.merchants)
            .field("retry_delay", &self.retry_delay)
            .field("max_deliveries", &self.max_deliveries)
            .finish_non_exhaustive()
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the simulator asks the system")]
fn system_clock() -> Clock {
    Arc::new(Timestamp::now)
}
