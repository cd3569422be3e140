//! The shipped policies, and versions of policies on a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use access::{
    AccessError, Action, Circumstances, Engine, Guardian, Kind, Policies, PolicyFile, Question,
    Resource, Source, Subject, decided_since, try_out,
};
use jiff::{SignedDuration, Timestamp};
use kernel::{Clock as _, id::UserId};
use proptest::prelude::*;
use testkit::TestDb;
use uuid::Uuid;

fn user(n: u128) -> UserId {
    Uuid::from_u128(n).into()
}

fn person(n: u128, roles: &[&str]) -> Subject {
    Subject::person(user(n), roles.iter().copied())
}

fn question(subject: Subject, action: Action, resource: Resource) -> Question {
    let circumstances = Circumstances {
        ip: Some("203.0.113.9".parse().unwrap()),
        time: "2026-11-21T13:00:00.123Z".parse().unwrap(),
        source: Source::Session,
        second_factor: false,
        amount: None,
    };
    Question { subject, action, resource, circumstances }
}

fn may(engine: &Engine, subject: &Subject, action: Action, owner: Option<u128>) -> bool {
    let resource = Resource::one(action.kind(), "x").owned_by(owner.map(user));
    let verdict = engine.ask(&question(subject.clone(), action, resource));
    assert!(verdict.errors.is_empty() || !verdict.allowed, "{verdict:?}");
    verdict.allowed
}

#[test]
fn the_shipped_policies_say_who_may_do_what() {
    use Action::*;
    let engine = Engine::new(Policies::shipped());
    let (guest, customer) = (Subject::guest(), person(1, &[]));
    let (ops, warehouse, admin) =
        (person(1, &["ops"]), person(1, &["warehouse"]), person(1, &["admin"]));
    // Who may do it to what belongs to somebody else, and who to their own.
    let table: [(Action, [bool; 5], [bool; 4]); 28] = [
        (OrderRead, [false, false, true, true, true], [true, true, true, true]),
        (OrderWrite, [false, false, true, false, true], [true, true, true, true]),
        (RefundRequest, [false, false, true, false, true], [true, true, true, true]),
        (RefundRead, [false, false, true, false, true], [false, true, false, true]),
        (RefundApprove, [false, false, true, false, true], [false, false, false, false]),
        (ShipmentWrite, [false, false, true, true, true], [false, true, true, true]),
        (ReturnWrite, [false, false, true, true, true], [false, true, true, true]),
        (ReturnApprove, [false, false, true, false, true], [false, true, false, true]),
        (PaymentRead, [false, false, true, false, true], [false, true, false, true]),
        (PaymentConfirm, [false, false, true, false, true], [false, true, false, true]),
        (PaymentMethodWrite, [false, false, false, false, true], [false, false, false, true]),
        (CatalogRead, [false, false, true, false, true], [false, true, false, true]),
        (CatalogWrite, [false, false, true, false, true], [false, true, false, true]),
        (StockRead, [false, false, true, true, true], [false, true, true, true]),
        (StockWrite, [false, false, false, true, true], [false, false, true, true]),
        (StockApprove, [false, false, true, false, true], [false, true, false, true]),
        (AccountRead, [false, false, true, false, true], [true, true, true, true]),
        (AccountWrite, [false, false, false, false, true], [true, true, true, true]),
        (RoleWrite, [false, false, false, false, true], [false, false, false, true]),
        (PolicyRead, [false, false, false, false, true], [false, false, false, true]),
        (PolicyWrite, [false, false, false, false, true], [false, false, false, true]),
        (AuditRead, [false, false, false, false, true], [false, false, false, true]),
        (EventRead, [false, false, true, false, true], [false, true, false, true]),
        (EventWrite, [false, false, false, false, true], [false, false, false, true]),
        (WebhookRead, [false, false, false, false, true], [false, false, false, true]),
        (WebhookWrite, [false, false, false, false, true], [false, false, false, true]),
        (MessageRead, [false, false, true, false, true], [false, true, false, true]),
        (MailboxRead, [false, false, false, false, true], [false, false, false, true]),
    ];
    assert_eq!(table.len(), Action::ALL.len());
    for (action, others, own) in table {
        for (subject, expected) in [&guest, &customer, &ops, &warehouse, &admin].iter().zip(others)
        {
            assert_eq!(may(&engine, subject, action, Some(2)), expected, "{subject:?} {action:?}");
        }
        for (subject, expected) in [&customer, &ops, &warehouse, &admin].iter().zip(own) {
            assert_eq!(
                may(&engine, subject, action, Some(1)),
                expected,
                "own {subject:?} {action:?}"
            );
        }
    }
}

