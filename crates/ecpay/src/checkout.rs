//! The AIO checkout form (全方位金流): what the buyer's browser posts to ECPay.

use std::ops::RangeInclusive;

use jiff::Timestamp;

use crate::check_mac::CHECK_MAC_VALUE;
use crate::merchant::{Environment, Merchant, MerchantTradeNo};
use crate::method::Method;
use crate::{taipei, text};

const CUSTOM_FIELDS: [&str; 4] = ["CustomField1", "CustomField2", "CustomField3", "CustomField4"];

/// Why a checkout cannot be made into a form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckoutError {
    /// A required field has no text (or none is left after cleaning).
    #[error("{field} is empty")]
    Empty {
        /// The field's name on the wire.
        field: &'static str,
    },
    /// A field is longer than ECPay takes, counted in UTF-16 units.
    #[error("{field} is {length} long, more than {limit}")]
    TooLong {
        /// The field's name on the wire.
        field: &'static str,
        /// How long it is.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
    /// A character that ECPay refuses, or that would not arrive as it was signed.
    #[error("{field} must not contain {character:?}")]
    Character {
        /// The field's name on the wire.
        field: &'static str,
        /// The first such character.
        character: char,
    },
    /// Not an absolute `http` or `https` address in ASCII.
    #[error("{field} is not an http(s) address")]
    Url {
        /// The field's name on the wire.
        field: &'static str,
    },
    /// A number outside its bounds.
    #[error("{field} is {value}, not within {min} to {max}")]
    OutOfRange {
        /// The field's name on the wire.
        field: &'static str,
        /// The number given.
        value: u32,
        /// The smallest allowed.
        min: u32,
        /// The largest allowed.
        max: u32,
    },
    /// A field that cannot be there together with another one that is.
    #[error("{field} cannot be used here")]
    Excluded {
        /// The field's name on the wire.
        field: &'static str,
    },
    /// `MerchantMemberID` does not begin with the merchant number.
    #[error("MerchantMemberID does not begin with the merchant number")]
    MemberId,
}

/// The language of ECPay's pages; Traditional Chinese when none is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `ENG`
    English,
    /// `KOR`
    Korean,
    /// `JPN`
    Japanese,
    /// `CHI`
    SimplifiedChinese,
}

/// What every checkout must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// A number never used before.
    pub merchant_trade_no: MerchantTradeNo,
    /// When the order was made.
    pub created_at: Timestamp,
    /// Whole New Taiwan dollars, tax included, at least 1.
    pub total_amount: u32,
    /// What it is, for the buyer; cleaned by [`text::description`].
    pub description: String,
    /// The items' names; cleaned, joined and cut by [`text::item_names`].
    pub items: Vec<String>,
    /// Where ECPay's server posts the result.
    pub return_url: String,
}

/// A checkout in the making. [`Checkout::sign`] checks it and makes the form.
///
/// ```
/// use ecpay::{Checkout, Environment, Merchant, MerchantTradeNo, Method, Order};
///
/// let merchant = Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs")?;
/// let form = Checkout::new(
///     Order {
///         merchant_trade_no: MerchantTradeNo::new("OX20260101000001")?,
///         created_at: "2026-01-01T04:00:00Z".parse()?,
///         total_amount: 1990,
///         description: "Order 1001".into(),
///         items: vec!["Mug x1".into(), "Tee x2".into()],
///         return_url: "https://shop.example/ecpay/notify".into(),
///     },
///     Method::credit(),
/// )
/// .order_result_url("https://shop.example/ecpay/result")
/// .sign(&merchant, &Environment::Stage)?;
///
/// assert_eq!(form.action(), "https://payment-stage.ecpay.com.tw/Cashier/AioCheckOut/V5");
/// assert_eq!(form.get("MerchantTradeDate"), Some("2026/01/01 12:00:00"));
/// assert_eq!(form.get("ItemName"), Some("Mug x1#Tee x2"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    order: Order,
    method: Method,
    client_back_url: Option<String>,
    order_result_url: Option<String>,
    item_url: Option<String>,
    remark: Option<String>,
    store_id: Option<String>,
    language: Option<Language>,
    extra_paid_info: bool,
    custom_fields: [Option<String>; 4],
}

impl Checkout {
    /// An order, and how it may be paid.
    pub fn new(order: Order, method: Method) -> Self {
        Self {
            order,
            method,
            client_back_url: None,
            order_result_url: None,
            item_url: None,
            remark: None,
            store_id: None,
            language: None,
            extra_paid_info: false,
            custom_fields: [const { None }; 4],
        }
    }

