//! The payment protocol of [ECPay (綠界科技)](https://developers.ecpay.com.tw/), Taiwan's payment
//! provider: checkout forms, notices, queries, card refunds, reconciliation files, and a client
//! that asks for them.
//!
//! Everything but the [client](#the-client) is pure: no clock, no randomness, no I/O. Texts and
//! times go in, signed requests and verified messages come out. The client is the feature `client`,
//! on by default.
//!
//! # Units
//!
//! | what | how |
//! |---|---|
//! | what buyers pay | whole New Taiwan dollars, `u32`; `i64` where a file may take money back |
//! | what ECPay keeps of it | [`Charge`]: exact, in ten-thousandths of a dollar |
//! | points in time | [`jiff::Timestamp`]; on the wire Taipei time, UTC+8 the whole year ([`taipei`]) |
//! | days | [`jiff::civil::Date`], in Taipei |
//! | lengths of texts | UTF-16 units, as ECPay counts ([`text::length`]) |
//!
//! # One payment from end to end
//!
//! 1. **Checkout.** Make a fresh [`MerchantTradeNo`], describe the [`Order`] and the [`Method`],
//!    and let [`Checkout::sign`] make a [`CheckoutForm`]. The buyer's browser posts exactly its
//!    fields to its action; a server cannot do that in the browser's stead.
//! 2. **Code.** Delayed methods (ATM, CVS, BARCODE) first issue a code, announced by a
//!    [`CodeNotice`]; whoever missed that asks again ([`PaymentCodeInfo`]). The payment comes hours
//!    or days later.
//! 3. **Notice.** ECPay's server posts the result to the order's return URL, up to five times
//!    until it is answered with [`ACKNOWLEDGED`]; the browser brings the same fields to the
//!    order-result URL, earlier, later or never. [`PaymentNotice::verify`] reads both.
//! 4. **Query.** When no notice came, [`TradeInfo`] tells the state. No answer means nothing: ask
//!    again, and give nothing away meanwhile.
//!
//! ```
//! use ecpay::{
//!     Checkout, Environment, Merchant, MerchantTradeNo, Method, Order, Outcome, PaymentNotice,
//! };
//!
//! let merchant = Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs")?;
//! let order = Order {
//!     merchant_trade_no: MerchantTradeNo::new("D9RMXNrihUYM")?,
//!     created_at: "2024-12-31T04:25:43Z".parse()?,
//!     total_amount: 402,
//!     description: "Order 1001".into(),
//!     items: vec!["Mug x1".into()],
//!     return_url: "https://shop.example/ecpay/notify".into(),
//! };
//! let form = Checkout::new(order, Method::credit())
//!     .extra_paid_info() // brings `gwsr`, which refunds need
//!     .sign(&merchant, &Environment::Stage)?;
//! for (name, value) in form.fields() {
//!     // <input type="hidden" name="{name}" value="{value}">, escaped
//!     assert!(!name.is_empty() && !value.is_empty());
//! }
//!
//! // Later, ECPay posts:
//! let body = b"CustomField1=&CustomField2=&CustomField3=&CustomField4=&MerchantID=3002607\
//!     &MerchantTradeNo=D9RMXNrihUYM&PaymentDate=2024%2F12%2F31+12%3A26%3A09\
//!     &PaymentType=Credit_CreditCard&PaymentTypeChargeFee=10&RtnCode=1\
//!     &RtnMsg=%E4%BA%A4%E6%98%93%E6%88%90%E5%8A%9F&SimulatePaid=0&StoreID=&TradeAmt=402\
//!     &TradeDate=2024%2F12%2F31+12%3A25%3A43&TradeNo=2412311225437371\
//!     &CheckMacValue=85D927637935683EA756CDEF76498FEB9F5D098A7A1AC4F0CB3B3609A9D4116A";
//! let notice = PaymentNotice::verify(body, &merchant)?;
//! assert_eq!(notice.outcome(), Outcome::Paid);
//! assert_eq!((notice.amount, notice.simulated), (402, false));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What to check before shipping
//!
//! [`PaymentNotice::verify`] has checked the signature over all fields and the merchant number.
//! The caller still has to: find the attempt by its number; compare the amount; refuse
//! [`simulated`](PaymentNotice::simulated) notices outside the sandbox; act once per attempt and
//! never go back from paid to failed; commit, and only then acknowledge.
//!
//! # Giving money back
//!
//! Only cards have an interface for it; ATM, CVS, BARCODE and `WebATM` are paid back by bank
//! transfer, by hand.
//!
//! 1. Ask for the state of the card transaction: a [`CardQuery`] with the payment's
//!    [`authorisation`] number is answered by a [`CardTrade`].
//! 2. [`next_action`] tells what is right for the state, the time and the amount.
//! 3. Do it with a [`CardAction`]. Its reply is unsigned, and no reply means nothing: **the action
//!    may have been done**. Begin again at 1 until the action was the last, or there is nothing left
//!    to do.
//!
//! ```
//! use ecpay::{
//!     Action, CardAction, CardKind, CardState, CardTrade, MerchantTradeNo, NextAction, next_action,
//! };
//!
//! let reply = r#"{"RtnMsg": "", "RtnValue": {"TradeID": "11958723", "amount": "2900",
//!     "clsamt": "2900", "authtime": "2026/5/12 下午 07:09:17", "status": "已關帳",
//!     "close_data": [{"status": "已關帳", "sno": "2621", "amount": "2900",
//!                     "datetime": "2026/5/12 下午 08:15:00"}]}}"#;
//! let trade = CardTrade::read(reply.as_bytes())?;
//! let paid_at = "2026-05-12T11:09:17Z".parse()?;
//! let card = CardState::of(&trade, CardKind::Plain, 0, paid_at);
//! let now = "2026-05-20T02:00:00Z".parse()?;
//! let NextAction::Do { action, amount, last } = next_action(&card, 500, now)? else {
//!     unreachable!()
//! };
//! assert_eq!((action, amount, last), (Action::Refund, 500, true));
//! let number = MerchantTradeNo::new("test25174199894103")?;
//! let action = CardAction::new(number, "2204271718551574", action, amount)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Reconciliation
//!
//! Two files say what ECPay believes: [every trade](TradesFileQuery) and [what of card payments was
//! paid out](FundingFileQuery). They are unsigned, in Big5 unless asked otherwise, and given to
//! registered addresses, one a minute. ECPay publishes no fixed layout; columns are found by their
//! headers, and what this crate does not know is kept ([`TradeRow::cell`]). A cell that cannot be
//! read fails the whole file, with its line and column ([`FileError`]): half a file would look like
//! missing payments.
//!
//! # The client
//!
//! `Client` sends all of this, with limits of time and size, at a pace that ECPay bears, and with
//! second tries for queries only. Its errors tell what matters about money: whether ECPay may have
//! acted. It is the only part that does I/O; `default-features = false` leaves it out.
//!
//! # Signatures
//!
//! [`HashKeys::sign`] is ECPay's `CheckMacValue`, SHA-256 or MD5, with the encoding of .NET that
//! it is defined by ([`dotnet_url_encode`]). Keys never appear in `Debug` output, signatures are
//! compared in constant time, and empty keys are refused.
//!
//! | message | signed? |
//! |---|---|
//! | [`CheckoutForm`], and every request | by the merchant |
//! | [`PaymentNotice`], [`CodeNotice`], [`TradeInfo`], [`PaymentCodeInfo`] | by ECPay; read only if it fits |
//! | [`CardTrade`], [`ActionReply`], both files | no: worth what TLS is worth |
//!
//! # What is not here
//!
//! Recurring payments (定期定額), the token products (站內付), logistics, and electronic invoices.