/// What `docs/access.md` offers to whoever wants it.
#[test]
fn a_policy_can_limit_what_operations_give_back() {
    let mut files = Policies::shipped().files().to_vec();
    files.push(PolicyFile {
        name: "large-refunds.cedar".into(),
        text: "@id(\"large-refunds\")\nforbid (principal in Role::\"ops\", action == \
               Action::\"refund_approve\", resource is Refund)\nwhen { context has amount && \
               context.amount > 5000 }\nunless { principal.is_admin };\n"
            .into(),
    });
    let engine = Engine::new(Policies::read(files).unwrap());
    let may = |roles: &[&str], amount| {
        let refund = Resource::one(Kind::Refund, "x").owned_by(Some(user(2)));
        let mut asked = question(person(1, roles), Action::RefundApprove, refund);
        asked.circumstances.amount = amount;
        engine.ask(&asked).allowed
    };
    assert_eq!([Some(5000), Some(5001), None].map(|it| may(&["ops"], it)), [true, false, true]);
    assert!(may(&["ops", "admin"], Some(5001)) && may(&["admin"], Some(5001)));
}

#[test]
fn the_circumstances_count() {
    let engine = Engine::new(Policies::shipped());
    let mut asked =
        question(person(1, &["admin"]), Action::PolicyWrite, Resource::any(Kind::Policy));
    assert!(engine.ask(&asked).allowed);
    asked.circumstances.source = Source::ApiKey;
    let denied = engine.ask(&asked);
    assert!(!denied.allowed);
    assert_eq!(denied.reasons[0].policy, "no-policies-by-program");

    let mut dismissed =
        question(person(1, &["admin"]), Action::StockRead, Resource::any(Kind::Stock));
    dismissed.subject.is_active = false;
    assert_eq!(engine.ask(&dismissed).reasons[0].policy, "inactive-people");

    let mut published = Resource::one(Kind::Product, "x");
    published.visibility = Some("published".into());
    assert!(
        engine.ask(&question(Subject::guest(), Action::CatalogRead, published.clone())).allowed
    );
    published.is_deleted = true;
    assert!(!engine.ask(&question(Subject::guest(), Action::CatalogRead, published)).allowed);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nobody_without_a_role_touches_what_is_not_theirs(
        action in 0..Action::ALL.len(),
        owner in prop::option::of(2..1000_u128),
        status in prop::option::of("[a-z_]{1,12}"),
        id in "[^\0]{0,20}",
    ) {
        let engine = Engine::new(Policies::shipped());
        let action = Action::ALL[action];
        let mut resource = Resource::one(action.kind(), id).owned_by(owner.map(user));
        resource.status = status;
        for subject in [Subject::guest(), person(1, &[])] {
            prop_assert!(!engine.ask(&question(subject, action, resource.clone())).allowed);
        }
    }
}

/// Policies by which the warehouse may also read accounts.
fn generous() -> Policies {
    let mut files = Policies::shipped().files().to_vec();
    files.push(PolicyFile {
        name: "extra.cedar".into(),
        text: "@id(\"warehouse-accounts\")\npermit (principal in Role::\"warehouse\", action == \
               Action::\"account_read\", resource is Account);\n"
            .into(),
    });
    Policies::read(files).unwrap()
}

