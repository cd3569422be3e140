//! An order as ECPay keeps it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::card::{Card, Entry};
use crate::config::MerchantConfig;
use crate::fault::NoticeKind;
use crate::form::Form;
use crate::method::Method;

/// What happened last when somebody tried to pay.
#[derive(Debug, Clone, Serialize, Deserialize)]
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

/// What a buyer of a delayed method takes home.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PayCode {
    pub(crate) method: Method,
    /// The fields of the announcement: `BankCode`, `vAccount`, `PaymentNo` and so on.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

impl PayCode {
    /// A field of the announcement.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// One try to deliver a notice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Attempt {
    pub(crate) at: Timestamp,
    pub(crate) status: Option<u16>,
    pub(crate) answer: String,
}

/// Where a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

/// A notice and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub(crate) id: u64,
    pub(crate) kind: NoticeKind,
    pub(crate) url: String,
    pub(crate) body: String,
    /// What is sent when the first delivery failed: ECPay changes `RtnMsg` then.
    pub(crate) body_again: String,
    pub(crate) state: NoticeState,
    /// When it is sent next, as far as that is known.
    pub(crate) next_at: Option<Timestamp>,
    pub(crate) attempts: Vec<Attempt>,
}

/// An order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "`TradeNo` is what ECPay calls it everywhere")]
pub(crate) struct Trade {
    /// Whose it is, with the keys that sign. Not kept on disk, where keys have no business.
    #[serde(skip, default = "MerchantConfig::nobody")]
    pub(crate) merchant: MerchantConfig,
    pub(crate) trade_no: String,
    pub(crate) merchant_trade_no: String,
    /// Whole TWD.
    pub(crate) amount: u32,
    pub(crate) methods: Vec<Method>,
    pub(crate) request: Form,
    pub(crate) created_at: Timestamp,
    pub(crate) paid_at: Option<Timestamp>,
    /// What was last tried to be paid with.
    pub(crate) paid_by: Option<Method>,
    pub(crate) last_event: Option<Event>,
    /// What was entered on the card page.
    pub(crate) entry: Option<Entry>,
    /// Wrong codes given to the bank for what was entered.
    pub(crate) wrong_codes: u8,
    pub(crate) card: Option<Card>,
    pub(crate) code: Option<PayCode>,
    pub(crate) notices: Vec<Notice>,
}

impl Trade {
    /// Notices remembered per order; the oldest are forgotten.
    const MAX_NOTICES: usize = 64;

    /// An order that was just accepted.
    pub(crate) fn new(
        merchant: MerchantConfig,
        trade_no: String,
        request: Form,
        (amount, methods): (u32, Vec<Method>),
        now: Timestamp,
    ) -> Self {
        Self {
            merchant,
            trade_no,
            merchant_trade_no: request.get("MerchantTradeNo").to_owned(),
            amount,
            methods,
            request,
            created_at: now,
            paid_at: None,
            paid_by: None,
            last_event: None,
            entry: None,
            wrong_codes: 0,
            card: None,
            code: None,
            notices: Vec::new(),
        }
    }

    pub(crate) fn log(&mut self, notice: Notice) {
        if self.notices.len() == Self::MAX_NOTICES {
            self.notices.remove(0);
        }
        self.notices.push(notice);
    }

    /// Whose keys sign: a platform's for the merchants under it.
    pub(crate) fn signer_id(request: &Form) -> &str {
        request.filled("PlatformID").unwrap_or(request.get("MerchantID"))
    }

    /// `TradeStatus` of a query.
    pub(crate) fn status(&self) -> u32 {
        match (&self.paid_at, &self.last_event) {
            (Some(_), _) => 1,
            (None, Some(event)) if !event.is_success() => {
                if self.paid_by == Some(Method::Bnpl) {
                    10_200_163
                } else {
                    10_200_095
                }
            }
            (None, _) => 0,
        }
    }

    /// The status for people and tests.
    pub(crate) fn state_in_words(&self) -> &'static str {
        match self.status() {
            1 => "paid",
            0 if self.code.is_some() => "code_issued",
            0 => "created",
            _ => "failed",
        }
    }

    /// `PaymentType` as ECPay names it in replies.
    pub(crate) fn payment_type(&self, method: Method) -> String {
        let flexible = self.card_entry().and_then(|entry| entry.instalments.as_deref());
        if method == Method::Credit && flexible == Some("30N") {
            return "Flexible_Installment".into();
        }
        method.payment_type(self.sub_payment(method))
    }

    /// The bank or chain that the shop chose for a method, if it did.
    pub(crate) fn sub_payment(&self, method: Method) -> Option<&str> {
        let chosen = self.request.get("ChoosePayment") == method.as_str();
        self.request.filled("ChooseSubPayment").filter(|_| chosen)
    }

    fn card_entry(&self) -> Option<&Entry> {
        self.card.as_ref().map(|card| &card.entry).or(self.entry.as_ref())
    }

    /// Whether the payment, made or tried, was by `UnionPay`.
    pub(crate) fn by_union_pay(&self) -> bool {
        self.paid_by == Some(Method::Credit)
            && self.card_entry().is_some_and(|entry| entry.union_pay)
    }

    /// The items, one a line.
    pub(crate) fn items(&self) -> Vec<String> {
        let names = self.request.get("ItemName").split('#');
        names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    /// The instalment plans the shop offers: `3`, `6`, … `30N`.
    pub(crate) fn instalment_plans(&self) -> Vec<&str> {
        self.request.get("CreditInstallment").split(',').filter(|plan| !plan.is_empty()).collect()
    }

    /// The page where a person plays the bank, the store and ECPay.
    pub(crate) fn control_page(&self) -> String {
        format!("/console/{}", self.trade_no)
    }
}
