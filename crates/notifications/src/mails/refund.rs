//! Mails about money that goes back, step by step.

use kernel::{Locale, Money};
use serde::{Deserialize, Serialize};

use crate::{
    letter::Letter,
    message::{Message, about_an_order},
    payload::{Order, sample},
    phrases::Phrases,
    render::RenderError,
};

/// Money goes back by itself: it came too late, or twice. Also the data of `refund.requested`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundNotice {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// What goes back.
    pub amount: Money,
    /// Why.
    pub reason: RefundReason,
}

/// Why money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundReason {
    /// It came after the order had expired, and its stock was gone.
    StockGone,
    /// It came after the order had expired, and its stock was being counted.
    StockFrozen,
    /// It came after the order had expired, and a limit left no room for it any more.
    LimitReached,
    /// It came after the buyer had cancelled the order.
    OrderCancelled,
    /// The order had been paid already.
    PaidTwice,
    /// A person asked for it.
    #[serde(other)]
    Other,
}

impl RefundReason {
    /// The key of the phrase that explains it; none when somebody asked for it.
    pub const fn phrase(self) -> Option<&'static str> {
        match self {
            Self::StockGone => Some("stock_gone"),
            Self::StockFrozen => Some("stock_frozen"),
            Self::LimitReached => Some("limit_reached"),
            Self::OrderCancelled => Some("order_cancelled"),
            Self::PaidTwice => Some("paid_twice"),
            Self::Other => None,
        }
    }
}

impl Message for RefundNotice {
    about_an_order!();

    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError> {
        let reason = self.reason.phrase().ok_or(RenderError::NothingToSay)?;
        let letter = money(&self.order, self.amount, say)?;
        Ok(letter.lead(say.text(reason)?).more(say.text("more")?))
    }

    fn sample(locale: Locale) -> Self {
        let (order, amount) = (sample::order(locale), sample::money(2000));
        Self { order, amount, reason: RefundReason::StockGone }
    }
}

/// Somebody asked for money back. Also the data of `refund.requested`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRequested {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// What is to go back.
    pub amount: Money,
}

impl Message for RefundRequested {
    about_an_order!();

    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError> {
        let letter = money(&self.order, self.amount, say)?;
        Ok(letter.lead(say.text("lead")?).more(say.text("more")?))
    }

    fn sample(locale: Locale) -> Self {
        Self { order: sample::order(locale), amount: sample::money(2000) }
    }
}

/// The money went back. Also the data of `refund.succeeded`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundSucceeded {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// What went back.
    pub amount: Money,
    /// Whether a person transferred it to an account, because the way it was paid knows no way back.
    #[serde(default)]
    pub by_hand: bool,
}

impl Message for RefundSucceeded {
    about_an_order!();

    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError> {
        let way = if self.by_hand { "more_by_hand" } else { "more" };
        let letter = money(&self.order, self.amount, say)?;
        Ok(letter.lead(say.text("lead")?).more(say.text(way)?))
    }

    fn sample(locale: Locale) -> Self {
        Self { order: sample::order(locale), amount: sample::money(2000), by_hand: false }
    }
}

/// The money could not be sent back by itself. Also the data of `refund.failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundFailed {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// What is to go back.
    pub amount: Money,
    /// Whether a person will transfer it to an account, because the way it was paid knows no way
    /// back; else somebody looks into what went wrong.
    #[serde(default)]
    pub by_hand: bool,
}

impl Message for RefundFailed {
    about_an_order!();

    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError> {
        let (lead, more) =
            if self.by_hand { ("lead_by_hand", "more_by_hand") } else { ("lead", "more") };
        let letter = money(&self.order, self.amount, say)?;
        Ok(letter.lead(say.text(lead)?).more(say.text(more)?))
    }

    fn sample(locale: Locale) -> Self {
        Self { order: sample::order(locale), amount: sample::money(2000), by_hand: true }
    }
}

/// No money goes back. Whoever decides that asks for the mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRejected {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// What was asked for.
    pub amount: Money,
    /// Why, in words for the buyer.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Message for RefundRejected {
    about_an_order!();

    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError> {
        let mut letter = money(&self.order, self.amount, say)?.lead(say.text("lead")?);
        if let Some(reason) = &self.reason {
            letter = letter.fact(say.text("reason")?, reason);
        }
        Ok(letter.more(say.text("more")?))
    }

    fn sample(locale: Locale) -> Self {
        let reason = match locale {
            Locale::ZhTw => "商品已超過七天鑑賞期",
            Locale::En => "The seven days for returns are over",
        };
        let (order, amount) = (sample::order(locale), sample::money(2000));
        Self { order, amount, reason: Some(reason.to_owned()) }
    }
}

/// The beginning that all of them have.
fn money(order: &Order, amount: Money, say: &Phrases<'_>) -> Result<Letter, RenderError> {
    let amount = amount.to_string();
    let (name, letter) = (say.text("refund_amount")?, Letter::about(order, say)?);
    Ok(letter.preview(&format!("{name} {amount}")).fact(name, &amount))
}
