//! One card transaction in detail: `CreditDetail/QueryTrade/V2`, and what the state words of
//! ECPay's card back office mean.
//!
//! ECPay offers this query in production only. Its reply is JSON and **unsigned**: what it says is
//! worth what the TLS connection is worth.

use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::amount::whole_dollars;
use crate::check_mac::Algorithm;
use crate::form::{Fields, MAX_BODY_BYTES};
use crate::merchant::{Environment, Merchant};
use crate::request::{Draft, SignedRequest};
use crate::taipei;

/// Why a card query cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CardQueryError {
    /// `CreditRefundId` is the `gwsr` of a payment, and 0 is none.
    #[error("the authorisation number is 0")]
    NoAuthorisation,
    /// The amount was 0.
    #[error("the amount is 0")]
    NoAmount,
}

/// A question about one card transaction.
///
/// ```
/// use ecpay::{CardQuery, Environment, Merchant};
///
/// let merchant = Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs")?;
/// let request = CardQuery::new(11_958_723, 2_900, 25_938_511)?
///     .request(&merchant, &Environment::Production);
/// assert_eq!(request.url, "https://payment.ecpay.com.tw/CreditDetail/QueryTrade/V2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CardQuery {
    refund_id: u64,
    amount: u32,
    check_code: u64,
}

impl CardQuery {
    /// Asks about the payment with this authorisation number (授權單號: `gwsr` in notices and
    /// queries, see [`authorisation`]), made of this amount in whole New Taiwan dollars.
    /// `check_code` is the merchant's (商家檢查碼), a secret from the back office.
    pub fn new(refund_id: u64, amount: u32, check_code: u64) -> Result<Self, CardQueryError> {
        match (refund_id, amount) {
            (0, _) => Err(CardQueryError::NoAuthorisation),
            (_, 0) => Err(CardQueryError::NoAmount),
            _ => Ok(Self { refund_id, amount, check_code }),
        }
    }

    /// The request to post.
    pub fn request(&self, merchant: &Merchant, environment: &Environment) -> SignedRequest {
        Draft::new(merchant)
            .field("CreditRefundId", self.refund_id.to_string())
            .field("CreditAmount", self.amount.to_string())
            .field("CreditCheckCode", self.check_code.to_string())
            .sign(Algorithm::Sha256, environment.query_card_trade_url())
    }
}

impl fmt::Debug for CardQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardQuery")
            .field("refund_id", &self.refund_id)
            .field("amount", &self.amount)
            .field("check_code", &"****")
            .finish()
    }
}

/// The authorisation number of a card payment (授權單號, `gwsr`) in the fields of a notice or a
/// query. They carry it when the checkout asked for [extra
/// fields](crate::Checkout::extra_paid_info).
pub fn authorisation(fields: &Fields) -> Option<u64> {
    fields.get_filled("gwsr")?.parse().ok().filter(|number| *number > 0)
}

/// The state of a card transaction, or of one of its captures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardStatus {
    /// 未授權: the bank has not authorised it.
    Unauthorised,
    /// 已授權: authorised, nothing captured. The card is not charged yet.
    Authorised,
    /// 要關帳: queued to be captured; ECPay does that daily at about 20:15.
    ToCapture,
    /// 已關帳: captured. The card is charged.
    Captured,
    /// 操作取消: a queued capture was called back. The authorisation still stands.
    CaptureCancelled,
    /// 已取消: the authorisation was given up. The card is not charged.
    Cancelled,
    /// Anything else.
    Other(String),
}

impl CardStatus {
    /// Reads a state word.
    pub fn from_word(word: &str) -> Self {
        match word.trim() {
            "未授權" => Self::Unauthorised,
            "已授權" => Self::Authorised,
            "要關帳" => Self::ToCapture,
            "已關帳" => Self::Captured,
            "操作取消" => Self::CaptureCancelled,
            "已取消" => Self::Cancelled,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The word as ECPay writes it.
    pub fn as_word(&self) -> &str {
        match self {
            Self::Unauthorised => "未授權",
            Self::Authorised => "已授權",
            Self::ToCapture => "要關帳",
            Self::Captured => "已關帳",
            Self::CaptureCancelled => "操作取消",
            Self::Cancelled => "已取消",
            Self::Other(word) => word,
        }
    }
}

/// One capture or refund of a card transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardClosing {
    /// Its state.
    pub status: CardStatus,
    /// Whole New Taiwan dollars.
    pub amount: i64,
    /// ECPay's number of it (`sno`); empty when it gave none.
    pub number: String,
    /// When it was asked for.
    pub at: Option<Timestamp>,
}

/// What ECPay says about a card transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardTrade {
    /// `TradeID`, as it came.
    pub trade_id: String,
    /// The authorised amount in whole New Taiwan dollars.
    pub amount: u32,
    /// What of it is captured (`clsamt`), in whole New Taiwan dollars.
    pub captured: u32,
    /// When it was authorised.
    pub authorised_at: Option<Timestamp>,
    /// The state of the whole.
    pub status: CardStatus,
    /// Its captures and refunds, as far as ECPay lists them.
    pub closings: Vec<CardClosing>,
}

