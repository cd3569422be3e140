//! What was decided lately: new policies are tried with it before they count.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use pg::{Connection, DbResult};
use sha2::{Digest as _, Sha256};

use crate::{Question, sql};

/// How long decisions are kept.
pub const KEPT: SignedDuration = SignedDuration::from_hours(48);
/// Different questions between two times of writing them down; more are not remembered.
const MOST: usize = 10_000;

/// A question that was asked, and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The question, as it was asked first within the hour.
    pub question: Question,
    /// The answer.
    pub allowed: bool,
    /// How often.
    pub times: i64,
}

/// Decisions that are not written down yet.
#[derive(Debug, Default)]
pub struct Decisions(Mutex<HashMap<[u8; 16], Decided>>);

impl Decisions {
    /// Remembers a decision. Asked again, it is counted.
    pub fn note(&self, question: &Question, allowed: bool) {
        let mut pending = self.lock();
        let full = pending.len() >= MOST;
        match pending.entry(digest(question, allowed)) {
            Entry::Occupied(mut seen) => seen.get_mut().times += 1,
            Entry::Vacant(new) if !full => {
                new.insert(Decided { question: question.clone(), allowed, times: 1 });
            }
            Entry::Vacant(_) => {}
        }
    }

    /// Writes down what was remembered, and forgets what is older than [`KEPT`]. What cannot be
    /// written is lost: it is for trying policies out, not for the record.
    pub async fn write(&self, conn: &mut Connection, now: Timestamp) -> DbResult<()> {
        let pending = std::mem::take(&mut *self.lock());
        if !pending.is_empty() {
            let rows: Vec<([u8; 16], Decided)> = pending.into_iter().collect();
            sql::add_decisions(conn, hour(now), &rows).await?;
        }
        sql::forget_decisions(conn, now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN)).await
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 16], Decided>> {
        // Nothing that runs under the lock can leave it half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was decided since, the most frequent first; at most `limit` different questions.
pub async fn decided_since(
    conn: &mut Connection,
    since: Timestamp,
    limit: u32,
) -> DbResult<Vec<Decided>> {
    sql::decided_since(conn, since, limit).await
}

fn hour(now: Timestamp) -> Timestamp {
    let second = now.as_second();
    Timestamp::from_second(second - second.rem_euclid(3600)).unwrap_or(now)
}

/// The same for the same question within an hour: its time is not part of it.
fn digest(question: &Question, allowed: bool) -> [u8; 16] {
    let mut timeless = question.clone();
    timeless.circumstances.time = Timestamp::UNIX_EPOCH;
    let json = serde_json::to_vec(&(timeless, allowed)).unwrap_or_default();
    let mut digest = [0; 16];
    digest.copy_from_slice(&Sha256::digest(json)[..16]);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Action, Circumstances, Kind, Resource, Source, Subject};

    fn question(second: i64, action: Action) -> Question {
        Question {
            subject: Subject::guest(),
            action,
            resource: Resource::any(Kind::Order),
            circumstances: Circumstances {
                ip: None,
                time: Timestamp::from_second(second).unwrap(),
                source: Source::Session,
                second_factor: false,
                amount: None,
            },
        }
    }

    #[test]
    fn the_same_question_is_counted_and_another_answer_is_another_row() {
        let decisions = Decisions::default();
        decisions.note(&question(1, Action::OrderRead), true);
        decisions.note(&question(2, Action::OrderRead), true);
        decisions.note(&question(3, Action::OrderRead), false);
        decisions.note(&question(3, Action::OrderWrite), false);
        let pending = decisions.lock();
        let mut times: Vec<i64> = pending.values().map(|it| it.times).collect();
        times.sort_unstable();
        assert_eq!(times, [1, 1, 2]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let decisions = Decisions::default();
        for n in 0..MOST + 10 {
            let mut asked = question(1, Action::OrderRead);
            asked.resource.id = Some(n.to_string());
            decisions.note(&asked, true);
        }
        assert_eq!(decisions.lock().len(), MOST);
    }

    #[test]
    fn an_hour_begins_at_its_beginning() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(hour(at("2026-11-21T13:59:59Z")), at("2026-11-21T13:00:00Z"));
        assert_eq!(hour(at("2026-11-21T14:00:00Z")), at("2026-11-21T14:00:00Z"));
    }
}
