//! Acting on a card transaction: `CreditDetail/DoAction`. Which action is right when, says
//! [`next_action`](crate::next_action).
//!
//! The reply is **unsigned**, and no reply means nothing: the action may have been done. Before
//! repeating one, ask for the state of the transaction ([`crate::CardQuery`]): a second refund
//! refunds a second time.

use crate::check_mac::Algorithm;
use crate::form::{Fields, FormError};
use crate::merchant::{Environment, Merchant, MerchantTradeNo};
use crate::notice::{NoticeError, number};
use crate::request::{Draft, SignedRequest};

/// What can be done to a card transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// `C`, 關帳: captures an authorisation, wholly or in part.
    Capture,
    /// `R`, 退刷: refunds what was captured or is queued to be, wholly or in part, repeatedly up to
    /// the captured amount.
    Refund,
    /// `E`, 取消: calls back a capture that is still queued. The authorisation stands again.
    CancelCapture,
    /// `N`, 放棄: gives the authorisation up. Always the whole of it, **whatever amount is sent**.
    Abandon,
}

impl Action {
    /// The letter as ECPay writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Capture => "C",
            Self::Refund => "R",
            Self::CancelCapture => "E",
            Self::Abandon => "N",
        }
    }
}

/// Why an action cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// ECPay's `TradeNo` is 1 to 20 ASCII letters or digits.
    #[error("ECPay's TradeNo is 1 to 20 letters or digits")]
    TradeNo,
    /// The amount was 0.
    #[error("the amount of an action is at least 1")]
    Amount,
}

/// An action on one card transaction.
///
/// ```
/// use ecpay::{Action, CardAction, Environment, Merchant, MerchantTradeNo};
///
/// let merchant = Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs")?;
/// let number = MerchantTradeNo::new("OX20260101000001")?;
/// let action = CardAction::new(number, "2601011225437371", Action::Refund, 1_990)?;
/// let request = action.request(&merchant, &Environment::Production);
/// assert_eq!(request.url, "https://payment.ecpay.com.tw/CreditDetail/DoAction");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardAction {
    merchant_trade_no: MerchantTradeNo,
    trade_no: String,
    action: Action,
    amount: u32,
}

impl CardAction {
    /// An action on the payment with both these numbers, `amount` in whole New Taiwan dollars.
    pub fn new(
        merchant_trade_no: MerchantTradeNo,
        trade_no: &str,
        action: Action,
        amount: u32,
    ) -> Result<Self, ActionError> {
        let plain = trade_no.bytes().all(|b| b.is_ascii_alphanumeric());
        if !plain || !(1..=20).contains(&trade_no.len()) {
            return Err(ActionError::TradeNo);
        }
        if amount == 0 {
            return Err(ActionError::Amount);
        }
        Ok(Self { merchant_trade_no, trade_no: trade_no.to_owned(), action, amount })
    }

    /// The merchant's number of the payment.
    pub fn merchant_trade_no(&self) -> &MerchantTradeNo {
        &self.merchant_trade_no
    }

    /// ECPay's number of the payment.
    pub fn trade_no(&self) -> &str {
        &self.trade_no
    }

    /// What to do.
    pub fn action(&self) -> Action {
        self.action
    }

    /// With how much, in whole New Taiwan dollars.
    pub fn amount(&self) -> u32 {
        self.amount
    }

    /// The request to post, once.
    pub fn request(&self, merchant: &Merchant, environment: &Environment) -> SignedRequest {
        Draft::new(merchant)
            .field("MerchantTradeNo", self.merchant_trade_no.as_str())
            .field("TradeNo", self.trade_no.as_str())
            .field("Action", self.action.as_str())
            .field("TotalAmount", self.amount.to_string())
            .platform()
            .sign(Algorithm::Sha256, environment.card_action_url())
    }
}

/// Why a reply to an action tells nothing. The action may have been done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActionReplyError {
    /// Not a list of `name=value`.
    #[error(transparent)]
    Form(#[from] FormError),
    /// There is no `RtnCode`, or it is no number.
    #[error("the reply's RtnCode is missing or cannot be read")]
    Code,
    /// The reply is about another merchant or order.
    #[error("the reply's {field} is `{value}`")]
    OtherOrder {
        /// The field's name on the wire.
        field: &'static str,
        /// What it said.
        value: String,
    },
}

/// ECPay's answer to an action. It is not signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionReply {
    /// `RtnCode`: 1 when it was done.
    pub code: i64,
    /// `RtnMsg`, for people: `訂單不存在`, `error_amount_R`, `error_overDate` …
    pub message: String,
    fields: Fields,
}

impl ActionReply {
    /// Reads the reply to an action. It is not signed: use it only if it came over TLS from ECPay.
    /// What it repeats of the question must be the question's; a refusal repeats little.
    ///
    /// ```
    /// use ecpay::{Action, ActionReply, CardAction, Merchant, MerchantTradeNo};
    ///
    /// let merchant = Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs")?;
    /// let number = MerchantTradeNo::new("OX1")?;
    /// let action = CardAction::new(number, "2601011225437371", Action::Abandon, 100)?;
    /// let reply = "Merchant=&MerchantTradeNo=&TradeNo=&RtnCode=0&RtnMsg=訂單不存在";
    /// let reply = ActionReply::read(reply.as_bytes(), &action, &merchant)?;
    /// assert!(!reply.is_done());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(
        reply: &[u8],
        asked: &CardAction,
        merchant: &Merchant,
    ) -> Result<Self, ActionReplyError> {
        let fields = Fields::from_unencoded(reply)?;
        for (field, expected) in [
            ("MerchantID", merchant.id()),
            ("MerchantTradeNo", asked.merchant_trade_no.as_str()),
            ("TradeNo", asked.trade_no.as_str()),
        ] {
            match fields.get_filled(field) {
                Some(value) if value != expected => {
                    return Err(ActionReplyError::OtherOrder { field, value: value.to_owned() });
                }
                _ => {}
            }
        }
        let code = number(&fields, "RtnCode").map_err(|_: NoticeError| ActionReplyError::Code)?;
        let message = fields.get("RtnMsg").unwrap_or_default().to_owned();
        Ok(Self { code, message, fields })
    }

    /// Whether the action was done.
    pub fn is_done(&self) -> bool {
        self.code == 1
    }

    /// Everything that came, none of it signed.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }
}