/// Why a reply tells nothing about the transaction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CardReplyError {
    /// `error_nopay`, `error_Stop`: ECPay has no authorisation of that number (yet: the bank may
    /// not have answered). Ask again in ten minutes.
    #[error("ECPay has no answer about the transaction yet: {0}")]
    NotYet(String),
    /// Another refusal, such as `error` for wrong parameters.
    #[error("ECPay refused the question: {0}")]
    Refused(String),
    /// Not the JSON that was expected.
    #[error("not a card transaction: {0}")]
    Json(String),
    /// More than [`MAX_BODY_BYTES`].
    #[error("the reply has {bytes} bytes, more than {MAX_BODY_BYTES}")]
    TooLarge {
        /// The size of the reply.
        bytes: usize,
    },
    /// A field cannot be read.
    #[error("the reply's {0} cannot be read")]
    Malformed(&'static str),
}

#[derive(Deserialize)]
struct Reply {
    #[serde(rename = "RtnMsg")]
    message: Option<String>,
    #[serde(rename = "RtnValue")]
    value: Option<Value>,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(rename = "TradeID")]
    trade_id: Option<Cell>,
    amount: Option<Cell>,
    clsamt: Option<Cell>,
    authtime: Option<String>,
    status: Option<String>,
    close_data: Option<Vec<Closing>>,
}

#[derive(Deserialize)]
struct Closing {
    status: Option<String>,
    amount: Option<Cell>,
    sno: Option<Cell>,
    datetime: Option<String>,
}

/// ECPay writes numbers now as numbers, now as texts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Cell {
    Text(String),
    Number(serde_json::Number),
}

impl Cell {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text.trim().to_owned(),
            Self::Number(number) => number.to_string(),
        }
    }
}

impl CardTrade {
    /// Reads a reply. It is not signed: use it only if it came over TLS from ECPay.
    pub fn read(reply: &[u8]) -> Result<Self, CardReplyError> {
        if reply.len() > MAX_BODY_BYTES {
            return Err(CardReplyError::TooLarge { bytes: reply.len() });
        }
        let json = |error: serde_json::Error| CardReplyError::Json(error.to_string());
        let reply: Reply = serde_json::from_slice(reply).map_err(json)?;
        let message = reply.message.unwrap_or_default();
        match message.trim() {
            "" => {}
            "error_nopay" | "error_Stop" => return Err(CardReplyError::NotYet(message)),
            _ => return Err(CardReplyError::Refused(message)),
        }
        let value = reply.value.filter(Value::is_object);
        let value = value.ok_or(CardReplyError::Malformed("RtnValue"))?;
        let detail: Detail = serde_json::from_value(value).map_err(json)?;
        let status = detail.status.as_deref().map(str::trim).filter(|word| !word.is_empty());
        let closings = detail.close_data.unwrap_or_default().into_iter().map(CardClosing::of);
        Ok(Self {
            trade_id: detail.trade_id.map(Cell::into_text).unwrap_or_default(),
            amount: dollars(detail.amount, "amount")?.ok_or(CardReplyError::Malformed("amount"))?,
            captured: dollars(detail.clsamt, "clsamt")?.unwrap_or(0),
            authorised_at: time(detail.authtime.as_deref(), "authtime")?,
            status: CardStatus::from_word(status.ok_or(CardReplyError::Malformed("status"))?),
            closings: closings.collect::<Result<_, _>>()?,
        })
    }
}

impl CardClosing {
    fn of(closing: Closing) -> Result<Self, CardReplyError> {
        const AMOUNT: CardReplyError = CardReplyError::Malformed("close_data.amount");
        let amount = closing.amount.map(Cell::into_text).unwrap_or_default();
        Ok(Self {
            status: CardStatus::from_word(closing.status.as_deref().unwrap_or_default()),
            amount: whole_dollars(&amount).map_err(|_| AMOUNT)?,
            number: closing.sno.map(Cell::into_text).unwrap_or_default(),
            at: time(closing.datetime.as_deref(), "close_data.datetime")?,
        })
    }
}

/// An amount that is not negative; `None` when none came.
fn dollars(cell: Option<Cell>, name: &'static str) -> Result<Option<u32>, CardReplyError> {
    let Some(text) = cell.map(Cell::into_text).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let dollars = whole_dollars(&text).ok().and_then(|amount| u32::try_from(amount).ok());
    dollars.map(Some).ok_or(CardReplyError::Malformed(name))
}

fn time(text: Option<&str>, name: &'static str) -> Result<Option<Timestamp>, CardReplyError> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    taipei::parse_loose(text).map(Some).map_err(|_| CardReplyError::Malformed(name))
}