#[tokio::test]
async fn a_version_counts_from_its_activation_on_and_on_every_node() {
    let test = TestDb::new().await;
    let now = test.clock().now();
    let mut conn = test.db().acquire().await.unwrap();
    let (here, there) =
        (Guardian::open(&mut conn).await.unwrap(), Guardian::open(&mut conn).await.unwrap());
    let asked =
        question(person(1, &["warehouse"]), Action::AccountRead, Resource::any(Kind::Account));
    let version = access::save(&mut conn, &generous(), "let them", user(9), now).await.unwrap();
    assert_eq!(version, 1);
    here.refresh(&mut conn).await.unwrap();
    assert!(!here.ask(&asked).allowed, "saving does not activate");

    let policies = access::activate(&mut conn, 1, 0, user(9), now).await.unwrap();
    here.take(1, policies);
    assert!(here.ask(&asked).allowed);
    assert!(!there.ask(&asked).allowed);
    there.refresh(&mut conn).await.unwrap();
    assert!(there.ask(&asked).allowed);
    assert_eq!(there.version(), 1);

    // Somebody who still believes that 0 counts is too late; nothing changes.
    let late = access::activate(&mut conn, 1, 0, user(9), now).await;
    assert!(matches!(late, Err(AccessError::Conflict)));
    let unknown = access::activate(&mut conn, 7, 1, user(9), now).await;
    assert!(matches!(unknown, Err(AccessError::UnknownVersion)));
    assert_eq!(access::active(&mut conn).await.unwrap(), 1);

    access::activate(&mut conn, 0, 1, user(9), now).await.unwrap();
    there.refresh(&mut conn).await.unwrap();
    assert!(!there.ask(&asked).allowed, "going back is an activation, too");
    let versions = access::versions(&mut conn).await.unwrap();
    let shown: Vec<_> = versions.iter().map(|it| (it.version, it.active)).collect();
    assert_eq!(shown, [(1, false), (0, true)]);
}

#[tokio::test]
async fn saved_policies_cannot_be_changed_by_the_server() {
    let test = TestDb::new().await;
    let now = test.clock().now();
    let mut conn = test.db().acquire().await.unwrap();
    access::save(&mut conn, &generous(), "x", user(9), now).await.unwrap();
    for sql in [
        "UPDATE access.policy_sets SET comment = 'y'",
        "DELETE FROM access.policy_sets",
        "DELETE FROM access.activations",
        "UPDATE audit.entries SET action = 'y'",
        "DELETE FROM audit.entries",
        "TRUNCATE audit.entries",
    ] {
        let refused = sqlx::query(sql).execute(&mut *conn).await.unwrap_err();
        assert!(refused.to_string().contains("permission denied"), "{sql}: {refused}");
    }
}

#[tokio::test]
async fn two_who_save_at_once_get_two_versions() {
    let test = TestDb::new().await;
    let now = test.clock().now();
    let save = async || {
        let mut tx = test.db().begin().await.unwrap();
        let version = access::save(&mut tx, &generous(), "x", user(9), now).await.unwrap();
        tx.commit().await.unwrap();
        version
    };
    let (a, b) = tokio::join!(save(), save());
    assert_eq!([a.min(b), a.max(b)], [1, 2]);
}

#[tokio::test]
async fn new_policies_are_tried_with_the_decisions_of_the_last_day() {
    let test = TestDb::new().await;
    let now = test.clock().now();
    let mut conn = test.db().acquire().await.unwrap();
    let guardian = Guardian::open(&mut conn).await.unwrap();
    let asked =
        |action: Action| question(person(1, &["warehouse"]), action, Resource::any(action.kind()));
    for _ in 0..3 {
        guardian.ask(&asked(Action::AccountRead));
    }
    guardian.ask(&asked(Action::StockWrite));
    guardian.write_decisions(&mut conn, now).await.unwrap();
    guardian.ask(&asked(Action::AccountRead));
    let later = now + SignedDuration::from_hours(2);
    guardian.write_decisions(&mut conn, later).await.unwrap();

    let decided =
        decided_since(&mut conn, now - SignedDuration::from_hours(24), 100).await.unwrap();
    assert_eq!(decided.len(), 2);
    assert_eq!((decided[0].times, decided[0].allowed), (4, false));
    let trial = try_out(&guardian.engine(), &Engine::new(generous()), &decided, later);
    assert_eq!(trial.asked_again, 2);
    assert_eq!(trial.changed.len(), 1);
    assert_eq!(trial.changed[0].question.action, Action::AccountRead);
    assert_eq!((trial.changed[0].times, trial.changed[0].allowed_now), (4, false));
    assert_eq!(trial.changed[0].then.reasons[0].policy, "warehouse-accounts");
    let changed: Vec<_> = trial
        .matrix
        .iter()
        .filter(|row| row.changed)
        .map(|row| (row.action, row.who.as_str(), row.others))
        .collect();
    assert_eq!(changed, [(Action::AccountRead, "warehouse", true)]);

    // After two days nothing is left of them.
    let much_later: Timestamp = now + SignedDuration::from_hours(72);
    guardian.write_decisions(&mut conn, much_later).await.unwrap();
    assert!(decided_since(&mut conn, Timestamp::UNIX_EPOCH, 100).await.unwrap().is_empty());
}
