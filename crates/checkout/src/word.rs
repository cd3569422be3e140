//! What a provider says of an attempt to pay, however it came to us: by its server's notice, by the
//! buyer's browser, or in answer to a question. One form for all of them, because they all end in one
//! function.

use ecpay::{CodeNotice, Outcome, PaymentNotice};
use kernel::{Actor, Money};
use payments::{IssuedCode, ProviderState};

/// A provider's word about an attempt. Whoever makes one has checked where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// What it says.
    pub said: Said,
    /// For how much, where it tells.
    pub amount: Option<Money>,
    /// Fired by hand at the provider: no money has moved.
    pub simulated: bool,
    /// The provider's number, where it tells.
    pub trade_no: Option<String>,
    /// The number of the card authorisation, where it tells.
    pub card_auth_no: Option<i64>,
    /// Who it is credited to.
    pub actor: Actor,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The money is there.
    Paid,
    /// It failed.
    Failed {
        /// The provider's code.
        code: i64,
        /// Its words.
        message: String,
    },
    /// The buyer has a code to pay by.
    CodeIssued(IssuedCode),
    /// There is no money for it so far.
    Unpaid,
}

impl Word {
    /// Of a provider, which tells nothing more.
    pub const fn of_provider(said: Said) -> Self {
        Self {
            said,
            amount: None,
            simulated: false,
            trade_no: None,
            card_auth_no: None,
            actor: Actor::PaymentProvider,
        }
    }

    /// Of somebody of the shop, who saw that all of the money has come.
    pub fn of_staff(amount: Money, actor: Actor) -> Self {
        Self { amount: Some(amount), actor, ..Self::of_provider(Said::Paid) }
    }
}

impl From<&PaymentNotice> for Word {
    fn from(notice: &PaymentNotice) -> Self {
        let said = match notice.outcome() {
            Outcome::Paid => Said::Paid,
            Outcome::Failed { code } => Said::Failed { code, message: notice.message.clone() },
        };
        let card_auth_no = ecpay::authorisation(notice.fields());
        Self {
            amount: Some(dollars(notice.amount)),
            simulated: notice.simulated,
            trade_no: told(&notice.trade_no),
            card_auth_no: card_auth_no.and_then(|number| i64::try_from(number).ok()),
            ..Self::of_provider(said)
        }
    }
}

impl From<&CodeNotice> for Word {
    fn from(notice: &CodeNotice) -> Self {
        let said = match &notice.payment_code {
            Some(code) => Said::CodeIssued(code.clone().into()),
            None => Said::Failed { code: notice.code, message: notice.message.clone() },
        };
        Self {
            amount: Some(dollars(notice.amount)),
            trade_no: told(&notice.trade_no),
            ..Self::of_provider(said)
        }
    }
}

impl From<ProviderState> for Word {
    fn from(state: ProviderState) -> Self {
        match state {
            ProviderState::Paid { trade_no, amount, card_auth_no } => Self {
                amount: Some(amount),
                trade_no: told(&trade_no),
                card_auth_no,
                ..Self::of_provider(Said::Paid)
            },
            ProviderState::Failed { code, message } => {
                Self::of_provider(Said::Failed { code, message })
            }
            ProviderState::Code(code) => Self::of_provider(Said::CodeIssued(code)),
            ProviderState::Unpaid | ProviderState::Unknown => Self::of_provider(Said::Unpaid),
        }
    }
}

fn dollars(amount: u32) -> Money {
    Money::twd(amount.into()).unwrap_or_else(|_| unreachable!("32 bits are within the bounds"))
}

fn told(number: &str) -> Option<String> {
    (!number.is_empty()).then(|| number.to_owned())
}
