//! The payment protocol of [ECPay (綠界科技)](https://developers.ecpay.com.tw/), Taiwan's payment
//! provider, by itself: no HTTP client, no server, no clock, no randomness. Texts and times go
//! in, signed forms and verified messages come out.
//!
//! # One payment from end to end
//!
//! 1. **Checkout.** Make a fresh [`MerchantTradeNo`], describe the [`Order`] and the [`Method`],
//!    and let [`Checkout::sign`] make a [`CheckoutForm`]. The buyer's browser posts exactly its
//!    fields to its action; a server cannot do that in the browser's stead.
//! 2. **Notice.** ECPay's server posts the result to the order's return URL, up to five times
//!    until it is answered with [`ACKNOWLEDGED`]; the browser brings the same fields to the
//!    order-result URL, earlier, later or never. [`PaymentNotice::verify`] reads both.
//! 3. **Query.** When no notice came, [`TradeInfoQuery`] and [`TradeInfo::verify`] ask.
//!
//! Delayed methods (ATM, CVS, BARCODE) first issue a code, announced by a [`CodeNotice`]; the
//! payment comes hours or days later, as a [`PaymentNotice`].
//!
//! # What to check before shipping
//!
//! [`PaymentNotice::verify`] has checked the signature over all fields and the merchant number.
//! The caller still has to: find the attempt by its number; compare the amount; refuse
//! [`simulated`](PaymentNotice::simulated) notices outside the sandbox; act once per attempt and
//! never go back from paid to failed; commit, and only then acknowledge.
//!
//! # Signatures
//!
//! [`HashKeys::sign`] is ECPay's `CheckMacValue`, SHA-256 or MD5, with the encoding of .NET that
//! it is defined by ([`dotnet_url_encode`]). Keys never appear in `Debug` output, signatures are
//! compared in constant time, and empty keys are refused.

pub mod taipei;
pub mod text;

mod check_mac;
mod checkout;
mod form;
mod merchant;
mod method;
mod notice;
mod query;

pub use check_mac::{Algorithm, CHECK_MAC_VALUE, HashKeys, KeysError, dotnet_url_encode};
pub use checkout::{Checkout, CheckoutError, CheckoutForm, Language, Order};
pub use form::{Fields, FormError, MAX_BODY_BYTES, MAX_FIELDS, to_form_body};
pub use merchant::{
    BaseUrl, Environment, EnvironmentError, InvalidTradeNo, Merchant, MerchantError,
    MerchantTradeNo,
};
pub use method::{Atm, Barcode, CodeUrls, Credit, Cvs, Instalment, Method, MethodName, UnionPay};
pub use notice::{ACKNOWLEDGED, CodeNotice, NoticeError, Outcome, PaymentCode, PaymentNotice};
pub use query::{QueryError, TradeInfo, TradeInfoQuery, TradeStatus};
