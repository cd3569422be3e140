//! Mails about what becomes of an order before it is sent.

use jiff::Timestamp;
use kernel::{Locale, Money};
use serde::{Deserialize, Serialize};

use crate::{
    letter::{Letter, in_taipei},
    message::{Message, about_an_order},
    payload::{Bill, Order, sample},
    phrases::Phrases,
    render::RenderError,
};

/// An order was placed, and is not paid yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderReceived {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// What was bought.
    #[serde(flatten)]
    pub bill: Bill,
    /// When it was placed.
    pub created_at: Timestamp,
    /// Until when it has to be paid.
    pub pay_until: Timestamp,
}

impl Message for OrderReceived {
    about_an_order!();

    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError> {
        let locale = self.order.locale;
        Letter::about(&self.order, say)?
            .lead(say.text("lead")?)
            .fact(say.text("created_at")?, &in_taipei(self.created_at, locale))
            .fact(say.text("pay_until")?, &in_taipei(self.pay_until, locale))
            .more(say.text("more")?)
            .bill(&self.bill, locale, say)
    }

    fn good_until(&self) -> Option<Timestamp> {
        Some(self.pay_until)
    }

    fn sample(locale: Locale) -> Self {
        Self {
            order: sample::order(locale),
            bill: sample::bill(),
            created_at: sample::time(0),
            pay_until: sample::time(3),
        }
    }
}

/// An order was paid. Also the data of `order.paid`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPaid {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// What was bought.
    #[serde(flatten)]
    pub bill: Bill,
    /// When it was paid.
    #[serde(default)]
    pub paid_at: Option<Timestamp>,
}

impl Message for OrderPaid {
    about_an_order!();

    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError> {
        let locale = self.order.locale;
        let mut letter = Letter::about(&self.order, say)?.lead(say.text("lead")?);
        if let Some(at) = self.paid_at {
            letter = letter.fact(say.text("paid_at")?, &in_taipei(at, locale));
        }
        let preview =
            format!("{} {} · {}", say.text("number")?, self.order.number, self.bill.total);
        letter.preview(&preview).bill(&self.bill, locale, say)
    }

    fn sample(locale: Locale) -> Self {
        let paid_at = Some(sample::time(0));
        Self { order: sample::order(locale), bill: sample::bill(), paid_at }
    }
}

/// An order was accepted that is paid when it arrives. Also the data of `order.paid`, where no money
/// came yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderAccepted {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// What was bought.
    #[serde(flatten)]
    pub bill: Bill,
}

impl Message for OrderAccepted {
    about_an_order!();

    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError> {
        Letter::about(&self.order, say)?
            .lead(say.text("lead")?)
            .fact(say.text("amount_due")?, &self.bill.total.to_string())
            .bill(&self.bill, self.order.locale, say)
    }

    fn sample(locale: Locale) -> Self {
        Self { order: sample::order(locale), bill: sample::bill() }
    }
}

/// An order's time to pay is nearly over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentReminder {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// What is to be paid.
    pub total: Money,
    /// Until when.
    pub pay_until: Timestamp,
}

impl Message for PaymentReminder {
    about_an_order!();

    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError> {
        let until = in_taipei(self.pay_until, self.order.locale);
        let letter = Letter::about(&self.order, say)?
            .preview(&format!("{} {until}", say.text("pay_until")?))
            .lead(say.text("lead")?)
            .fact(say.text("amount_due")?, &self.total.to_string())
            .fact(say.text("pay_until")?, &until)
            .more(say.text("more")?);
        Ok(letter)
    }

    fn good_until(&self) -> Option<Timestamp> {
        Some(self.pay_until)
    }

    fn sample(locale: Locale) -> Self {
        let (total, pay_until) = (sample::money(2000), sample::time(0));
        Self { order: sample::order(locale), total, pay_until }
    }
}

/// An order was not paid in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderExpired {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
}

impl Message for OrderExpired {
    about_an_order!();

    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError> {
        let letter = Letter::about(&self.order, say)?;
        Ok(letter.lead(say.text("lead")?).more(say.text("more")?))
    }

    fn sample(locale: Locale) -> Self {
        Self { order: sample::order(locale) }
    }
}

/// An order was cancelled, by its buyer or by operations. Also the data of `order.cancelled`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCancelled {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// Whether money was paid for it, which goes back.
    #[serde(default)]
    pub was_paid: bool,
}

impl Message for OrderCancelled {
    about_an_order!();

    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError> {
        let money = if self.was_paid { "more_paid" } else { "more_unpaid" };
        let letter = Letter::about(&self.order, say)?;
        Ok(letter.lead(say.text("lead")?).more(say.text(money)?))
    }

    fn sample(locale: Locale) -> Self {
        Self { order: sample::order(locale), was_paid: false }
    }
}
