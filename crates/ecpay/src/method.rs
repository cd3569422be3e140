//! The ways to pay that a checkout form can offer, each with its own parameters.

use crate::checkout::{CheckoutError, Writer};
use crate::merchant::Merchant;

/// What the buyer is offered (`ChoosePayment`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// ECPay's page lets the buyer choose, except among the hidden ones (`IgnorePayment`).
    All {
        /// What not to offer.
        hidden: Vec<MethodName>,
    },
    /// Credit card.
    Credit(Credit),
    /// Virtual account (虛擬帳號), paid later by bank transfer.
    Atm(Atm),
    /// Card reader on a PC.
    WebAtm,
    /// Convenience-store code (超商代碼), paid later.
    Cvs(Cvs),
    /// Three-part store barcode (超商條碼), paid later.
    Barcode(Barcode),
    /// Apple Pay.
    ApplePay,
    /// Bank-app QR code.
    Twqr,
    /// 微信支付.
    WeiXin,
    /// Pay later (無卡分期): from 3,000 New Taiwan dollars; whether it is granted comes later.
    Bnpl {
        /// `ChooseSubPayment`; the buyer chooses when `None`.
        provider: Option<BnplProvider>,
    },
    /// E-wallet (電子支付).
    DigitalPayment {
        /// `ChooseSubPayment`; the buyer chooses when `None`.
        wallet: Option<Wallet>,
    },
}

/// The least that can be paid later, in New Taiwan dollars.
const BNPL_MIN: u32 = 3_000;

impl Method {
    /// Credit card, paid at once, nothing special.
    pub fn credit() -> Self {
        Self::Credit(Credit::default())
    }

    /// Everything the merchant has enabled at ECPay.
    pub fn all() -> Self {
        Self::All { hidden: Vec::new() }
    }

    /// The name on the wire; `None` for [`Method::All`].
    pub fn name(&self) -> Option<MethodName> {
        Some(match self {
            Self::All { .. } => return None,
            Self::Credit(_) => MethodName::Credit,
            Self::Atm(_) => MethodName::Atm,
            Self::WebAtm => MethodName::WebAtm,
            Self::Cvs(_) => MethodName::Cvs,
            Self::Barcode(_) => MethodName::Barcode,
            Self::ApplePay => MethodName::ApplePay,
            Self::Twqr => MethodName::Twqr,
            Self::WeiXin => MethodName::WeiXin,
            Self::Bnpl { .. } => MethodName::Bnpl,
            Self::DigitalPayment { .. } => MethodName::DigitalPayment,
        })
    }

    /// Whether the buyer gets a code first and pays hours or days later. `OrderResultURL` is not
    /// used then.
    pub fn is_delayed(&self) -> bool {
        matches!(self, Self::Atm(_) | Self::Cvs(_) | Self::Barcode(_))
    }

    pub(crate) fn write(
        &self,
        total: u32,
        merchant: &Merchant,
        form: &mut Writer,
    ) -> Result<(), CheckoutError> {
        form.push("ChoosePayment", self.name().map_or("ALL", MethodName::as_str));
        match self {
            Self::All { hidden } => {
                if hidden.contains(&MethodName::DigitalPayment) {
                    return Err(CheckoutError::Excluded { field: "IgnorePayment" });
                }
                let names: Vec<&str> = hidden.iter().map(|name| name.as_str()).collect();
                form.optional("IgnorePayment", &names.join("#"), 100)
            }
            Self::Credit(credit) => credit.write(merchant, form),
            Self::Atm(atm) => atm.write(form),
            Self::Cvs(cvs) => cvs.write(form),
            Self::Barcode(barcode) => barcode.write(form),
            Self::Bnpl { provider } => {
                if total < BNPL_MIN {
                    let (field, max) = ("TotalAmount", u32::MAX);
                    let error =
                        CheckoutError::OutOfRange { field, value: total, min: BNPL_MIN, max };
                    return Err(error);
                }
                form.sub_payment(provider.map(BnplProvider::as_str))
            }
            Self::DigitalPayment { wallet } => form.sub_payment(wallet.map(Wallet::as_str)),
            Self::WebAtm | Self::ApplePay | Self::Twqr | Self::WeiXin => Ok(()),
        }
    }
}

