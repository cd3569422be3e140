//! Asking for the payment code of a delayed method again: `QueryPaymentInfo`.
//!
//! ECPay announces a code once ([`crate::CodeNotice`]); whoever missed that asks here. It works
//! until the order is paid.

use jiff::Timestamp;

use crate::form::Fields;
use crate::merchant::{Environment, Merchant, MerchantTradeNo};
use crate::notice::{
    NoticeError, PaymentCode, amount, number, optional_time, payment_code, trade_number,
    verified_fields,
};
use crate::query::{QueryError, about_order};
use crate::request::SignedRequest;

/// A signed query for a payment code, to be posted as a form within three minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentCodeQuery {
    /// The address to post to.
    pub url: String,
    /// The body, `application/x-www-form-urlencoded`.
    pub body: String,
}

impl PaymentCodeQuery {
    /// Asks for the code of one number. `now` is signed, and ECPay refuses it when it is more than
    /// three minutes off, so make a new query for each try.
    pub fn new(
        merchant_trade_no: &MerchantTradeNo,
        now: Timestamp,
        merchant: &Merchant,
        environment: &Environment,
    ) -> Self {
        let url = environment.query_payment_info_url();
        let SignedRequest { url, body } = about_order(merchant_trade_no, now, merchant, url);
        Self { url, body }
    }
}

/// A verified reply to a [`PaymentCodeQuery`]: what the buyer needs to pay. It is never a payment.
///
/// ```
/// use ecpay::{Merchant, MerchantTradeNo, PaymentCode, PaymentCodeInfo};
///
/// let merchant = Merchant::new("2000132", "5294y06JbISpM5x9", "v77hoKGq4kWxNNIS")?;
/// let asked = MerchantTradeNo::new("N22042600020513")?;
/// let reply = "BankCode=005&CustomField1=&CustomField2=&CustomField3=N22042600020\
///     &CustomField4=ATM&ExpireDate=2022/04/29&MerchantID=2000132\
///     &MerchantTradeNo=N22042600020513&PaymentType=ATM_LAND&RtnCode=2\
///     &RtnMsg=Get VirtualAccount Succeeded&StoreID=&TradeAmt=409\
///     &TradeDate=2022/04/26 14:21:51&TradeNo=2204261421418645&vAccount=5219111913209840\
///     &CheckMacValue=7878910636FA75CBD381C59939D4B53E9AC946DFE1279AF7428A886B0B60DE10";
/// let info = PaymentCodeInfo::verify(reply.as_bytes(), &merchant, &asked)?;
/// assert_eq!(info.amount, 409);
/// assert!(matches!(info.payment_code, Some(PaymentCode::Atm { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentCodeInfo {
    /// The merchant's number that was asked about.
    pub merchant_trade_no: MerchantTradeNo,
    /// ECPay's number; empty when it knows no such order.
    pub trade_no: String,
    /// `RtnCode`, as it came.
    pub code: i64,
    /// `RtnMsg`, for people.
    pub message: String,
    /// The amount to pay in whole New Taiwan dollars; 0 when there is no such order.
    pub amount: u32,
    /// The method, such as `ATM_ESUN`.
    pub payment_type: String,
    /// When the order was made at ECPay.
    pub traded_at: Option<Timestamp>,
    /// The code; `None` when none was issued, or the order is paid by now.
    pub payment_code: Option<PaymentCode>,
    fields: Fields,
}

impl PaymentCodeInfo {
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
        let code = number(&fields, "RtnCode")?;
        let payment_code = payment_code(&fields, code)?;
        // A code is worth nothing without its amount; a refusal may leave it out.
        let priced = payment_code.is_some() || fields.get_filled("TradeAmt").is_some();
        Ok(Self {
            merchant_trade_no,
            trade_no: fields.get("TradeNo").unwrap_or_default().to_owned(),
            code,
            message: fields.get("RtnMsg").unwrap_or_default().to_owned(),
            amount: if priced { amount(&fields)? } else { 0 },
            payment_type: fields.get("PaymentType").unwrap_or_default().to_owned(),
            traded_at: optional_time(&fields, "TradeDate")?,
            payment_code,
            fields,
        })
    }

    /// Everything that came, all of it covered by the signature.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }
}