    /// Puts a "back to shop" button (返回商店) on ECPay's page; a plain link, without any result.
    #[must_use]
    pub fn client_back_url(mut self, url: impl Into<String>) -> Self {
        self.client_back_url = Some(url.into());
        self
    }

    /// Where the buyer's browser posts the result. Must differ from the return URL; beats the
    /// back button; not used by the delayed methods (ATM, CVS, BARCODE).
    #[must_use]
    pub fn order_result_url(mut self, url: impl Into<String>) -> Self {
        self.order_result_url = Some(url.into());
        self
    }

    /// The product's page.
    #[must_use]
    pub fn item_url(mut self, url: impl Into<String>) -> Self {
        self.item_url = Some(url.into());
        self
    }

    /// A remark of the merchant's, at most 100 characters.
    #[must_use]
    pub fn remark(mut self, remark: impl Into<String>) -> Self {
        self.remark = Some(remark.into());
        self
    }

    /// A branch's code, at most 10 letters or digits.
    #[must_use]
    pub fn store_id(mut self, id: impl Into<String>) -> Self {
        self.store_id = Some(id.into());
        self
    }

    /// The language of ECPay's page.
    #[must_use]
    pub fn language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    /// Asks for the extra fields in notices and queries (card digits, authorisation, payer).
    #[must_use]
    pub fn extra_paid_info(mut self) -> Self {
        self.extra_paid_info = true;
        self
    }

    /// Fields that come back in every notice and query, at most 50 characters each, letters,
    /// digits, spaces and the symbols ``, . # ( ) $ [ ] ; % { } : / ? & @ < > ! - _`` only.
    #[must_use]
    pub fn custom_fields(mut self, fields: [Option<String>; 4]) -> Self {
        self.custom_fields = fields;
        self
    }

    /// Checks everything and signs it for a merchant in an environment.
    pub fn sign(
        &self,
        merchant: &Merchant,
        environment: &Environment,
    ) -> Result<CheckoutForm, CheckoutError> {
        let mut form = Writer::default();
        self.write_order(merchant, &mut form)?;
        self.method.write(self.order.total_amount, merchant, &mut form)?;
        self.write_options(&mut form)?;
        form.code("PlatformID", merchant.platform_id())?;
        let mut fields = form.fields;
        let mac = merchant.sign(fields.iter().map(|(name, value)| (*name, value.as_str())));
        fields.push((CHECK_MAC_VALUE, mac));
        Ok(CheckoutForm { action: environment.checkout_url(), fields })
    }

    fn write_order(&self, merchant: &Merchant, form: &mut Writer) -> Result<(), CheckoutError> {
        let order = &self.order;
        form.push("MerchantID", merchant.id());
        form.push("MerchantTradeNo", order.merchant_trade_no.as_str());
        form.push("MerchantTradeDate", &taipei::format(order.created_at));
        form.push("PaymentType", "aio");
        form.number("TotalAmount", Some(order.total_amount), 1..=u32::MAX)?;
        form.required("TradeDesc", &text::description(&order.description), 200)?;
        let items = text::item_names(order.items.iter().map(String::as_str));
        form.required("ItemName", &items, text::ITEM_NAME_LIMIT)?;
        if order.return_url.is_empty() {
            return Err(CheckoutError::Empty { field: "ReturnURL" });
        }
        form.url("ReturnURL", Some(&order.return_url))?;
        form.push("EncryptType", "1");
        Ok(())
    }

    fn write_options(&self, form: &mut Writer) -> Result<(), CheckoutError> {
        form.url("ClientBackURL", self.client_back_url.as_deref())?;
        if self.order_result_url.as_deref() == Some(self.order.return_url.as_str()) {
            return Err(CheckoutError::Excluded { field: "OrderResultURL" });
        }
        form.url("OrderResultURL", self.order_result_url.as_deref())?;
        form.url("ItemURL", self.item_url.as_deref())?;
        form.optional("Remark", self.remark.as_deref().unwrap_or_default(), 100)?;
        form.code("StoreID", self.store_id.as_deref())?;
        if let Some(language) = self.language {
            form.push(
                "Language",
                match language {
                    Language::English => "ENG",
                    Language::Korean => "KOR",
                    Language::Japanese => "JPN",
                    Language::SimplifiedChinese => "CHI",
                },
            );
        }
        if self.extra_paid_info {
            form.push("NeedExtraPaidInfo", "Y");
        }
        for (name, value) in CUSTOM_FIELDS.into_iter().zip(&self.custom_fields) {
            form.custom(name, value.as_deref().unwrap_or_default())?;
        }
        Ok(())
    }
}