/// A payment method's name on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MethodName {
    /// `Credit`
    Credit,
    /// `ATM`
    Atm,
    /// `WebATM`
    WebAtm,
    /// `CVS`
    Cvs,
    /// `BARCODE`
    Barcode,
    /// `ApplePay`
    ApplePay,
    /// `TWQR`
    Twqr,
    /// `BNPL`
    Bnpl,
    /// `WeiXin`
    WeiXin,
    /// `DigitalPayment`; cannot be hidden.
    DigitalPayment,
}

impl MethodName {
    /// The name as ECPay writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Credit => "Credit",
            Self::Atm => "ATM",
            Self::WebAtm => "WebATM",
            Self::Cvs => "CVS",
            Self::Barcode => "BARCODE",
            Self::ApplePay => "ApplePay",
            Self::Twqr => "TWQR",
            Self::Bnpl => "BNPL",
            Self::WeiXin => "WeiXin",
            Self::DigitalPayment => "DigitalPayment",
        }
    }
}

/// Who lends the buyer the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BnplProvider {
    /// 裕富 (`URICH`)
    Urich,
    /// 中租銀角零卡 (`ZINGALA`)
    Zingala,
}

impl BnplProvider {
    fn as_str(self) -> &'static str {
        match self {
            Self::Urich => "URICH",
            Self::Zingala => "ZINGALA",
        }
    }
}

/// An e-wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wallet {
    /// 街口支付 (`Jkopay`)
    Jkopay,
    /// 一卡通 (`iPASS`)
    Ipass,
}

impl Wallet {
    fn as_str(self) -> &'static str {
        match self {
            Self::Jkopay => "Jkopay",
            Self::Ipass => "iPASS",
        }
    }
}

/// How cards of `UnionPay` (銀聯) are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnionPay {
    /// The buyer may choose (`0`).
    Offered,
    /// Nothing else (`1`). Excludes instalments, points and stored cards.
    Only,
    /// Not offered (`2`).
    Hidden,
}

/// A number of instalments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instalment {
    /// 3 months.
    Three,
    /// 6 months.
    Six,
    /// 12 months.
    Twelve,
    /// 18 months.
    Eighteen,
    /// 24 months.
    TwentyFour,
    /// Flexible, 圓夢彈性分期 (`30N`).
    Flexible,
}

impl Instalment {
    fn as_str(self) -> &'static str {
        match self {
            Self::Three => "3",
            Self::Six => "6",
            Self::Twelve => "12",
            Self::Eighteen => "18",
            Self::TwentyFour => "24",
            Self::Flexible => "30N",
        }
    }
}

/// Parameters of a card payment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credit {
    /// `UnionPay`; ECPay's default when `None`.
    pub union_pay: Option<UnionPay>,
    /// `Redeem`: the buyer may pay with bonus points (紅利折抵).
    pub redeem: bool,
    /// `CreditInstallment`: instalments offered; empty for one payment.
    pub instalments: Vec<Instalment>,
    /// `BindingCard` and `MerchantMemberID`: the buyer may store the card under this id, which
    /// must begin with the merchant number.
    pub member_id: Option<String>,
}

impl Credit {
    fn write(&self, merchant: &Merchant, form: &mut Writer) -> Result<(), CheckoutError> {
        let exclusive = |field| Err(CheckoutError::Excluded { field });
        if self.union_pay == Some(UnionPay::Only) {
            if !self.instalments.is_empty() {
                return exclusive("CreditInstallment");
            }
            if self.redeem {
                return exclusive("Redeem");
            }
            if self.member_id.is_some() {
                return exclusive("BindingCard");
            }
        }
        if self.redeem && !self.instalments.is_empty() {
            return exclusive("Redeem");
        }
        if let Some(union_pay) = self.union_pay {
            form.push(
                "UnionPay",
                match union_pay {
                    UnionPay::Offered => "0",
                    UnionPay::Only => "1",
                    UnionPay::Hidden => "2",
                },
            );
        }
        if self.redeem {
            form.push("Redeem", "Y");
        }
        let instalments: Vec<&str> = self.instalments.iter().map(|i| i.as_str()).collect();
        form.optional("CreditInstallment", &instalments.join(","), 20)?;
        if let Some(member_id) = &self.member_id {
            if !member_id.starts_with(merchant.id()) {
                return Err(CheckoutError::MemberId);
            }
            form.push("BindingCard", "1");
            form.required("MerchantMemberID", member_id, 30)?;
        }
        Ok(())
    }
}

