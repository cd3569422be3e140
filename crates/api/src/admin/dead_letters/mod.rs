//! Dead letters: what failed too often and waits for a person.

pub mod detail;
pub mod discard;
pub mod list;
pub mod replay;
pub mod replay_many;

use jiff::Timestamp;
use kernel::id::EventId;
use outbox::{
    history::discreet,
    letters::{Letter, LetterSource},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler))
        .routes(routes!(replay_many::handler))
        .routes(routes!(detail::handler))
        .routes(routes!(replay::handler))
        .routes(routes!(discard::handler))
}

/// What a dead letter was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeadLetterSource)]
pub enum Source {
    /// An event that could not be handled.
    Event,
    /// A job that could not be done.
    Job,
}

impl From<LetterSource> for Source {
    fn from(source: LetterSource) -> Self {
        match source {
            LetterSource::Event => Self::Event,
            LetterSource::Job => Self::Job,
        }
    }
}

impl From<Source> for LetterSource {
    fn from(source: Source) -> Self {
        match source {
            Source::Event => Self::Event,
            Source::Job => Self::Job,
        }
    }
}

/// A dead letter.
#[derive(Debug, Serialize, ToSchema)]
pub struct LetterView {
    /// The event's id, or the job's.
    pub id: Uuid,
    /// Which of the two it was.
    pub source: Source,
    /// What happened, or what was to be done.
    #[schema(example = "send_order_confirmation")]
    pub kind: String,
    /// What the event happened to.
    #[schema(required)]
    pub subject: Option<Uuid>,
    /// The event, or the event that the job came from.
    #[schema(required)]
    pub event_id: Option<EventId>,
    /// When the event occurred, or the job was due.
    pub at: Timestamp,
    /// How often it was tried.
    pub attempts: u16,
    /// What went wrong the last time.
    pub last_error: String,
    /// What was to be known of it. Addresses lack what may open something.
    #[schema(value_type = Object)]
    pub data: Value,
}

impl From<Letter> for LetterView {
    fn from(letter: Letter) -> Self {
        Self {
            id: letter.id,
            source: letter.source.into(),
            kind: letter.kind,
            subject: letter.subject,
            event_id: letter.event_id,
            at: letter.at,
            attempts: letter.attempts,
            last_error: letter.last_error,
            data: discreet(&letter.data),
        }
    }
}
