//! An order as ECPay keeps it.

use jiff::Timestamp;
use serde::Serialize;

use crate::config::MerchantConfig;
use crate::form::Form;
use crate::rules::Method;

/// What happened last when somebody tried to pay.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) code: u32,
    pub(crate) at: Timestamp,
    pub(crate) simulated: bool,
}

impl Event {
    pub(crate) const PAID: u32 = 1;

    pub(crate) fn is_success(&self) -> bool {
        self.code == Self::PAID
    }
}

/// Digits of a card that messages carry. The rest is never kept.
#[derive(Debug, Clone)]
pub(crate) struct CardDigits {
    pub(crate) first6: String,
    pub(crate) last4: String,
}

/// What a buyer of a delayed method takes home.
#[derive(Debug, Clone)]
pub(crate) struct PayCode {
    pub(crate) method: Method,
    /// The fields of the announcement: `BankCode`, `vAccount`, `PaymentNo` and so on.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) expires_at: Timestamp,
}

/// One try to deliver a notice.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Attempt {
    pub(crate) at: Timestamp,
    pub(crate) status: Option<u16>,
    pub(crate) answer: String,
}

/// Where a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NoticeState {
    /// To be sent, or sent again.
    Pending,
    /// Answered `1|OK`.
    Acknowledged,
    /// Sent as often as allowed, in vain.
    Abandoned,
    /// Kept back by a fault.
    Silenced,
    /// Not sent: too many were waiting.
    Dropped,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NoticeKind {
    Payment,
    Code,
}

/// A notice and what became of it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Notice {
    pub(crate) id: u64,
    pub(crate) kind: NoticeKind,
    pub(crate) url: String,
    pub(crate) body: String,
    /// What is sent when the first delivery failed: ECPay changes `RtnMsg` then.
    #[serde(skip)]
    pub(crate) body_again: String,
    pub(crate) state: NoticeState,
    pub(crate) attempts: Vec<Attempt>,
}

/// An order.
#[derive(Debug, Clone)]
#[expect(clippy::struct_field_names, reason = "`TradeNo` is what ECPay calls it everywhere")]
pub(crate) struct Trade {
    pub(crate) merchant: MerchantConfig,
    pub(crate) trade_no: String,
    pub(crate) merchant_trade_no: String,
    pub(crate) amount: u32,
    pub(crate) methods: Vec<Method>,
    pub(crate) request: Form,
    pub(crate) created_at: Timestamp,
    pub(crate) paid_at: Option<Timestamp>,
    pub(crate) paid_by: Option<Method>,
    pub(crate) last_event: Option<Event>,
    pub(crate) card: Option<CardDigits>,
    pub(crate) code: Option<PayCode>,
    pub(crate) notices: Vec<Notice>,
}

impl Trade {
    /// Notices remembered per order; the oldest are forgotten.
    const MAX_NOTICES: usize = 64;

    pub(crate) fn log(&mut self, notice: Notice) {
        if self.notices.len() == Self::MAX_NOTICES {
            self.notices.remove(0);
        }
        self.notices.push(notice);
    }

    /// `TradeStatus` of a query.
    pub(crate) fn status(&self) -> &'static str {
        match (&self.paid_at, &self.last_event) {
            (Some(_), _) => "1",
            (None, Some(event)) if !event.is_success() => "10200095",
            (None, _) => "0",
        }
    }

    fn state_in_words(&self) -> &'static str {
        match self.status() {
            "1" => "paid",
            "10200095" => "failed",
            _ if self.code.is_some() => "code_issued",
            _ => "created",
        }
    }

    /// `PaymentType` as ECPay names it in replies.
    pub(crate) fn payment_type(&self, method: Method) -> String {
        let sub = self.request.filled("ChooseSubPayment");
        match method {
            Method::Credit => "Credit_CreditCard".into(),
            Method::Atm => format!("ATM_{}", sub.unwrap_or("TAISHIN")),
            Method::Cvs => format!("CVS_{}", sub.unwrap_or("CVS")),
            Method::Barcode => "BARCODE_BARCODE".into(),
        }
    }

    /// The items, one a line.
    pub(crate) fn items(&self) -> Vec<String> {
        let names = self.request.get("ItemName").split('#');
        names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    /// What the control API tells.
    pub(crate) fn view(&self) -> TradeView<'_> {
        TradeView {
            merchant_id: &self.merchant.id,
            merchant_trade_no: &self.merchant_trade_no,
            trade_no: &self.trade_no,
            amount: self.amount,
            status: self.state_in_words(),
            items: self.items(),
            methods: self.methods.iter().map(|method| method.as_str()).collect(),
            created_at: self.created_at,
            paid_at: self.paid_at,
            payment_type: self.paid_by.map(|method| self.payment_type(method)),
            code: self.code.as_ref().map(|code| code.fields.iter().cloned().collect()),
            pay_page: format!("/Cashier/Pay/{}", self.trade_no),
            notices: &self.notices,
        }
    }
}

/// An order as the control API tells it.
#[derive(Debug, Serialize)]
pub(crate) struct TradeView<'a> {
    merchant_id: &'a str,
    merchant_trade_no: &'a str,
    trade_no: &'a str,
    amount: u32,
    status: &'static str,
    items: Vec<String>,
    methods: Vec<&'static str>,
    created_at: Timestamp,
    paid_at: Option<Timestamp>,
    payment_type: Option<String>,
    code: Option<std::collections::BTreeMap<String, String>>,
    pay_page: String,
    notices: &'a [Notice],
}
