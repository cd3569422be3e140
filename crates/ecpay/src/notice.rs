//! What ECPay's server (and the buyer's browser) tells the shop.
//!
//! A notice is believed only after [`PaymentNotice::verify`]: the signature over every field that
//! came, known or not, and the merchant number. What remains for the caller is to compare with
//! what was asked for: find the attempt by [`PaymentNotice::merchant_trade_no`], compare
//! [`PaymentNotice::amount`], refuse [`PaymentNotice::simulated`] in production, and only then
//! act on [`PaymentNotice::outcome`], once. Commit before answering [`ACKNOWLEDGED`].

use jiff::Timestamp;
use jiff::civil::Date;

use crate::check_mac::CHECK_MAC_VALUE;
use crate::form::{Fields, FormError};
use crate::merchant::{Merchant, MerchantTradeNo};
use crate::taipei;

/// The exact body that stops ECPay from sending a notice again: no quotes, no line end.
pub const ACKNOWLEDGED: &str = "1|OK";

/// Why a notice is not believed. Answer anything but [`ACKNOWLEDGED`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// The body is not a proper form.
    #[error(transparent)]
    Form(#[from] FormError),
    /// There is no signature at all.
    #[error("the notice carries no CheckMacValue")]
    Unsigned,
    /// The signature does not fit: forged, changed on the way, or other keys.
    #[error("the notice's CheckMacValue does not fit")]
    BadSignature,
    /// A field contains `&…=`, which could be another field in disguise: the signature is made
    /// over the joined text and cannot tell the two apart.
    #[error("the field `{0}` hides another field")]
    Ambiguous(String),
    /// Properly signed, but for another merchant.
    #[error("the notice is for merchant `{0}`")]
    WrongMerchant(String),
    /// A field that every notice has is missing.
    #[error("the notice has no {0}")]
    Missing(&'static str),
    /// A field cannot be read.
    #[error("the notice's {0} cannot be read")]
    Malformed(&'static str),
}

/// What became of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// `RtnCode` 1: the money is there (unless the notice is simulated).
    Paid,
    /// Any other code: this attempt failed. The same number may still be paid later: a buyer may
    /// try another card on the same page.
    Failed {
        /// The code.
        code: i64,
    },
}

/// A verified payment result (付款結果通知), from `ReturnURL` or `OrderResultURL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentNotice {
    /// The merchant's number of the attempt.
    pub merchant_trade_no: MerchantTradeNo,
    /// ECPay's number; keep it, refunds need it. Empty when ECPay gave none.
    pub trade_no: String,
    /// `RtnCode`, as it came.
    pub code: i64,
    /// `RtnMsg`, for people. Never branch on it: it differs between deliveries.
    pub message: String,
    /// The amount in whole New Taiwan dollars.
    pub amount: u32,
    /// How it was paid, such as `Credit_CreditCard`; an open list. See also [`crate::MethodName`].
    pub payment_type: String,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// When the order was made at ECPay.
    pub traded_at: Option<Timestamp>,
    /// Fired by hand from ECPay's back office: no money has moved. Must not be shipped.
    pub simulated: bool,
    fields: Fields,
}

impl PaymentNotice {
    /// Reads a raw body and believes it only if it is signed by and for `merchant`.
    ///
    /// ```
    /// use ecpay::{Merchant, NoticeError, PaymentNotice};
    ///
    /// let merchant = Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs")?;
    /// let forged = b"MerchantID=3002607&RtnCode=1&TradeAmt=1&CheckMacValue=00";
    /// assert_eq!(PaymentNotice::verify(forged, &merchant), Err(NoticeError::BadSignature));
    /// # Ok::<(), ecpay::MerchantError>(())
    /// ```
    pub fn verify(body: &[u8], merchant: &Merchant) -> Result<Self, NoticeError> {
        let fields = verified_fields(Fields::from_form(body)?, merchant)?;
        Ok(Self {
            merchant_trade_no: trade_number(&fields)?,
            trade_no: fields.get("TradeNo").unwrap_or_default().to_owned(),
            code: number(&fields, "RtnCode")?,
            message: fields.get("RtnMsg").unwrap_or_default().to_owned(),
            amount: amount(&fields)?,
            payment_type: fields.get("PaymentType").unwrap_or_default().to_owned(),
            paid_at: optional_time(&fields, "PaymentDate")?,
            traded_at: optional_time(&fields, "TradeDate")?,
            simulated: simulated(&fields)?,
            fields,
        })
    }

    /// What became of the payment.
    pub fn outcome(&self) -> Outcome {
        match self.code {
            1 => Outcome::Paid,
            code => Outcome::Failed { code },
        }
    }

    /// One of the four custom fields, 1 to 4; `None` when it is empty.
    pub fn custom_field(&self, number: u8) -> Option<&str> {
        self.fields.get_filled(&format!("CustomField{number}"))
    }

    /// Everything that came, all of it covered by the signature.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }
}

/// What a buyer needs to pay later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentCode {
    /// A virtual account.
    Atm {
        /// The bank's three digits.
        bank_code: String,
        /// The account number.
        account: String,
        /// The last day (Taipei) on which it can be paid.
        expires_on: Date,
    },
    /// A code for the terminal in a convenience store.
    Cvs {
        /// The code.
        payment_no: String,
        /// When it expires.
        expires_at: Timestamp,
    },
    /// Three Code 39 barcodes, to be drawn by the shop.
    Barcode {
        /// Their contents, in order.
        segments: [String; 3],
        /// When they expire.
        expires_at: Timestamp,
    },
}

