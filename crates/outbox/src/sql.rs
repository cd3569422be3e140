//! Every SQL statement of the outbox.

use kernel::{Shard, id::EventId};
use pg::{DbError, DbResult};

pub mod deferred;
pub mod depth;
pub mod events;
pub mod history;
pub mod inbox;
pub mod jobs;
pub mod lanes;
pub mod letters;
pub mod schedule;

/// What an event is known by here: its place in its lane. Positions are unique in the whole
/// database, so that events of several lanes can be put into one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub shard: Shard,
    pub position: i64,
}

/// An event to hand over. Its data stay text until somebody wants them.
#[derive(Debug)]
pub struct Due {
    pub place: Place,
    pub id: EventId,
    pub kind: String,
    pub subject: uuid::Uuid,
    pub data: String,
    pub occurred_at: jiff::Timestamp,
    pub attempts: u16,
    /// Earlier events of its subject are still waiting.
    pub held: bool,
}

impl Due {
    /// The event, with its data read.
    pub fn read(&self) -> Result<crate::Event, serde_json::Error> {
        Ok(crate::Event {
            id: self.id,
            shard: self.place.shard,
            kind: self.kind.clone(),
            subject: self.subject,
            data: serde_json::from_str(&self.data)?,
            occurred_at: self.occurred_at,
            attempts: self.attempts,
        })
    }
}

fn shard(table: &'static str, number: i16) -> DbResult<Shard> {
    u8::try_from(number)
        .ok()
        .filter(|&number| number < kernel::SHARD_COUNT)
        .map(Shard::new)
        .ok_or(DbError::Corrupt { table, column: "shard", value: number.to_string() })
}

/// A number of attempts as a program has it.
fn count(attempts: i16) -> u16 {
    u16::try_from(attempts).unwrap_or(0)
}

/// A number of attempts as a table has it.
fn column(attempts: u16) -> i16 {
    i16::try_from(attempts).unwrap_or(i16::MAX)
}
