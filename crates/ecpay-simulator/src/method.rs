//! The ways to pay that ECPay offers.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// A value of `ChoosePayment`, `ALL` apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Method {
    /// A card: at once, in instalments, or by `UnionPay`.
    Credit,
    /// A bank card in a reader on the buyer's computer (網路 ATM).
    #[serde(rename = "WebATM")]
    WebAtm,
    /// A virtual account to transfer to (虛擬帳號).
    #[serde(rename = "ATM")]
    Atm,
    /// A code to type into a store's machine (超商代碼).
    #[serde(rename = "CVS")]
    Cvs,
    /// Three bar codes to show at a store's counter (超商條碼).
    #[serde(rename = "BARCODE")]
    Barcode,
    /// Apple Pay.
    ApplePay,
    /// The QR code of Taiwan's banks.
    #[serde(rename = "TWQR")]
    Twqr,
    /// Pay later (無卡分期): applied for now, granted or refused later.
    #[serde(rename = "BNPL")]
    Bnpl,
    /// `WeChat` Pay.
    WeiXin,
    /// Electronic wallets.
    DigitalPayment,
}

/// Banks with virtual accounts, and their numbers.
const BANKS: [(&str, &str); 13] = [
    ("TAISHIN", "812"),
    ("ESUN", "808"),
    ("BOT", "004"),
    ("FUBON", "012"),
    ("CHINATRUST", "822"),
    ("FIRST", "007"),
    ("LAND", "005"),
    ("CATHAY", "013"),
    ("MEGA", "017"),
    ("TACHONG", "039"),
    ("SINOPAC", "807"),
    ("PANHSIN", "118"),
    ("KGI", "809"),
];

/// The number of the bank that a `ChooseSubPayment` names.
pub(crate) fn bank_number(sub: &str) -> &'static str {
    BANKS.iter().find(|(name, _)| *name == sub).map_or("812", |(_, number)| number)
}

impl Method {
    /// Every method, in the order of the payment page.
    pub const ALL: [Self; 10] = [
        Self::Credit,
        Self::WebAtm,
        Self::Atm,
        Self::Cvs,
        Self::Barcode,
        Self::ApplePay,
        Self::Twqr,
        Self::Bnpl,
        Self::WeiXin,
        Self::DigitalPayment,
    ];

    /// What a merchant has unless told otherwise: the others need a contract of their own.
    pub const USUAL: [Self; 7] = [
        Self::Credit,
        Self::WebAtm,
        Self::Atm,
        Self::Cvs,
        Self::Barcode,
        Self::ApplePay,
        Self::Twqr,
    ];

