//! What ECPay checks in a checkout form.

mod methods;
mod texts;

use crate::config::Config;
use crate::form::Form;
use crate::method::Method;
use crate::taipei;

/// Why a form was refused: a code and the sentence beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: u32,
    pub(crate) message: String,
}

/// Codes that ECPay's servers have been seen to use.
pub(crate) mod codes {
    pub(crate) const CHECK_MAC_VALUE: u32 = 10_200_073;
    pub(crate) const DUPLICATE_NUMBER: u32 = 10_300_028;
    pub(crate) const TRADE_NUMBER: u32 = 10_200_052;
    pub(crate) const NO_METHOD: u32 = 10_300_023;
    pub(crate) const FIREWALL: u32 = 10_400_011;
    pub(crate) const BNPL_TOO_LITTLE: u32 = 10_200_105;
    // What ECPay calls the following is not published; these numbers are the simulator's own.
    pub(crate) const UNREADABLE: u32 = 99_990_001;
    pub(crate) const UNKNOWN_MERCHANT: u32 = 99_990_002;
    pub(crate) const MISSING: u32 = 99_990_003;
    pub(crate) const TOO_LONG: u32 = 99_990_004;
    pub(crate) const BAD_VALUE: u32 = 99_990_005;
    pub(crate) const FORBIDDEN_TEXT: u32 = 99_990_006;
    pub(crate) const BAD_URL: u32 = 99_990_007;
    pub(crate) const CONFLICT: u32 = 99_990_008;
    pub(crate) const AMOUNT: u32 = 99_990_009;
}

fn refuse<T>(code: u32, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { code, message: message.into() })
}

const REQUIRED: [&str; 11] = [
    "MerchantID",
    "MerchantTradeNo",
    "MerchantTradeDate",
    "PaymentType",
    "TotalAmount",
    "TradeDesc",
    "ItemName",
    "ReturnURL",
    "ChoosePayment",
    "CheckMacValue",
    "EncryptType",
];

/// Names and the most UTF-16 units their values may have.
const LIMITS: [(&str, usize); 36] = [
    ("MerchantID", 10),
    ("MerchantTradeNo", 20),
    ("StoreID", 10),
    ("MerchantTradeDate", 20),
    ("PaymentType", 20),
    ("TradeDesc", 200),
    ("ItemName", 400),
    ("ReturnURL", 200),
    ("ChoosePayment", 20),
    ("ClientBackURL", 200),
    ("ItemURL", 200),
    ("Remark", 100),
    ("ChooseSubPayment", 20),
    ("OrderResultURL", 200),
    ("NeedExtraPaidInfo", 1),
    ("DeviceSource", 10),
    ("IgnorePayment", 100),
    ("PlatformID", 10),
    ("CustomField1", 50),
    ("CustomField2", 50),
    ("CustomField3", 50),
    ("CustomField4", 50),
    ("InvoiceMark", 1),
    ("Language", 3),
    ("PaymentInfoURL", 200),
    ("ClientRedirectURL", 200),
    ("Desc_1", 20),
    ("Desc_2", 20),
    ("Desc_3", 20),
    ("Desc_4", 20),
    ("MerchantMemberID", 30),
    ("Redeem", 1),
    ("CreditInstallment", 20),
    ("PeriodType", 1),
    ("PeriodReturnURL", 200),
    ("CheckMacValue", 64),
];

const URLS: [&str; 7] = [
    "ReturnURL",
    "ClientBackURL",
    "ItemURL",
    "OrderResultURL",
    "PaymentInfoURL",
    "ClientRedirectURL",
    "PeriodReturnURL",
];

/// What a form that passed asks for.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// Whole TWD.
    pub(crate) amount: u32,
    pub(crate) methods: Vec<Method>,
}

/// Checks everything but merchant, signature and whether the number is new.
pub(crate) fn check(form: &Form, config: &Config) -> Result<Accepted, Refusal> {
    check_presence_and_length(form)?;
    check_constants(form)?;
    check_number(form.get("MerchantTradeNo"))?;
    let plain = form.get("StoreID").bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !plain {
        return refuse(codes::BAD_VALUE, "StoreID must be letters and digits");
    }
    if !taipei::is_date_time(form.get("MerchantTradeDate")) {
        return refuse(codes::BAD_VALUE, "MerchantTradeDate must be yyyy/MM/dd HH:mm:ss");
    }
    texts::check(form)?;
    for name in URLS {
        texts::check_url(name, form.get(name))?;
    }
    if form.filled("OrderResultURL").is_some_and(|url| url == form.get("ReturnURL")) {
        return refuse(codes::CONFLICT, "OrderResultURL must differ from ReturnURL");
    }
    let amount = check_amount(form.get("TotalAmount"))?;
    let methods = methods::check(form, amount, config)?;
    Ok(Accepted { amount, methods })
}

fn check_presence_and_length(form: &Form) -> Result<(), Refusal> {
    for name in REQUIRED {
        if form.filled(name).is_none() {
            return refuse(codes::MISSING, format!("{name} is missing"));
        }
    }
    for (name, limit) in LIMITS {
        if form.get(name).encode_utf16().count() > limit {
            return refuse(codes::TOO_LONG, format!("{name} is longer than {limit}"));
        }
    }
    Ok(())
}

fn check_constants(form: &Form) -> Result<(), Refusal> {
    let allowed: [(&str, &[&str]); 10] = [
        ("PaymentType", &["aio"]),
        ("EncryptType", &["1"]),
        ("NeedExtraPaidInfo", &["", "Y", "N"]),
        ("Language", &["", "ENG", "KOR", "JPN", "CHI"]),
        ("UnionPay", &["", "0", "1", "2"]),
        ("Redeem", &["", "Y", "N"]),
        ("BindingCard", &["", "0", "1"]),
        ("DeviceSource", &["", "P", "M"]),
        // The invoice that came with a payment has a server of its own by now.
        ("InvoiceMark", &["", "N"]),
        ("PeriodType", &["", "D", "M", "Y"]),
    ];
    for (name, values) in allowed {
        if !values.contains(&form.get(name)) {
            return refuse(codes::BAD_VALUE, format!("{name} must be one of {values:?}"));
        }
    }
    Ok(())
}

fn check_number(number: &str) -> Result<(), Refusal> {
    if number.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    refuse(codes::TRADE_NUMBER, "MerchantTradeNo must be letters and digits")
}

fn check_amount(text: &str) -> Result<u32, Refusal> {
    match whole(text) {
        Some(amount) if amount > 0 => Ok(amount),
        _ => refuse(codes::BAD_VALUE, "TotalAmount must be a whole number above 0"),
    }
}

/// A whole number, written plainly.
fn whole(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = digits && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}
