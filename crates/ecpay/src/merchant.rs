//! Who is paid, and where the requests go.

use std::fmt;
use std::str::FromStr;

use crate::check_mac::{Algorithm, HashKeys, KeysError};

/// Why a merchant's credentials were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MerchantError {
    /// A merchant number is 1 to 10 ASCII letters or digits.
    #[error("an ECPay MerchantID is 1 to 10 letters or digits")]
    InvalidId,
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// A platform number is 1 to 10 ASCII letters or digits.
    #[error("an ECPay PlatformID is 1 to 10 letters or digits")]
    InvalidPlatform,
}

/// A merchant's number (特店編號) and keys. `Debug` masks the keys.
///
/// ```
/// let merchant = ecpay::Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs")?;
/// assert_eq!(
///     format!("{merchant:?}"),
///     r#"Merchant { id: "3002607", platform_id: None, keys: HashKeys(****) }"#
/// );
/// # Ok::<(), ecpay::MerchantError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Merchant {
    id: String,
    platform_id: Option<String>,
    keys: HashKeys,
}

impl Merchant {
    /// A merchant by number, hash key and hash IV.
    pub fn new(id: &str, hash_key: &str, hash_iv: &str) -> Result<Self, MerchantError> {
        let id = number(id).ok_or(MerchantError::InvalidId)?;
        Ok(Self { id, platform_id: None, keys: HashKeys::new(hash_key, hash_iv)? })
    }

    /// The same merchant below a platform (平台商): `PlatformID` goes with every request that takes
    /// it, and the keys must be the platform's.
    pub fn on_platform(mut self, platform_id: &str) -> Result<Self, MerchantError> {
        self.platform_id = Some(number(platform_id).ok_or(MerchantError::InvalidPlatform)?);
        Ok(self)
    }

    /// The merchant number.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The number of the platform that the merchant is on, if any.
    pub fn platform_id(&self) -> Option<&str> {
        self.platform_id.as_deref()
    }

    /// The keys, for products that do not sign with SHA-256.
    pub fn keys(&self) -> &HashKeys {
        &self.keys
    }

    /// Signs a payment message (SHA-256).
    pub fn sign<'a>(&self, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
        self.keys.sign(Algorithm::Sha256, fields)
    }

    /// Checks the signature of a payment message (SHA-256) in constant time.
    pub fn verify<'a>(
        &self,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
        received: &str,
    ) -> bool {
        self.keys.verify(Algorithm::Sha256, fields, received)
    }
}

/// A merchant's or platform's number, without white space around it.
fn number(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = (1..=10).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then(|| text.to_owned())
}

/// Which of ECPay's servers to talk to. It decides every host at once, so that stage and
/// production cannot be mixed.
///
/// ```
/// use ecpay::Environment;
///
/// let environment: Environment = "production".parse()?;
/// assert_eq!(
///     environment.checkout_url(),
///     "https://payment.ecpay.com.tw/Cashier/AioCheckOut/V5"
/// );
/// # Ok::<(), ecpay::EnvironmentError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Environment {
    /// ECPay's public sandbox.
    Stage,
    /// Real money.
    Production,
    /// Another server speaking the same protocol: a simulator, a proxy.
    Custom(BaseUrl),
}

impl Environment {
    /// An environment under a base address such as `http://127.0.0.1:8081`.
    pub fn custom(base: &str) -> Result<Self, EnvironmentError> {
        BaseUrl::new(base).map(Self::Custom)
    }

    /// Scheme and host of the payment servers, without a slash at the end.
    pub fn payment_base(&self) -> &str {
        match self {
            Self::Stage => "https://payment-stage.ecpay.com.tw",
            Self::Production => "https://payment.ecpay.com.tw",
            Self::Custom(base) => base.as_str(),
        }
    }

    /// Scheme and host of the merchant's back office (reconciliation files), without a slash.
    pub fn vendor_base(&self) -> &str {
        match self {
            Self::Stage => "https://vendor-stage.ecpay.com.tw",
            Self::Production => "https://vendor.ecpay.com.tw",
            Self::Custom(base) => base.as_str(),
        }
    }

    /// Where the buyer's browser posts the checkout form.
    pub fn checkout_url(&self) -> String {
        format!("{}/Cashier/AioCheckOut/V5", self.payment_base())
    }

    /// Where an order is queried.
    pub fn query_trade_info_url(&self) -> String {
        format!("{}/Cashier/QueryTradeInfo/V5", self.payment_base())
    }

    /// Where the payment code of an order is queried.
    pub fn query_payment_info_url(&self) -> String {
        format!("{}/Cashier/QueryPaymentInfo", self.payment_base())
    }

    /// Where one card transaction is queried. ECPay offers it in production only.
    pub fn query_card_trade_url(&self) -> String {
        format!("{}/CreditDetail/QueryTrade/V2", self.payment_base())
    }

    /// Where a card transaction is captured, refunded, or given up. ECPay's stage host answers,
    /// but has no authorisations to act on.
    pub fn card_action_url(&self) -> String {
        format!("{}/CreditDetail/DoAction", self.payment_base())
    }

    /// Where the file of all trades (特店對帳媒體檔) is downloaded: the back office's host.
    pub fn trades_file_url(&self) -> String {
        format!("{}/PaymentMedia/TradeNoAio", self.vendor_base())
    }

    /// Where the file of card payouts (信用卡撥款對帳資料檔) is downloaded. Production only.
    pub fn funding_file_url(&self) -> String {
        format!("{}/CreditDetail/FundingReconDetail", self.payment_base())
    }

