//! Who takes the money. One interface, whether it is ECPay, the carrier at the door, or a bank account
//! that operations look at.
//!
//! *Invariant:* nothing here is called while a transaction is open: a provider may take its time, and
//! may not answer at all.

use std::time::Duration;

use jiff::Timestamp;
use kernel::{Locale, Money, id::RefundId};
pub use outbox::BoxFuture;
use thiserror::Error;

use crate::{code::IssuedCode, model::Payment};

/// Somebody who takes money for orders.
pub trait PaymentProvider: Send + Sync + std::fmt::Debug {
    /// Its name in the database: `ecpay`, `cod`, `bank_transfer`.
    fn name(&self) -> &'static str;

    /// The codes of the methods it serves.
    fn methods(&self) -> &[&'static str];

    /// What the buyer has to do; pure: the same attempt gives the same answer.
    fn begin(&self, attempt: &Payment, ask: &PaymentAsk<'_>) -> Result<Instruction, ProviderError>;

    /// What the provider knows of the attempt. Never called with a transaction open.
    fn query<'a>(
        &'a self,
        attempt: &'a Payment,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<ProviderState, ProviderError>>;

    /// Sends money back. Never called with a transaction open; the same refund id is never paid out
    /// twice.
    fn refund<'a>(
        &'a self,
        attempt: &'a Payment,
        refund: &'a RefundOrder,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<RefundAnswer, ProviderError>>;
}

/// What a provider is told about the order that an attempt is to pay.
#[derive(Clone, Debug)]
pub struct PaymentAsk<'a> {
    /// The order's number for people.
    pub number: &'a str,
    /// What was bought, each with its quantity, for people.
    pub items: Vec<String>,
    /// The buyer's language.
    pub locale: Locale,
    /// The shop's address as buyers and the provider see it, without a slash at the end.
    pub public_url: &'a str,
    /// The order's page, which the buyer may come back to.
    pub order_url: &'a str,
    /// Numbers of instalments offered; none: one payment.
    pub instalments: &'a [u8],
}

/// What the buyer has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instruction {
    /// The browser posts these fields, in this order and nothing else, to the provider's page.
    Redirect {
        /// Where to post.
        action: String,
        /// Names and values.
        fields: Vec<(String, String)>,
    },
    /// The buyer transfers the amount to the shop's account, with the reference.
    Transfer {
        /// Where to.
        account: BankAccount,
        /// What to write with it, so that it is recognised.
        reference: String,
    },
    /// Nothing until the goods come.
    Nothing,
}

/// The shop's bank account, as buyers are shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankAccount {
    /// The bank's three digits.
    pub bank_code: String,
    /// The bank's name.
    pub bank_name: String,
    /// The account's number.
    pub number: String,
    /// Whose it is.
    pub holder: String,
}

/// What a provider knows of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderState {
    /// The buyer has come, and has not paid.
    Unpaid,
    /// A code to pay by was issued; nobody has paid.
    Code(IssuedCode),
    /// The money is there.
    Paid {
        /// The provider's number; refunds need it.
        trade_no: String,
        /// How much it is.
        amount: Money,
        /// The number of the card authorisation, if it was a card.
        card_auth_no: Option<i64>,
    },
    /// It failed, or the buyer gave up.
    Failed {
        /// The provider's code.
        code: i64,
        /// Its words.
        message: String,
    },
    /// The provider has never heard of it: the buyer has not come.
    Unknown,
}

impl ProviderState {
    /// The word for it in logs and metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Code(_) => "code",
            Self::Paid { .. } => "paid",
            Self::Failed { .. } => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// Money that is to go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundOrder {
    /// The refund's id: the same one is never paid out twice.
    pub id: RefundId,
    /// How much.
    pub amount: Money,
    /// Whether this is all that was paid, and nothing of it went back before.
    pub whole: bool,
    /// What the provider has paid back of the attempt before, by other refunds.
    pub already: Money,
    /// Whether it may have been told of this refund before, and nobody knows what came of it.
    pub again: bool,
}

/// What a provider made of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundAnswer {
    /// The money is on its way, for good.
    Done,
    /// Not yet: ask again later.
    Pending,
    /// The provider cannot: somebody has to transfer it by hand.
    ByHand {
        /// Why.
        reason: String,
    },
    /// The provider refuses.
    Refused {
        /// Its code.
        code: i64,
        /// Its words.
        message: String,
    },
}

/// Why a provider gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProviderError {
    /// What was asked surely never reached it; asking again is safe.
    #[error("the payment provider was not reached: {0}")]
    NotSent(String),
    /// It may have been acted on: ask before repeating.
    #[error("the payment provider gave no clear answer: {0}")]
    Unclear(String),
    /// Asked too often.
    #[error("the payment provider is asked too often; again in {} s", .retry_after.as_secs())]
    Throttled {
        /// When to ask again.
        retry_after: Duration,
    },
    /// The attempt cannot be described to it; asking again is no use.
    #[error("the payment cannot be described to its provider: {0}")]
    Unfit(String),
}