/// A verified announcement of a payment code (取號結果), from `PaymentInfoURL` or
/// `ClientRedirectURL`. It is never a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeNotice {
    /// The merchant's number of the attempt.
    pub merchant_trade_no: MerchantTradeNo,
    /// ECPay's number.
    pub trade_no: String,
    /// `RtnCode`, as it came.
    pub code: i64,
    /// `RtnMsg`, for people.
    pub message: String,
    /// The amount to pay.
    pub amount: u32,
    /// The method, such as `ATM_ESUN`.
    pub payment_type: String,
    /// The code; `None` when none could be issued.
    pub payment_code: Option<PaymentCode>,
    fields: Fields,
}

impl CodeNotice {
    /// Reads a raw body and believes it only if it is signed by and for `merchant`.
    pub fn verify(body: &[u8], merchant: &Merchant) -> Result<Self, NoticeError> {
        let fields = verified_fields(Fields::from_form(body)?, merchant)?;
        let code = number(&fields, "RtnCode")?;
        Ok(Self {
            merchant_trade_no: trade_number(&fields)?,
            trade_no: fields.get("TradeNo").unwrap_or_default().to_owned(),
            code,
            message: fields.get("RtnMsg").unwrap_or_default().to_owned(),
            amount: amount(&fields)?,
            payment_type: fields.get("PaymentType").unwrap_or_default().to_owned(),
            payment_code: payment_code(&fields, code)?,
            fields,
        })
    }

    /// Everything that came, all of it covered by the signature.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }
}

/// The code that a notice or a reply carries, if it says that one was issued.
pub(crate) fn payment_code(fields: &Fields, code: i64) -> Result<Option<PaymentCode>, NoticeError> {
    const ATM_ISSUED: i64 = 2;
    const STORE_CODE_ISSUED: i64 = 10_100_073;
    let text = |name| fields.get_filled(name).map(str::to_owned).ok_or(NoticeError::Missing(name));
    let expiry = || text("ExpireDate");
    let expires_at = || taipei::parse(&expiry()?).map_err(|_| NoticeError::Malformed("ExpireDate"));
    match code {
        ATM_ISSUED if fields.get_filled("vAccount").is_some() => Ok(Some(PaymentCode::Atm {
            bank_code: text("BankCode")?,
            account: text("vAccount")?,
            expires_on: taipei::parse_date(&expiry()?)
                .map_err(|_| NoticeError::Malformed("ExpireDate"))?,
        })),
        STORE_CODE_ISSUED if fields.get_filled("Barcode1").is_some() => {
            let segments = [text("Barcode1")?, text("Barcode2")?, text("Barcode3")?];
            Ok(Some(PaymentCode::Barcode { segments, expires_at: expires_at()? }))
        }
        STORE_CODE_ISSUED => {
            Ok(Some(PaymentCode::Cvs { payment_no: text("PaymentNo")?, expires_at: expires_at()? }))
        }
        _ => Ok(None),
    }
}

/// The fields, if their signature fits and they are meant for this merchant.
pub(crate) fn verified_fields(fields: Fields, merchant: &Merchant) -> Result<Fields, NoticeError> {
    let received = fields.get(CHECK_MAC_VALUE).ok_or(NoticeError::Unsigned)?;
    if !merchant.verify(fields.iter(), received) {
        return Err(NoticeError::BadSignature);
    }
    if let Some((name, _)) = fields.iter().find(|(name, value)| hides_field(name, value)) {
        return Err(NoticeError::Ambiguous(name.to_owned()));
    }
    match fields.get("MerchantID") {
        None => Err(NoticeError::Missing("MerchantID")),
        Some(id) if id == merchant.id() => Ok(fields),
        Some(id) => Err(NoticeError::WrongMerchant(id.to_owned())),
    }
}

/// `a=1&b=2` signs the same as `a` with the value `1&b=2`: who holds one message can post the
/// other. ECPay's own texts never contain this, and custom fields may not contain `=`.
fn hides_field(name: &str, value: &str) -> bool {
    name.contains(['&', '=']) || value.split_once('&').is_some_and(|(_, rest)| rest.contains('='))
}

pub(crate) fn trade_number(fields: &Fields) -> Result<MerchantTradeNo, NoticeError> {
    let text = fields.get("MerchantTradeNo").ok_or(NoticeError::Missing("MerchantTradeNo"))?;
    MerchantTradeNo::new(text).map_err(|_| NoticeError::Malformed("MerchantTradeNo"))
}

pub(crate) fn amount(fields: &Fields) -> Result<u32, NoticeError> {
    let amount = number(fields, "TradeAmt")?;
    u32::try_from(amount).map_err(|_| NoticeError::Malformed("TradeAmt"))
}

pub(crate) fn number(fields: &Fields, name: &'static str) -> Result<i64, NoticeError> {
    let text = fields.get(name).ok_or(NoticeError::Missing(name))?;
    let plain = text.strip_prefix('-').unwrap_or(text);
    if plain.is_empty() || !plain.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NoticeError::Malformed(name));
    }
    text.parse().map_err(|_| NoticeError::Malformed(name))
}

pub(crate) fn optional_time(
    fields: &Fields,
    name: &'static str,
) -> Result<Option<Timestamp>, NoticeError> {
    let Some(text) = fields.get_filled(name) else { return Ok(None) };
    taipei::parse(text).map(Some).map_err(|_| NoticeError::Malformed(name))
}

fn simulated(fields: &Fields) -> Result<bool, NoticeError> {
    match fields.get_filled("SimulatePaid") {
        None | Some("0") => Ok(false),
        Some("1") => Ok(true),
        Some(_) => Err(NoticeError::Malformed("SimulatePaid")),
    }
}
