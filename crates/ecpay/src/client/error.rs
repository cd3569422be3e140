//! What can go wrong in a call, by what may have happened at ECPay.

use std::error::Error;
use std::time::Duration;

use crate::action::ActionReplyError;
use crate::card::CardReplyError;
use crate::query::QueryError;
use crate::reconciliation::FileError;

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// An option without which nothing would ever be sent.
    #[error("the option `{0}` must not be zero")]
    ZeroOption(&'static str),
    /// The HTTP client could not be set up: the system has no root certificates, most likely.
    #[error("the HTTP client cannot be set up")]
    Http(#[source] reqwest::Error),
}

/// Why a call has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// It surely never reached ECPay: nothing has happened there.
    #[error("ECPay was not reached: {0}")]
    NotSent(Failure),
    /// It may have reached ECPay, and been acted on. Ask what happened before repeating an action.
    #[error("it is unclear what ECPay did: {0}")]
    Unclear(Failure),
    /// Too early: ECPay has turned it away at the door (403), and nothing was or will be sent for a
    /// while; or it would, if it were asked as often as this. Nothing has happened there.
    #[error("ECPay may not be asked for another {} seconds", .retry_after.as_secs_f64().ceil())]
    Throttled {
        /// How long to wait before the next call.
        retry_after: Duration,
    },
    /// ECPay's servers refused the request as such, with a status of 400 to 499. Nothing has
    /// happened, and asking again will not help.
    #[error("ECPay refused the request with status {status}")]
    Refused {
        /// The status.
        status: u16,
    },
    /// ECPay answered, but the answer cannot be believed or read. An action may have been done.
    #[error("ECPay's answer cannot be used: {0}")]
    Reply(ReplyError),
}

impl CallError {
    /// Whether ECPay may have acted on the call.
    pub fn may_have_acted(&self) -> bool {
        match self {
            Self::NotSent(_) | Self::Throttled { .. } | Self::Refused { .. } => false,
            Self::Unclear(_) | Self::Reply(_) => true,
        }
    }
}

/// What happened to a call on its way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No connection: the name, the network, or TLS.
    #[error("no connection: {0}")]
    NoConnection(String),
    /// There was no whole answer in time.
    #[error("no answer within {} seconds", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The connection broke before there was a whole answer.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// A status that is neither an answer nor a refusal: a redirection, which is not followed, or a
    /// server's failure.
    #[error("status {0}")]
    Status(u16),
    /// The answer is larger than any that is expected.
    #[error("an answer of more than {0} bytes")]
    TooLarge(usize),
}

/// Why an answer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// To a query about an order or a payment code.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// To a query about a card transaction.
    #[error(transparent)]
    Card(#[from] CardReplyError),
    /// To an action on a card transaction.
    #[error(transparent)]
    Action(#[from] ActionReplyError),
    /// A reconciliation file.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The error of an answer that cannot be used.
pub(super) fn of_reply(error: impl Into<ReplyError>) -> CallError {
    CallError::Reply(error.into())
}

/// What an HTTP error means for a call that may take `total`.
pub(super) fn of_http(error: reqwest::Error, total: Duration) -> CallError {
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        CallError::NotSent(Failure::NoConnection(whole_story(&error)))
    } else if error.is_timeout() {
        CallError::Unclear(Failure::TimedOut(total))
    } else {
        CallError::Unclear(Failure::Broken(whole_story(&error)))
    }
}

/// An error with everything that caused it: the cause says what the error hides.
fn whole_story(error: &reqwest::Error) -> String {
    let mut story = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        story.push_str(": ");
        story.push_str(&cause.to_string());
        source = cause.source();
    }
    story
}