/// Where the payment code of a delayed method is announced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodeUrls {
    /// `PaymentInfoURL`: server to server, when the code has been issued.
    pub payment_info_url: Option<String>,
    /// `ClientRedirectURL`: the buyer's browser is sent here with the code, instead of seeing
    /// ECPay's page; disables `ClientBackURL`.
    pub client_redirect_url: Option<String>,
}

impl CodeUrls {
    fn write(&self, form: &mut Writer) -> Result<(), CheckoutError> {
        form.url("PaymentInfoURL", self.payment_info_url.as_deref())?;
        form.url("ClientRedirectURL", self.client_redirect_url.as_deref())
    }
}

/// Parameters of a virtual account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Atm {
    /// `ChooseSubPayment`: a bank's code such as `ESUN`; the buyer chooses when `None`.
    pub bank: Option<String>,
    /// `ExpireDate`: **days** until the account expires, 1 to 60; ECPay's default is 3.
    pub expire_days: Option<u32>,
    /// Where the account number is announced.
    pub urls: CodeUrls,
}

impl Atm {
    fn write(&self, form: &mut Writer) -> Result<(), CheckoutError> {
        form.sub_payment(self.bank.as_deref())?;
        form.number("ExpireDate", self.expire_days, 1..=60)?;
        self.urls.write(form)
    }
}

/// Parameters of a convenience-store code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cvs {
    /// `ChooseSubPayment`: a chain such as `FAMILY`; the buyer chooses when `None`.
    pub chain: Option<String>,
    /// `StoreExpireDate`: **minutes** until the code expires, 1 to 43,200 (30 days); ECPay's
    /// default is 10,080 (7 days). The barcode's field of the same name counts days.
    pub expire_minutes: Option<u32>,
    /// `Desc_1` to `Desc_4`: lines on the store's terminal, 20 characters each.
    pub lines: Vec<String>,
    /// Where the code is announced.
    pub urls: CodeUrls,
}

impl Cvs {
    fn write(&self, form: &mut Writer) -> Result<(), CheckoutError> {
        form.sub_payment(self.chain.as_deref())?;
        form.number("StoreExpireDate", self.expire_minutes, 1..=43_200)?;
        write_lines(&self.lines, form)?;
        self.urls.write(form)
    }
}

/// Parameters of a store barcode.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Barcode {
    /// `StoreExpireDate`: **days** until the barcode expires, 1 to 30; ECPay's default is 7. The
    /// store code's field of the same name counts minutes.
    pub expire_days: Option<u32>,
    /// `Desc_1` to `Desc_4`: lines on the slip, 20 characters each.
    pub lines: Vec<String>,
    /// Where the barcode is announced.
    pub urls: CodeUrls,
}

impl Barcode {
    fn write(&self, form: &mut Writer) -> Result<(), CheckoutError> {
        form.number("StoreExpireDate", self.expire_days, 1..=30)?;
        write_lines(&self.lines, form)?;
        self.urls.write(form)
    }
}

fn write_lines(lines: &[String], form: &mut Writer) -> Result<(), CheckoutError> {
    const NAMES: [&str; 4] = ["Desc_1", "Desc_2", "Desc_3", "Desc_4"];
    if lines.len() > NAMES.len() {
        return Err(CheckoutError::Excluded { field: "Desc_5" });
    }
    for (name, line) in NAMES.into_iter().zip(lines) {
        form.optional(name, line, 20)?;
    }
    Ok(())
}