pub mod taipei;
pub mod text;

mod action;
mod amount;
mod card;
mod card_refund;
mod check_mac;
mod checkout;
#[cfg(feature = "client")]
mod client;
mod form;
mod merchant;
mod method;
mod notice;
mod payment_code;
mod query;
mod reconciliation;
mod request;

pub use action::{Action, ActionError, ActionReply, ActionReplyError, CardAction};
pub use amount::{Charge, InvalidAmount};
pub use card::{
    CardClosing, CardQuery, CardQueryError, CardReplyError, CardStatus, CardTrade, authorisation,
};
pub use card_refund::{ByHand, CardKind, CardRefundError, CardState, NextAction, next_action};
pub use check_mac::{Algorithm, CHECK_MAC_VALUE, HashKeys, KeysError, dotnet_url_encode};
pub use checkout::{Checkout, CheckoutError, CheckoutForm, Language, Order};
#[cfg(feature = "client")]
pub use client::{CallError, Client, ClientError, ClientOptions, Failure, ReplyError};
pub use form::{Fields, FormError, MAX_BODY_BYTES, MAX_FIELDS, to_form_body};
pub use merchant::{
    BaseUrl, Environment, EnvironmentError, InvalidTradeNo, Merchant, MerchantError,
    MerchantTradeNo,
};
pub use method::{
    Atm, Barcode, BnplProvider, CodeUrls, Credit, Cvs, Instalment, Method, MethodName, UnionPay,
    Wallet,
};
pub use notice::{ACKNOWLEDGED, CodeNotice, NoticeError, Outcome, PaymentCode, PaymentNotice};
pub use payment_code::{PaymentCodeInfo, PaymentCodeQuery};
pub use query::{QueryError, TradeInfo, TradeInfoQuery, TradeStatus};
pub use reconciliation::{
    CharSet, FileError, FileMethod, FileQueryError, FundingDate, FundingFileQuery, FundingRow,
    Layout, MAX_FILE_BYTES, PaidStatus, PayoutStatus, TradeDate, TradeOrigin, TradeRow, TradeState,
    TradesFileQuery,
};
pub use request::SignedRequest;

/// The example of the readme is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
