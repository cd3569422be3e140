//! Policies in the Cedar language.

use access::{
    Action, Circumstances, Engine, Policies, PolicyFile, Question, Resource, Source, Subject,
};
use jiff::Timestamp;
use uuid::Uuid;

use crate::text;

/// Policies are read, held against the schema and named mistakes in, with a place that is in the
/// file. Those that hold can be asked everything; they are the same when read again.
pub fn policy_file(data: &[u8]) {
    let written = text(data);
    let file = || PolicyFile { name: "test.cedar".into(), text: written.clone() };
    let policies = match Policies::read(vec![file()]) {
        Ok(policies) => policies,
        Err(errors) => {
            assert!(!errors.is_empty());
            let lines: Vec<&str> = written.split('\n').collect();
            for error in errors {
                let line = lines.get(error.line.wrapping_sub(1));
                let letters = line.map_or(0, |line| line.chars().count());
                assert!((1..=letters + 1).contains(&error.column), "{error}");
                assert!(!error.message.is_empty());
            }
            return;
        }
    };
    assert_eq!(policies.files(), [file()]);
    let again = Policies::read(policies.files().to_vec()).expect("was read before");
    assert_eq!(again.count(), policies.count());
    let engine = Engine::new(policies);
    let somebody = || Subject::person(Uuid::from_u128(1).into(), ["ops"]);
    for action in Action::ALL {
        for subject in [Subject::guest(), somebody()] {
            let resource = Resource::any(action.kind()).owned_by(subject.user_id);
            let verdict = engine.ask(&question(subject, *action, resource));
            // Whoever is allowed something can be told by which policy.
            assert!(!verdict.allowed || !verdict.reasons.is_empty(), "{verdict:?}");
        }
    }
}

fn question(subject: Subject, action: Action, resource: Resource) -> Question {
    let circumstances = Circumstances {
        ip: Some([203, 0, 113, 9].into()),
        time: Timestamp::UNIX_EPOCH,
        source: Source::Session,
        second_factor: false,
        amount: None,
    };
    Question { subject, action, resource, circumstances }
}
