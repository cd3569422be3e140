//! The denylist: access tokens that are refused before their time is over.
//!
//! Access tokens are checked without the database, so ending a session alone would leave its last
//! one good for up to 15 minutes. So a row is written for each session that ends, by a trigger in
//! the same transaction: whatever statement ends it, nobody can forget. Every node reads the new
//! rows a few times a second and keeps them in memory until no such token can be left.
//!
//! What is new is told by transactions, not by time or by number: a reader remembers the oldest
//! transaction that was still under way at its last look, and asks for the rows of that one and of
//! all after it. So a row is found however long its transaction took to commit, and clocks do not
//! matter. Once a minute everything is read again, in case the database was exchanged for another.
//!
//! *Invariant:* what is ended stays refused on a node until the token would have run out anyway; a
//! node that cannot reach the database goes on with what it knows.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use jiff::{SignedDuration, Timestamp};
use kernel::{
    id::{SessionId, UserId},
    later,
};
use pg::{Connection, DbResult};

use crate::{
    AccessClaims, AccessTokens,
    access_token::SKEW,
    sql::{self, revocations::Target},
};

/// Between two complete readings.
const READ_ALL_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// How long a revocation is needed: a token issued at this moment, by a server whose clock is
/// ahead, lives no longer.
pub(crate) fn needed_until(now: Timestamp) -> Timestamp {
    let longest = AccessTokens::LIFETIME.saturating_add(SKEW).saturating_add(SKEW);
    later(now, longest)
}

/// Refuses every access token that was issued to somebody until now, and leaves their sessions: the
/// next refresh gives tokens that say what is true now.
pub async fn revoke_tokens(conn: &mut Connection, user: UserId, now: Timestamp) -> DbResult<()> {
    sql::revocations::insert_for_user(conn, user, now).await
}

/// Forgets up to `limit` revocations that were needed until before `before`. Returns how many.
pub async fn purge_revocations(
    conn: &mut Connection,
    before: Timestamp,
    limit: u32,
) -> DbResult<u64> {
    sql::revocations::purge(conn, before, limit).await
}

/// The denylist as this node knows it. As large as the number of sessions that ended in the last
/// quarter of an hour, each of which cost somebody a password's hash.
#[derive(Debug, Default)]
pub struct Revocations {
    denied: RwLock<Denied>,
}

#[derive(Debug, Default)]
struct Denied {
    /// Until when.
    sessions: HashMap<SessionId, Timestamp>,
    /// Tokens issued before the first time are refused until the second.
    people: HashMap<UserId, (Timestamp, Timestamp)>,
    /// Every transaction before this one was over at the last look.
    mark: u64,
    read_all_at: Option<Timestamp>,
}

impl Denied {
    fn note(&mut self, target: Target, until: Timestamp) {
        match target {
            Target::Session(session) => {
                let known = self.sessions.entry(session).or_insert(until);
                *known = until.max(*known);
            }
            Target::Person(user, not_before) => {
                let (at, known) = self.people.entry(user).or_insert((not_before, until));
                (*at, *known) = (not_before.max(*at), until.max(*known));
            }
        }
    }

    /// Where to read from: 0 is everything.
    fn from(&self, now: Timestamp) -> u64 {
        let fresh = |at: Timestamp| at <= now && now.duration_since(at) < READ_ALL_EVERY;
        if self.read_all_at.is_some_and(fresh) { self.mark } else { 0 }
    }
}

impl Revocations {
    /// An empty list: [`refresh`](Self::refresh) it before it is asked.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a token that is good otherwise has to be refused.
    pub fn is_revoked(&self, claims: &AccessClaims) -> bool {
        let denied = self.read();
        denied.sessions.contains_key(&claims.session_id)
            || denied.people.get(&claims.user_id).is_some_and(|(at, _)| claims.issued_at() < *at)
    }

    /// Reads what is new, and forgets what is over.
    pub async fn refresh(&self, conn: &mut Connection, now: Timestamp) -> DbResult<()> {
        let from = self.read().from(now);
        let news = sql::revocations::since(conn, from, now).await?;
        let mut denied = self.write();
        for (target, until) in news.rows {
            denied.note(target, until);
        }
        denied.sessions.retain(|_, until| *until > now);
        denied.people.retain(|_, (_, until)| *until > now);
        denied.mark = news.mark;
        if from == 0 {
            denied.read_all_at = Some(now);
        }
        Ok(())
    }

    /// For the node that ends a session itself: it knows at once.
    pub fn note_session(&self, session: SessionId, now: Timestamp) {
        self.write().note(Target::Session(session), needed_until(now));
    }

    /// The same for everything somebody was issued until now.
    pub fn note_person(&self, user: UserId, now: Timestamp) {
        self.write().note(Target::Person(user, now), needed_until(now));
    }

    /// How many sessions and people are on the list.
    pub fn len(&self) -> usize {
        let denied = self.read();
        denied.sessions.len() + denied.people.len()
    }

    /// Whether nobody is on the list.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn read(&self) -> RwLockReadGuard<'_, Denied> {
        // A panic elsewhere cannot leave a list half-written in a harmful way.
        self.denied.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Denied> {
        self.denied.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Email, User};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn claims(user: u128, session: u128, micros: i64) -> AccessClaims {
        let email = Email::new("a@example.com").unwrap();
        let user =
            User::new(uuid::Uuid::from_u128(user).into(), email, "王".to_owned(), Vec::new());
        let now = Timestamp::from_microsecond(micros).unwrap();
        let tokens = AccessTokens::new(&[1; 32]).unwrap();
        let token = tokens.issue(&user, uuid::Uuid::from_u128(session).into(), now).unwrap();
        tokens.verify(&token, now).unwrap()
    }

    #[test]
    fn a_session_is_refused_whole_and_a_person_from_a_moment_on_back() {
        let list = Revocations::new();
        assert!(list.is_empty() && !list.is_revoked(&claims(1, 1, 0)));
        list.note_session(uuid::Uuid::from_u128(1).into(), at(100));
        for issued in [0, 99_000_000, 101_000_000] {
            assert!(list.is_revoked(&claims(1, 1, issued)));
            assert!(!list.is_revoked(&claims(1, 2, issued)));
        }
        list.note_person(uuid::Uuid::from_u128(2).into(), at(100));
        assert!(list.is_revoked(&claims(2, 3, 99_999_999)));
        // Refreshed within the same second: that token is a new one.
        assert!(!list.is_revoked(&claims(2, 3, 100_000_000)));
        assert_eq!(list.len(), 2);
    }

    #[test]
    fn the_latest_revocation_of_a_person_counts() {
        let list = Revocations::new();
        let user: UserId = uuid::Uuid::from_u128(2).into();
        list.note_person(user, at(100));
        list.note_person(user, at(50));
        assert!(list.is_revoked(&claims(2, 1, 99_000_000)));
    }

    #[test]
    fn a_revocation_outlives_every_token_of_its_moment() {
        assert!(needed_until(at(0)) >= at(0) + AccessTokens::LIFETIME + SKEW);
        assert_eq!(needed_until(Timestamp::MAX), Timestamp::MAX);
    }

    #[test]
    fn everything_is_read_at_first_and_once_a_minute() {
        let mut denied = Denied { mark: 7, ..Denied::default() };
        assert_eq!(denied.from(at(0)), 0);
        denied.read_all_at = Some(at(100));
        assert_eq!((denied.from(at(100)), denied.from(at(159))), (7, 7));
        assert_eq!((denied.from(at(160)), denied.from(at(99))), (0, 0));
    }
}
