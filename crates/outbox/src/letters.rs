//! Dead letters as people see them: events and jobs in one list, found, replayed and discarded.

use jiff::Timestamp;
use kernel::id::EventId;
use pg::DbResult;
use serde_json::Value;
use uuid::Uuid;

use crate::sql;

/// What a dead letter was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LetterSource {
    /// An event that could not be handled.
    Event,
    /// A job that could not be done.
    Job,
}

impl LetterSource {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Event, Self::Job];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Job => "job",
        }
    }

    /// What a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

/// What failed too often, or for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The event's id, or the job's.
    pub id: Uuid,
    /// Which of the two it was.
    pub source: LetterSource,
    /// What happened, or what was to be done.
    pub kind: String,
    /// What the event happened to.
    pub subject: Option<Uuid>,
    /// The event, or the event that the job came from.
    pub event_id: Option<EventId>,
    /// What a consumer needs to know of it.
    pub data: Value,
    /// When the event occurred, or the job was due.
    pub at: Timestamp,
    /// How often it was tried.
    pub attempts: u16,
    /// What went wrong the last time.
    pub last_error: String,
}

/// Which dead letters. What is left out is not asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LetterFilter {
    /// Events or jobs.
    pub source: Option<LetterSource>,
    /// This one.
    pub id: Option<Uuid>,
    /// Of this kind.
    pub kind: Option<String>,
    /// That occurred, or were due, not before this.
    pub from: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
}

impl LetterFilter {
    /// Exactly one.
    pub fn one(id: Uuid) -> Self {
        Self { id: Some(id), ..Self::default() }
    }

    /// Whether it asks for letters of this source.
    pub(crate) fn asks_for(&self, source: LetterSource) -> bool {
        self.source.is_none_or(|it| it == source)
    }
}

/// Dead letters that fit, the newest first, from the one after `after` on.
#[tracing::instrument(name = "db.outbox.list_letters", skip_all, err)]
pub async fn letters(
    conn: &mut pg::Connection,
    filter: &LetterFilter,
    after: Option<Uuid>,
    limit: i64,
) -> DbResult<Vec<Letter>> {
    sql::letters::list(conn, filter, after, limit).await
}

/// One dead letter.
#[tracing::instrument(name = "db.outbox.find_letter", skip(conn), err)]
pub async fn letter(conn: &mut pg::Connection, id: Uuid) -> DbResult<Option<Letter>> {
    let found = sql::letters::list(conn, &LetterFilter::one(id), None, 1).await?;
    Ok(found.into_iter().next())
}

/// Lets up to `limit` dead letters that fit be handed over or done again, the oldest first, with all
/// their attempts; says which. An event may come after later ones of its subject, which did not wait
/// for it any more.
#[tracing::instrument(name = "db.outbox.replay_letters", skip_all, err)]
pub async fn replay_letters(
    conn: &mut pg::Connection,
    filter: &LetterFilter,
    now: Timestamp,
    limit: u32,
) -> DbResult<Vec<(LetterSource, Uuid)>> {
    let mut replayed = Vec::new();
    for source in LetterSource::ALL.into_iter().filter(|it| filter.asks_for(*it)) {
        let left = i64::from(limit) - i64::try_from(replayed.len()).unwrap_or(i64::MAX);
        let revived = match source {
            LetterSource::Event => sql::letters::revive_events(conn, filter, left).await?,
            LetterSource::Job => sql::letters::revive_jobs(conn, filter, now, left).await?,
        };
        replayed.extend(revived.into_iter().map(|id| (source, id)));
    }
    Ok(replayed)
}

/// Gives a dead letter up for good: whoever calls this has kept what it was ([`letter`]). `false`:
/// there is no such letter (any more). No other job of its kind is made of its event.
#[tracing::instrument(name = "db.outbox.discard_letter", skip(conn), err)]
pub async fn discard_letter(conn: &mut pg::Connection, id: Uuid, now: Timestamp) -> DbResult<bool> {
    Ok(sql::letters::discard_event(conn, id).await?
        || sql::letters::discard_job(conn, id, now).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_asks_for_both_unless_it_says_which() {
        assert!(LetterSource::ALL.iter().all(|it| LetterFilter::default().asks_for(*it)));
        let jobs = LetterFilter { source: LetterSource::parse("job"), ..LetterFilter::default() };
        assert!(jobs.asks_for(LetterSource::Job) && !jobs.asks_for(LetterSource::Event));
        assert_eq!(LetterSource::parse("mail"), None);
    }
}
