//! What ECPay checks in a checkout form.

use crate::form::Form;
use crate::taipei;

/// The methods the simulator can play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Credit,
    Atm,
    Cvs,
    Barcode,
}

impl Method {
    pub(crate) const ALL: [Self; 4] = [Self::Credit, Self::Atm, Self::Cvs, Self::Barcode];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Credit => "Credit",
            Self::Atm => "ATM",
            Self::Cvs => "CVS",
            Self::Barcode => "BARCODE",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }
}

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
    // What ECPay calls the following is not published; these numbers are the simulator's own.
    pub(crate) const UNREADABLE: u32 = 99_990_001;
    pub(crate) const UNKNOWN_MERCHANT: u32 = 99_990_002;
    pub(crate) const MISSING: u32 = 99_990_003;
    pub(crate) const TOO_LONG: u32 = 99_990_004;
    pub(crate) const BAD_VALUE: u32 = 99_990_005;
    pub(crate) const FORBIDDEN_TEXT: u32 = 99_990_006;
    pub(crate) const BAD_URL: u32 = 99_990_007;
    pub(crate) const CONFLICT: u32 = 99_990_008;
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
const LIMITS: [(&str, usize); 34] = [
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
    pub(crate) amount: u32,
    pub(crate) methods: Vec<Method>,
}

/// Checks everything but merchant, signature and whether the number is new.
pub(crate) fn check(form: &Form) -> Result<Accepted, Refusal> {
    check_presence_and_length(form)?;
    check_constants(form)?;
    check_number(form.get("MerchantTradeNo"))?;
    if !taipei::is_date_time(form.get("MerchantTradeDate")) {
        return refuse(codes::BAD_VALUE, "MerchantTradeDate must be yyyy/MM/dd HH:mm:ss");
    }
    check_texts(form)?;
    for name in URLS {
        check_url(name, form.get(name))?;
    }
    if form.filled("OrderResultURL").is_some_and(|url| url == form.get("ReturnURL")) {
        return refuse(codes::CONFLICT, "OrderResultURL must differ from ReturnURL");
    }
    let amount = check_amount(form.get("TotalAmount"))?;
    let methods = check_methods(form)?;
    check_method_fields(form)?;
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
    let allowed: [(&str, &[&str]); 8] = [
        ("PaymentType", &["aio"]),
        ("EncryptType", &["1"]),
        ("NeedExtraPaidInfo", &["", "Y", "N"]),
        ("Language", &["", "ENG", "KOR", "JPN", "CHI"]),
        ("UnionPay", &["", "0", "1", "2"]),
        ("Redeem", &["", "Y", "N"]),
        ("BindingCard", &["", "0", "1"]),
        ("DeviceSource", &["", "P", "M"]),
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
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    match text.parse() {
        Ok(amount) if digits && amount > 0 => Ok(amount),
        _ => refuse(codes::BAD_VALUE, "TotalAmount must be a whole number above 0"),
    }
}

fn check_texts(form: &Form) -> Result<(), Refusal> {
    for (name, value) in &form.0 {
        if name == "HashKey" || name == "HashIV" {
            return refuse(codes::FORBIDDEN_TEXT, format!("{name} must never be posted"));
        }
        if value.chars().any(char::is_control) {
            return refuse(codes::FORBIDDEN_TEXT, format!("{name} contains control characters"));
        }
        let mut after = value.split('<').skip(1);
        let tag =
            |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c));
        if after.any(tag) || value.contains("&#") {
            return refuse(codes::FORBIDDEN_TEXT, format!("{name} contains HTML"));
        }
    }
    for name in ["CustomField1", "CustomField2", "CustomField3", "CustomField4"] {
        let odd = |c: &char| c.is_ascii_punctuation() && !",.#()$[];%{}:/?&@<>!-_".contains(*c);
        if let Some(symbol) = form.get(name).chars().find(odd) {
            return refuse(codes::FORBIDDEN_TEXT, format!("{name} must not contain {symbol}"));
        }
    }
    for name in ["ItemName", "TradeDesc"] {
        let value = form.get(name).to_ascii_lowercase();
        for word in ["echo", "python", "cmd", "wget", "curl", "bash"] {
            if value.contains(word) {
                return refuse(codes::FIREWALL, format!("{name} was stopped by the firewall"));
            }
        }
    }
    Ok(())
}

fn check_url(name: &str, url: &str) -> Result<(), Refusal> {
    if url.is_empty() {
        return Ok(());
    }
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let absolute = host.is_some_and(|host| {
        host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
            && host.split(['/', '?']).next().is_some_and(str::is_ascii)
    });
    if !absolute {
        return refuse(codes::BAD_URL, format!("{name} is not an http(s) address"));
    }
    if url.contains([';', '|', '`', ' ']) {
        return refuse(codes::BAD_URL, format!("{name} contains a character to avoid"));
    }
    Ok(())
}

fn check_methods(form: &Form) -> Result<Vec<Method>, Refusal> {
    let choice = form.get("ChoosePayment");
    let ignored: Vec<&str> = form.get("IgnorePayment").split('#').collect();
    let methods = match choice {
        "ALL" => {
            Method::ALL.into_iter().filter(|method| !ignored.contains(&method.as_str())).collect()
        }
        one => Method::parse(one).into_iter().collect::<Vec<_>>(),
    };
    if methods.is_empty() {
        return refuse(codes::NO_METHOD, "no payment method can be used");
    }
    if choice != "ALL" && form.filled("IgnorePayment").is_some() {
        return refuse(codes::CONFLICT, "IgnorePayment goes with ChoosePayment=ALL only");
    }
    Ok(methods)
}

fn check_method_fields(form: &Form) -> Result<(), Refusal> {
    let (expire, largest) = match form.get("ChoosePayment") {
        "ATM" => ("ExpireDate", 60),
        "CVS" => ("StoreExpireDate", 43_200),
        "BARCODE" => ("StoreExpireDate", 30),
        _ => ("", 0),
    };
    if let Some(text) = form.filled(expire) {
        let fits = text.parse::<u32>().is_ok_and(|number| (1..=largest).contains(&number));
        if !fits {
            return refuse(codes::BAD_VALUE, format!("{expire} must be 1 to {largest}"));
        }
    }
    if form.get("BindingCard") == "1" && form.filled("MerchantMemberID").is_none() {
        return refuse(codes::MISSING, "MerchantMemberID is missing");
    }
    let instalments = form.filled("CreditInstallment");
    let known = |part: &str| ["3", "6", "12", "18", "24", "30N"].contains(&part);
    if instalments.is_some_and(|list| !list.split(',').all(known)) {
        return refuse(codes::BAD_VALUE, "CreditInstallment is not a list of 3,6,12,18,24,30N");
    }
    let redeem = form.get("Redeem") == "Y";
    if redeem && instalments.is_some() {
        return refuse(codes::CONFLICT, "Redeem and CreditInstallment exclude each other");
    }
    let binding = form.get("BindingCard") == "1";
    if form.get("UnionPay") == "1" && (redeem || binding || instalments.is_some()) {
        return refuse(
            codes::CONFLICT,
            "UnionPay=1 excludes Redeem, BindingCard, CreditInstallment",
        );
    }
    Ok(())
}