/// A signed form: post exactly these fields, in this order, to [`CheckoutForm::action`] from the
/// buyer's browser. Escape the values when writing HTML; change nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutForm {
    action: String,
    fields: Vec<(&'static str, String)>,
}

impl CheckoutForm {
    /// The address to post to.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// Names and values, `CheckMacValue` last.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

/// Collects fields and refuses what ECPay would refuse.
#[derive(Default)]
pub(crate) struct Writer {
    fields: Vec<(&'static str, String)>,
}

impl Writer {
    pub(crate) fn push(&mut self, field: &'static str, value: &str) {
        self.fields.push((field, value.to_owned()));
    }

    pub(crate) fn required(
        &mut self,
        field: &'static str,
        value: &str,
        limit: usize,
    ) -> Result<(), CheckoutError> {
        if value.is_empty() {
            return Err(CheckoutError::Empty { field });
        }
        self.optional(field, value, limit)
    }

    /// A text that is left out when empty.
    pub(crate) fn optional(
        &mut self,
        field: &'static str,
        value: &str,
        limit: usize,
    ) -> Result<(), CheckoutError> {
        if value.is_empty() {
            return Ok(());
        }
        check_text(field, value, limit)?;
        self.push(field, value);
        Ok(())
    }

    pub(crate) fn number(
        &mut self,
        field: &'static str,
        value: Option<u32>,
        range: RangeInclusive<u32>,
    ) -> Result<(), CheckoutError> {
        let Some(value) = value else { return Ok(()) };
        if !range.contains(&value) {
            let (min, max) = (*range.start(), *range.end());
            return Err(CheckoutError::OutOfRange { field, value, min, max });
        }
        self.push(field, &value.to_string());
        Ok(())
    }

    pub(crate) fn url(
        &mut self,
        field: &'static str,
        value: Option<&str>,
    ) -> Result<(), CheckoutError> {
        let Some(url) = value else { return Ok(()) };
        check_text(field, url, 200)?;
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        if !host
            .is_some_and(|host| host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '['))
        {
            return Err(CheckoutError::Url { field });
        }
        let refused = |c: char| !c.is_ascii_graphic() || ";|`\"<>\\^{}".contains(c);
        if let Some(character) = url.chars().find(|c| refused(*c)) {
            return Err(CheckoutError::Character { field, character });
        }
        self.push(field, url);
        Ok(())
    }

    /// The bank, chain or provider that is chosen beforehand.
    pub(crate) fn sub_payment(&mut self, value: Option<&str>) -> Result<(), CheckoutError> {
        self.alphanumeric("ChooseSubPayment", value, 20)
    }

    fn code(&mut self, field: &'static str, value: Option<&str>) -> Result<(), CheckoutError> {
        self.alphanumeric(field, value, 10)
    }

    fn alphanumeric(
        &mut self,
        field: &'static str,
        value: Option<&str>,
        limit: usize,
    ) -> Result<(), CheckoutError> {
        let Some(code) = value else { return Ok(()) };
        if let Some(character) = code.chars().find(|c| !c.is_ascii_alphanumeric()) {
            return Err(CheckoutError::Character { field, character });
        }
        self.required(field, code, limit)
    }

    fn custom(&mut self, field: &'static str, value: &str) -> Result<(), CheckoutError> {
        let allowed = |c: char| {
            c.is_alphanumeric()
                || (!c.is_ascii() && !c.is_control())
                || " ,.#()$[];%{}:/?&@<>!-_".contains(c)
        };
        if let Some(character) = value.chars().find(|c| !allowed(*c)) {
            return Err(CheckoutError::Character { field, character });
        }
        self.optional(field, value, 50)
    }
}

fn check_text(field: &'static str, value: &str, limit: usize) -> Result<(), CheckoutError> {
    let length = text::length(value);
    if length > limit {
        return Err(CheckoutError::TooLong { field, length, limit });
    }
    // A browser rewrites line ends when it posts a form, which would break the signature.
    if let Some(character) = value.chars().find(|c| c.is_control()) {
        return Err(CheckoutError::Character { field, character });
    }
    Ok(())
}
