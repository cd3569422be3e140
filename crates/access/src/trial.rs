//! Trying policies out before they count: who could do what, and which decisions of the last day
//! would be others.

use jiff::Timestamp;
use kernel::id::UserId;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Action, Circumstances, Decided, Engine, Question, Resource, Source, Subject, Verdict};

/// Whom a trial imagines.
const PEOPLE: [(&str, &[&str]); 5] = [
    ("guest", &[]),
    ("customer", &[]),
    ("ops", &["ops"]),
    ("warehouse", &["warehouse"]),
    ("admin", &["admin"]),
];

/// What would be different with other policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Trial {
    /// Who could do what with the new policies.
    pub matrix: Vec<MatrixRow>,
    /// Decisions of the last day that would be others, the most frequent first.
    pub changed: Vec<ChangedDecision>,
    /// How many different questions of the last day were asked again.
    pub asked_again: usize,
}

/// An action, and who may do it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MatrixRow {
    /// What.
    pub action: Action,
    /// Who: `guest`, `customer`, `ops`, `warehouse`, `admin`.
    pub who: String,
    /// To what is their own.
    pub own: bool,
    /// To what is somebody else's.
    pub others: bool,
    /// Whether this is different from the policies that count now.
    pub changed: bool,
}

/// A decision that would be another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangedDecision {
    /// What was asked.
    pub question: Question,
    /// How often within the last day.
    pub times: i64,
    /// The answer with the policies that count now.
    pub allowed_now: bool,
    /// The answer with the new ones, and why.
    pub then: Verdict,
}

/// Tries `new` out against `current`.
pub fn try_out(current: &Engine, new: &Engine, decided: &[Decided], now: Timestamp) -> Trial {
    let changed = decided
        .iter()
        .filter_map(|it| {
            let allowed_now = current.ask(&it.question).allowed;
            let then = new.ask(&it.question);
            (then.allowed != allowed_now).then(|| ChangedDecision {
                question: it.question.clone(),
                times: it.times,
                allowed_now,
                then,
            })
        })
        .collect();
    Trial { matrix: matrix(current, new, now), changed, asked_again: decided.len() }
}

/// Who could do what.
fn matrix(current: &Engine, new: &Engine, now: Timestamp) -> Vec<MatrixRow> {
    let people = PEOPLE.iter().map(|(name, roles)| (*name, imagined(name, roles)));
    people
        .flat_map(|(who, subject)| {
            Action::ALL.iter().map(move |action| {
                let ask = |engine: &Engine, owner: Option<UserId>| {
                    engine.ask(&about(&subject, *action, owner, now)).allowed
                };
                let somebody_else = Some(UserId::from(Uuid::from_u128(2)));
                let answers =
                    |engine: &Engine| (ask(engine, subject.user_id), ask(engine, somebody_else));
                let (own, others) = answers(new);
                let changed = answers(current) != (own, others);
                MatrixRow { action: *action, who: who.to_owned(), own, others, changed }
            })
        })
        .collect()
}

fn imagined(name: &str, roles: &[&str]) -> Subject {
    if name == "guest" {
        return Subject::guest();
    }
    Subject::person(Uuid::from_u128(1).into(), roles.iter().copied())
}

fn about(subject: &Subject, action: Action, owner: Option<UserId>, now: Timestamp) -> Question {
    Question {
        subject: subject.clone(),
        action,
        resource: Resource::one(action.kind(), "trial").owned_by(owner),
        circumstances: Circumstances {
            ip: None,
            time: now,
            source: Source::Session,
            second_factor: true,
            amount: None,
        },
    }
}