    /// Whether real money moves. Outside it, notices with `SimulatePaid=1` may be let through.
    pub fn is_production(&self) -> bool {
        matches!(self, Self::Production)
    }
}

impl FromStr for Environment {
    type Err = EnvironmentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "stage" => Ok(Self::Stage),
            "production" => Ok(Self::Production),
            other => Self::custom(other),
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stage => f.write_str("stage"),
            Self::Production => f.write_str("production"),
            Self::Custom(base) => f.write_str(base.as_str()),
        }
    }
}

/// Why a text names no environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an ECPay environment is `stage`, `production` or an http(s) base address, not `{0}`")]
pub struct EnvironmentError(String);

/// An `http` or `https` address without query and without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    fn new(text: &str) -> Result<Self, EnvironmentError> {
        let base = text.trim().trim_end_matches('/');
        let host = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://"));
        let sound = host.is_some_and(|host| {
            !host.is_empty()
                && !host.starts_with(['/', ':'])
                && host.chars().all(|c| c.is_ascii_graphic() && !"?#\"<>\\^`{|}@".contains(c))
        });
        if sound { Ok(Self(base.to_owned())) } else { Err(EnvironmentError(text.to_owned())) }
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no order number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a MerchantTradeNo is 1 to 20 ASCII letters or digits")]
pub struct InvalidTradeNo;

/// The merchant's number of one payment attempt (特店訂單編號): 1 to 20 ASCII letters or digits.
///
/// It must never have been used before by this merchant, and a failed or abandoned attempt burns
/// it: take a fresh one for each attempt.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MerchantTradeNo(String);

impl MerchantTradeNo {
    /// The most characters a number may have.
    pub const MAX_LENGTH: usize = 20;

    /// Checks and keeps a number.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidTradeNo> {
        let text = text.into();
        let fits = (1..=Self::MAX_LENGTH).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if fits { Ok(Self(text)) } else { Err(InvalidTradeNo) }
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MerchantTradeNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for MerchantTradeNo {
    type Err = InvalidTradeNo;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl AsRef<str> for MerchantTradeNo {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_choose_all_hosts_together() {
        let stage: Environment = "stage".parse().unwrap();
        assert_eq!(
            stage.checkout_url(),
            "https://payment-stage.ecpay.com.tw/Cashier/AioCheckOut/V5"
        );
        assert_eq!(stage.vendor_base(), "https://vendor-stage.ecpay.com.tw");
        assert!(!stage.is_production());
        assert!(Environment::Production.is_production());

        let own: Environment = "http://127.0.0.1:8081/".parse().unwrap();
        assert_eq!(own.checkout_url(), "http://127.0.0.1:8081/Cashier/AioCheckOut/V5");
        assert_eq!(own.query_trade_info_url(), "http://127.0.0.1:8081/Cashier/QueryTradeInfo/V5");
        assert_eq!(own.to_string(), "http://127.0.0.1:8081");
    }

    #[test]
    fn only_the_trades_file_comes_from_the_back_office() {
        let production = Environment::Production;
        for (url, path) in [
            (production.query_payment_info_url(), "/Cashier/QueryPaymentInfo"),
            (production.query_card_trade_url(), "/CreditDetail/QueryTrade/V2"),
            (production.card_action_url(), "/CreditDetail/DoAction"),
            (production.funding_file_url(), "/CreditDetail/FundingReconDetail"),
        ] {
            assert_eq!(url, format!("https://payment.ecpay.com.tw{path}"));
        }
        assert_eq!(
            production.trades_file_url(),
            "https://vendor.ecpay.com.tw/PaymentMedia/TradeNoAio"
        );
        let own = Environment::custom("http://localhost:1").unwrap();
        assert_eq!(own.trades_file_url(), "http://localhost:1/PaymentMedia/TradeNoAio");
    }

    #[test]
    fn nonsense_is_no_environment() {
        for text in ["", "prod", "Stage", "ftp://x", "http://", "https://a b", "http://a?b=c"] {
            assert!(text.parse::<Environment>().is_err(), "{text}");
        }
    }

    #[test]
    fn trade_numbers_are_short_and_plain() {
        assert!(MerchantTradeNo::new("ecpay20230312153023").is_ok());
        assert!(MerchantTradeNo::new("A".repeat(20)).is_ok());
        for bad in ["", "A-1", "訂單", "a b", &"A".repeat(21)] {
            assert_eq!(MerchantTradeNo::new(bad), Err(InvalidTradeNo), "{bad}");
        }
    }

    #[test]
    fn merchants_need_a_number_and_keys() {
        assert!(Merchant::new("3002607", "k", "v").is_ok());
        assert_eq!(Merchant::new("", "k", "v").unwrap_err(), MerchantError::InvalidId);
        assert_eq!(Merchant::new("12345678901", "k", "v").unwrap_err(), MerchantError::InvalidId);
        assert_eq!(
            Merchant::new("3002607", "", "v").unwrap_err(),
            MerchantError::Keys(KeysError::EmptyKey)
        );
        assert_eq!(
            Merchant::new("3002607", "k", "\u{3000}\n").unwrap_err(),
            MerchantError::Keys(KeysError::EmptyIv)
        );
    }

    #[test]
    fn platforms_have_numbers_of_the_same_form() {
        let merchant = Merchant::new("3002607", "k", "v").unwrap();
        assert_eq!(merchant.platform_id(), None);
        let merchant = merchant.on_platform(" 3002599\n").unwrap();
        assert_eq!(merchant.platform_id(), Some("3002599"));
        assert_eq!(merchant.on_platform("3002-599").unwrap_err(), MerchantError::InvalidPlatform);
    }
}
