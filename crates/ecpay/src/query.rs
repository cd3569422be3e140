//! Asking ECPay about an order: `QueryTradeInfo/V5`.
//!
//! Building the request and reading the reply only; sending it is the caller's. No answer means
//! nothing: ask again.

use jiff::Timestamp;

use crate::check_mac::Algorithm;
use crate::form::Fields;
use crate::merchant::{Environment, Merchant, MerchantTradeNo};
use crate::notice::{NoticeError, amount, optional_time, trade_number, verified_fields};
use crate::request::{Draft, SignedRequest};

/// A signed query, to be posted as a form within three minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeInfoQuery {
    /// The address to post to.
    pub url: String,
    /// The body, `application/x-www-form-urlencoded`.
    pub body: String,
}

impl TradeInfoQuery {
    /// Asks about one number. `now` is signed, and ECPay refuses it when it is more than three
    /// minutes off, so make a new query for each try.
    pub fn new(
        merchant_trade_no: &MerchantTradeNo,
        now: Timestamp,
        merchant: &Merchant,
        environment: &Environment,
    ) -> Self {
        let url = environment.query_trade_info_url();
        let SignedRequest { url, body } = about_order(merchant_trade_no, now, merchant, url);
        Self { url, body }
    }
}

/// The request that both queries about an order make.
pub(crate) fn about_order(
    merchant_trade_no: &MerchantTradeNo,
    now: Timestamp,
    merchant: &Merchant,
    url: String,
) -> SignedRequest {
    Draft::new(merchant)
        .field("MerchantTradeNo", merchant_trade_no.as_str())
        .field("TimeStamp", now.as_second().to_string())
        .platform()
        .sign(Algorithm::Sha256, url)
}

/// The state of an order at ECPay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TradeStatus {
    /// `0`: made, not paid.
    Unpaid,
    /// `1`: paid.
    Paid,
    /// `10200095`: payment failed, or the buyer did not finish. `10200163`: it was not granted to
    /// be paid later (BNPL).
    Failed,
    /// `10200047`: ECPay knows no such order.
    NotFound,
    /// Anything else.
    Other(String),
}

/// A verified reply to a [`TradeInfoQuery`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeInfo {
    /// The merchant's number that was asked about.
    pub merchant_trade_no: MerchantTradeNo,
    /// ECPay's number; empty when there is no such order.
    pub trade_no: String,
    /// The amount in whole New Taiwan dollars; 0 when there is no such order.
    pub amount: u32,
    /// The state.
    pub status: TradeStatus,
    /// How it was paid; empty until it is.
    pub payment_type: String,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// When the order was made at ECPay.
    pub traded_at: Option<Timestamp>,
    fields: Fields,
}

/// Why a reply is not believed. It says nothing about the order then: ask again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Not a signed reply for this merchant; ECPay answers an expired `TimeStamp`, for one, with
    /// a plain sentence.
    #[error("not a signed reply: {0}")]
    Reply(#[from] NoticeError),
    /// The reply is about another order.
    #[error("the reply is about order {0}")]
    OtherOrder(MerchantTradeNo),
}

impl TradeInfo {
    /// Reads a reply and believes it only if it is signed by and for `merchant` and about the
    /// order that was asked about. The reply is **not** percent-encoded.
    pub fn verify(
        reply: &[u8],
        merchant: &Merchant,
        asked: &MerchantTradeNo,
    ) -> Result<Self, QueryError> {
        let fields = Fields::from_unencoded(reply).map_err(NoticeError::Form)?;
        let fields = verified_fields(fields, merchant)?;
        let merchant_trade_no = trade_number(&fields)?;
        if merchant_trade_no != *asked {
            return Err(QueryError::OtherOrder(merchant_trade_no));
        }
        let status = fields.get("TradeStatus").ok_or(NoticeError::Missing("TradeStatus"))?;
        Ok(Self {
            merchant_trade_no,
            trade_no: fields.get("TradeNo").unwrap_or_default().to_owned(),
            amount: amount(&fields)?,
            status: match status {
                "0" => TradeStatus::Unpaid,
                "1" => TradeStatus::Paid,
                "10200095" | "10200163" => TradeStatus::Failed,
                "10200047" => TradeStatus::NotFound,
                other => TradeStatus::Other(other.to_owned()),
            },
            payment_type: fields.get("PaymentType").unwrap_or_default().to_owned(),
            paid_at: optional_time(&fields, "PaymentDate")?,
            traded_at: optional_time(&fields, "TradeDate")?,
            fields,
        })
    }

    /// Whether the order is paid, with exactly this amount.
    pub fn is_paid(&self, expected_amount: u32) -> bool {
        self.status == TradeStatus::Paid && self.amount == expected_amount
    }

    /// Everything that came, all of it covered by the signature.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }
}