    /// Its name in `ChoosePayment`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Credit => "Credit",
            Self::WebAtm => "WebATM",
            Self::Atm => "ATM",
            Self::Cvs => "CVS",
            Self::Barcode => "BARCODE",
            Self::ApplePay => "ApplePay",
            Self::Twqr => "TWQR",
            Self::Bnpl => "BNPL",
            Self::WeiXin => "WeiXin",
            Self::DigitalPayment => "DigitalPayment",
        }
    }

    /// The method of that name; names are case-sensitive.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }

    /// The amounts, in whole TWD, that ECPay publishes for merchants without a contract.
    pub(crate) fn published_limits(self) -> RangeInclusive<u32> {
        match self {
            Self::Credit | Self::ApplePay => 5..=199_999,
            Self::WebAtm | Self::Atm => 11..=49_999,
            Self::Cvs => 33..=6_000,
            Self::Barcode => 17..=20_000,
            Self::Bnpl => 3_000..=u32::MAX,
            Self::Twqr | Self::WeiXin | Self::DigitalPayment => 1..=u32::MAX,
        }
    }

    /// Whether the money is authorised on a card, which can be captured and refunded.
    pub(crate) fn is_card(self) -> bool {
        matches!(self, Self::Credit | Self::ApplePay)
    }

    /// Whether paying takes two steps: a code or an application now, the money later.
    pub(crate) fn is_delayed(self) -> bool {
        matches!(self, Self::Atm | Self::Cvs | Self::Barcode | Self::Bnpl)
    }

    /// The values `ChooseSubPayment` may have.
    pub(crate) fn sub_payments(self) -> Vec<&'static str> {
        match self {
            Self::Atm => BANKS.iter().map(|(name, _)| *name).collect(),
            Self::WebAtm => {
                let closed = ["TACHONG", "SINOPAC"];
                let names = BANKS.iter().map(|(name, _)| *name);
                names.filter(|name| !closed.contains(name)).collect()
            }
            Self::Cvs => vec!["CVS", "OK", "FAMILY", "HILIFE", "IBON"],
            Self::Barcode => vec!["BARCODE"],
            Self::Bnpl => vec!["URICH", "ZINGALA"],
            Self::DigitalPayment => vec!["Jkopay", "iPASS"],
            Self::Credit | Self::ApplePay | Self::Twqr | Self::WeiXin => Vec::new(),
        }
    }

    /// `PaymentType` in replies, for a choice of bank or chain.
    pub(crate) fn payment_type(self, sub: Option<&str>) -> String {
        let with = |default: &str| format!("{}_{}", self.as_str(), sub.unwrap_or(default));
        match self {
            Self::Credit => "Credit_CreditCard".into(),
            Self::WebAtm | Self::Atm => with("TAISHIN"),
            Self::Cvs => with("CVS"),
            Self::Barcode => "BARCODE_BARCODE".into(),
            Self::ApplePay | Self::WeiXin => self.as_str().into(),
            Self::Twqr => "TWQR_OPAY".into(),
            Self::Bnpl => with("URICH"),
            Self::DigitalPayment => with("Jkopay"),
        }
    }

    /// Its name for people, in Chinese and English.
    pub(crate) fn label(self) -> (&'static str, &'static str) {
        match self {
            Self::Credit => ("信用卡", "Credit card"),
            Self::WebAtm => ("網路 ATM", "Web ATM"),
            Self::Atm => ("ATM 虛擬帳號", "ATM transfer"),
            Self::Cvs => ("超商代碼", "Convenience-store code"),
            Self::Barcode => ("超商條碼", "Convenience-store barcode"),
            Self::ApplePay => ("Apple Pay", "Apple Pay"),
            Self::Twqr => ("TWQR 行動支付", "TWQR"),
            Self::Bnpl => ("無卡分期", "Buy now, pay later"),
            Self::WeiXin => ("微信支付", "WeChat Pay"),
            Self::DigitalPayment => ("電子支付", "E-wallet"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_case_matters() {
        for method in Method::ALL {
            assert_eq!(Method::parse(method.as_str()), Some(method));
            let json = serde_json::to_string(&method).unwrap();
            assert_eq!(json, format!("\"{}\"", method.as_str()));
        }
        assert_eq!(Method::parse("credit"), None);
        assert_eq!(Method::parse("ALL"), None);
    }

    #[test]
    fn payment_types_are_the_ones_of_the_manual() {
        for (method, sub, payment_type) in [
            (Method::Credit, None, "Credit_CreditCard"),
            (Method::WebAtm, Some("FUBON"), "WebATM_FUBON"),
            (Method::Atm, Some("LAND"), "ATM_LAND"),
            (Method::Atm, None, "ATM_TAISHIN"),
            (Method::Cvs, None, "CVS_CVS"),
            (Method::Cvs, Some("IBON"), "CVS_IBON"),
            (Method::Barcode, Some("BARCODE"), "BARCODE_BARCODE"),
            (Method::ApplePay, None, "ApplePay"),
            (Method::Twqr, None, "TWQR_OPAY"),
            (Method::Bnpl, Some("ZINGALA"), "BNPL_ZINGALA"),
            (Method::WeiXin, None, "WeiXin"),
            (Method::DigitalPayment, Some("iPASS"), "DigitalPayment_iPASS"),
        ] {
            assert_eq!(method.payment_type(sub), payment_type);
        }
    }
}
