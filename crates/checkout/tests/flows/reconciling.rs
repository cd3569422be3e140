//! Our books of a day against the provider's: planted differences are found, become a task each and
//! once, and are dealt with by one click.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use checkout::{
    CheckoutError, Reconciler,
    tasks::{TaskAnswer, TaskRuling},
};
use ecpay::Charge;
use futures::future::join_all;
use jiff::civil::{Date, date};
use kernel::{
    Money,
    id::{OrderId, PaymentTaskId},
};
use orders::OrderStatus;
use payments::{
    ProviderError, ProviderState,
    provider::BoxFuture,
    reconciliation::{
        self, PayoutRow, Reconciliation, ReconciliationStatus, StatementRow, Statements,
    },
    tasks::{self, PaymentTask, TaskStatus},
};
use uuid::Uuid;

use crate::{
    bench::Bench,
    desk::{Desk, staff, twd},
};

/// The day on which the tests' clock begins.
const DAY: Date = date(2026, 6, 1);

/// Statements as a test writes them.
#[derive(Debug, Default)]
struct Paper {
    trades: Mutex<Vec<StatementRow>>,
    payouts: Mutex<Vec<PayoutRow>>,
    refusals: Mutex<VecDeque<ProviderError>>,
    read: Mutex<u32>,
}

impl Paper {
    /// Lists these payments as paid.
    fn lists(&self, payments: &[(String, Money)]) {
        let row = |(number, amount): &(String, Money)| StatementRow {
            number: number.clone(),
            trade_no: "2606011000001234".into(),
            amount: *amount,
            paid: Some(true),
            status: "paid".into(),
            refunded: Some(Money::ZERO),
            fee: Some(charge("27.5")),
        };
        *self.trades.lock().unwrap() = payments.iter().map(row).collect();
    }

    fn change(&self, change: impl FnOnce(&mut Vec<StatementRow>)) {
        change(&mut self.trades.lock().unwrap());
    }
}

impl Statements for Paper {
    fn provider(&self) -> &'static str {
        "ecpay"
    }

    fn trades(&self, _: Date) -> BoxFuture<'_, Result<Vec<StatementRow>, ProviderError>> {
        *self.read.lock().unwrap() += 1;
        let refusal = self.refusals.lock().unwrap().pop_front();
        let rows = self.trades.lock().unwrap().clone();
        Box::pin(async move { refusal.map_or(Ok(rows), Err) })
    }

    fn payouts(&self, _: Date) -> BoxFuture<'_, Result<Vec<PayoutRow>, ProviderError>> {
        let rows = self.payouts.lock().unwrap().clone();
        Box::pin(async move { Ok(rows) })
    }
}

fn charge(text: &str) -> Charge {
    text.parse().unwrap()
}

/// A shop with so many paid orders, the statement that lists them, and a provider to ask.
struct Day {
    bench: Bench,
    desk: Arc<Desk>,
    paper: Arc<Paper>,
    reconciler: Reconciler,
    orders: Vec<OrderId>,
    numbers: Vec<String>,
}

impl Day {
    async fn with(paid: usize) -> Self {
        let bench = Bench::new().await;
        let (mut orders, mut numbers) = (Vec::new(), Vec::new());
        for _ in 0..paid {
            let order = bench.paid(1).await;
            numbers.push(bench.attempts(order).await[0].trade_no.as_str().to_owned());
            orders.push(order);
        }
        let paper = Arc::new(Paper::default());
        let listed: Vec<_> = numbers.iter().map(|number| (number.clone(), twd(1990))).collect();
        paper.lists(&listed);
        let desk = Desk::new(&bench);
        let statements: Arc<dyn Statements> = Arc::clone(&paper) as _;
        let reconciler = Reconciler::new(bench.with_desk(&desk), statements);
        bench.minutes_pass(24 * 60);
        Self { bench, desk, paper, reconciler, orders, numbers }
    }

    async fn compare(&self) -> Reconciliation {
        self.reconciler.reconcile(DAY, true).await.unwrap().unwrap()
    }

    /// Kinds and numbers of what differs.
    async fn differences(&self) -> Vec<(&'static str, String)> {
        let report = self.compare().await;
        assert_eq!(report.status, ReconciliationStatus::Done, "{report:?}");
        let told = report.differences.into_iter();
        told.map(|it| (it.kind.as_str(), it.merchant_trade_no)).collect()
    }

    /// The only open task.
    async fn task(&self) -> PaymentTask {
        let mut conn = self.bench.test.owner().acquire().await.unwrap();
        let filter = tasks::TaskFilter { status: Some(TaskStatus::Open), ..Default::default() };
        let mut open = tasks::list(&mut conn, &filter, None, 10).await.unwrap();
        assert_eq!(open.len(), 1, "{open:?}");
        open.remove(0)
    }

    async fn answer(
        &self,
        id: PaymentTaskId,
        answer: TaskAnswer,
    ) -> Result<PaymentTask, CheckoutError> {
        let checkout = self.bench.with_desk(&self.desk);
        let state = checkout.ask_for_task(id, answer).await?;
        let ruling = TaskRuling { answer, seen: None, actor: staff(), reason: "looked at it" };
        let mut tx = self.bench.test.db().begin().await.unwrap();
        let (_, after) = checkout.answer_task(&mut tx, id, state, &ruling).await?;
        tx.commit().await.unwrap();
        Ok(after)
    }
}

#[tokio::test]
async fn books_that_agree_open_no_task_and_keep_the_fees() {
    let day = Day::with(3).await;
    let report = day.compare().await;
    assert_eq!((report.ours, report.theirs, report.differences), (3, 3, vec![]));
    assert_eq!(day.bench.open_tasks().await, []);
    let fees = "SELECT count(*) FROM payments.attempts WHERE provider_fee = 275000";
    assert_eq!(day.bench.count(fees).await, 3);
    // What it says later is held against what it said first.
    day.paper.change(|rows| rows[1].fee = Some(charge("30")));
    assert_eq!(day.differences().await, [("fee", day.numbers[1].clone())]);
    assert_eq!(day.bench.count(fees).await, 3);
    day.bench.assert_books_are_right().await;
}

#[tokio::test]
async fn every_planted_difference_is_found_and_is_one_task_however_often_it_is_looked_for() {
    let day = Day::with(3).await;
    let unpaid = day.bench.place(&[(day.bench.shop.tote_large, 1)]).await.order.id;
    let (unsettled, _) = day.bench.begin(unpaid).await;
    day.desk.knows(Err(ProviderError::Unclear("silence".into())));
    day.paper.change(|rows| {
        let row = |number: &str| StatementRow { number: number.into(), ..rows[0].clone() };
        let (stranger, lost) = (row("00ZZZZZZZZZZZZZZZZZZ"), row(&unsettled));
        rows[0].amount = twd(1);
        rows[1].refunded = Some(twd(500));
        rows.remove(2);
        rows.extend([stranger, lost]);
    });
    let [one, two, three] = [0, 1, 2].map(|place| day.numbers[place].clone());
    let expected = [
        ("missing_at_ours", "00ZZZZZZZZZZZZZZZZZZ".to_owned()),
        ("missing_at_theirs", three),
        ("amount", one),
        ("status", unsettled),
        ("refunded", two),
    ];
    for _ in 0..3 {
        assert_eq!(day.differences().await, expected);
    }
    let open = day.bench.open_tasks().await;
    let references: Vec<_> = open.iter().map(|(_, reference)| reference.clone()).collect();
    let wanted: Vec<_> =
        expected.iter().map(|(kind, number)| format!("ecpay/2026-06-01/{kind}/{number}")).collect();
    assert_eq!(references, wanted);
    // What no longer differs is nobody's task any more; the rest stays.
    day.paper.change(|rows| rows[0].amount = twd(1990));
    assert_eq!(day.differences().await.len(), 4);
    assert_eq!(day.bench.open_tasks().await.len(), 4);
    // And what was dealt with does not come back.
    let mut conn = day.bench.test.owner().acquire().await.unwrap();
    let done = "UPDATE payments.tasks SET status = 'resolved', resolution = 'accepted'
                     , resolved_by_kind = 'staff', resolved_at = now() WHERE status = 'open'";
    sqlx::query(done).execute(&mut *conn).await.unwrap();
    assert_eq!(day.differences().await.len(), 4);
    assert_eq!(day.bench.open_tasks().await, []);
    day.bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_statement_that_was_cut_at_another_moment_is_explained_by_asking() {
    let day = Day::with(1).await;
    day.paper.change(Vec::clear);
    assert_eq!(day.differences().await, [("missing_at_theirs", day.numbers[0].clone())]);
    let paid = |amount| ProviderState::Paid {
        trade_no: "2606011000001234".into(),
        amount: twd(amount),
        card_auth_no: None,
    };
    day.desk.knows(Err(ProviderError::Unclear("silence".into())));
    assert_eq!(day.differences().await.len(), 1);
    day.desk.knows(Ok(paid(1)));
    assert_eq!(day.differences().await.len(), 1);
    day.desk.knows(Ok(paid(1990)));
    assert_eq!(day.differences().await, []);
    assert_eq!(day.bench.open_tasks().await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_is_compared_by_one_node_and_once() {
    let day = Day::with(1).await;
    let nodes = join_all((0..6).map(|_| day.reconciler.run_due())).await;
    // Three days are due: each of them was done by somebody, and none by two.
    for node in nodes {
        node.unwrap();
    }
    while day.reconciler.run_due().await.unwrap() {}
    assert_eq!(*day.paper.read.lock().unwrap(), 3);
    let mut conn = day.bench.test.owner().acquire().await.unwrap();
    let all = reconciliation::list(&mut conn, "ecpay", None, 10).await.unwrap();
    let days: Vec<_> = all.iter().map(|it| (it.day, it.status)).collect();
    let done = ReconciliationStatus::Done;
    assert_eq!(days, [(DAY, done), (date(2026, 5, 31), done), (date(2026, 5, 30), done)]);
    assert!(day.reconciler.reconcile(DAY, false).await.unwrap().is_none(), "it was done");
}

#[tokio::test]
async fn a_day_is_due_when_it_has_been_over_for_six_hours() {
    let day = Day::with(0).await;
    // It is ten in the morning of the second of June.
    while day.reconciler.run_due().await.unwrap() {}
    let read = *day.paper.read.lock().unwrap();
    day.bench.minutes_pass(20 * 60 - 1);
    assert!(!day.reconciler.run_due().await.unwrap());
    day.bench.minutes_pass(1);
    assert!(day.reconciler.run_due().await.unwrap());
    assert_eq!(*day.paper.read.lock().unwrap(), read + 1);
}

#[tokio::test]
async fn a_node_that_dies_is_taken_over_and_writes_nothing_when_it_comes_back() {
    let day = Day::with(1).await;
    let mut conn = day.bench.test.db().acquire().await.unwrap();
    let now = day.bench.checkout.clock.now();
    let lease = jiff::SignedDuration::from_mins(30);
    let dead = reconciliation::begin(&mut conn, "ecpay", DAY, false, now, lease).await.unwrap();
    assert!(day.reconciler.reconcile(DAY, true).await.unwrap().is_none());
    day.bench.minutes_pass(31);
    assert_eq!(day.compare().await.status, ReconciliationStatus::Done);
    let claim = ("ecpay", DAY, dead.unwrap());
    let books = reconciliation::Books::default();
    assert!(!reconciliation::finish(&mut conn, claim, &books, &[], now).await.unwrap());
    assert_eq!(reconciliation::fail(&mut conn, claim, "late", now).await.unwrap(), None);
    let report = reconciliation::find(&mut conn, "ecpay", DAY).await.unwrap().unwrap();
    assert_eq!((report.status, report.theirs), (ReconciliationStatus::Done, 1));
}

#[tokio::test]
async fn statements_that_cannot_be_had_are_tried_again_and_become_a_task() {
    let day = Day::with(1).await;
    let silence = || ProviderError::NotSent("no route".into());
    day.paper.refusals.lock().unwrap().extend((0..3).map(|_| silence()));
    for failures in 1..=3_u16 {
        assert!(day.bench.open_tasks().await.is_empty());
        let report = day.reconciler.reconcile(DAY, false).await.unwrap().unwrap();
        assert_eq!((report.status, report.failures), (ReconciliationStatus::Failed, failures));
        assert!(day.reconciler.reconcile(DAY, false).await.unwrap().is_none(), "not so soon");
        day.bench.minutes_pass(61);
    }
    let about = ("provider_unreachable".to_owned(), "ecpay/2026-06-01/statements".to_owned());
    assert_eq!(day.bench.open_tasks().await, [about]);
    let report = day.reconciler.reconcile(DAY, false).await.unwrap().unwrap();
    assert_eq!((report.status, report.failures), (ReconciliationStatus::Done, 0));
    assert_eq!(day.bench.open_tasks().await, [], "it went away by itself");
}

#[tokio::test]
async fn what_somebody_asks_for_is_done_whatever_day_it_is() {
    let day = Day::with(0).await;
    while day.reconciler.run_due().await.unwrap() {}
    let mut conn = day.bench.test.db().acquire().await.unwrap();
    let now = day.bench.checkout.clock.now();
    for (asked, again) in [(date(2026, 1, 1), false), (DAY, true)] {
        reconciliation::ask(&mut conn, "ecpay", asked, now).await.unwrap();
        let status = async |conn: &mut pg::Connection| {
            reconciliation::find(conn, "ecpay", asked).await.unwrap().unwrap().status
        };
        assert_eq!(status(&mut conn).await, ReconciliationStatus::Asked, "{again}");
        assert!(day.reconciler.run_due().await.unwrap());
        assert_eq!(status(&mut conn).await, ReconciliationStatus::Done);
        assert!(!day.reconciler.run_due().await.unwrap());
    }
}

/// Our server lost the notice; the statement tells.
#[tokio::test]
async fn one_click_takes_the_providers_word_and_the_order_is_paid() {
    let day = Day::with(0).await;
    let order = day.bench.place(&[(day.bench.shop.tote_large, 1)]).await.order.id;
    let (number, _) = day.bench.begin(order).await;
    let trade_no = "2606011000009999".to_owned();
    let paid = |amount| ProviderState::Paid {
        trade_no: trade_no.clone(),
        amount: twd(amount),
        card_auth_no: Some(7),
    };
    day.desk.knows(Ok(paid(1990)));
    day.paper.lists(&[(number.clone(), twd(1990))]);
    assert_eq!(day.differences().await, [("status", number)]);
    let task = day.task().await;
    let refused = day.answer(task.id, TaskAnswer::Refund).await;
    assert!(matches!(refused, Err(CheckoutError::TaskDoesNotFit)), "{refused:?}");
    day.desk.knows(Ok(ProviderState::Unpaid));
    let refused = day.answer(task.id, TaskAnswer::TakeAsPaid).await;
    assert!(matches!(refused, Err(CheckoutError::NotPaidThere)), "{refused:?}");
    assert_eq!(day.bench.load(order).await.status, OrderStatus::PendingPayment);

    day.desk.knows(Ok(paid(1)));
    let refused = day.answer(task.id, TaskAnswer::TakeAsPaid).await;
    assert!(matches!(refused, Err(CheckoutError::TaskDoesNotFit)), "{refused:?}");
    assert_eq!(day.task().await, task, "nothing was changed");
    day.desk.knows(Ok(paid(1990)));
    let done = day.answer(task.id, TaskAnswer::TakeAsPaid).await.unwrap();
    assert_eq!((done.status, done.note.as_deref()), (TaskStatus::Resolved, Some("looked at it")));
    assert_eq!(day.bench.load(order).await.status, OrderStatus::Paid);
    let attempt = day.bench.attempts(order).await.remove(0);
    assert_eq!(attempt.provider_trade_no.as_deref(), Some(trade_no.as_str()));
    let again = day.answer(task.id, TaskAnswer::Accept).await;
    assert!(matches!(again, Err(CheckoutError::Task(_))), "{again:?}");
    assert_eq!(day.differences().await, []);
    day.bench.assert_books_are_right().await;
}

#[tokio::test]
async fn one_click_gives_the_money_back_or_accepts_the_difference() {
    let day = Day::with(2).await;
    day.paper.change(|rows| rows[0].amount = twd(2000));
    day.differences().await;
    let task = day.task().await;
    let both = join_all([
        day.answer(task.id, TaskAnswer::Refund),
        day.answer(task.id, TaskAnswer::Refund),
    ])
    .await;
    assert_eq!(both.iter().filter(|it| it.is_ok()).count(), 1, "{both:?}");
    assert_eq!(day.bench.load(day.orders[0]).await.status, OrderStatus::RefundRequested);
    let approved = "SELECT count(*) FROM payments.refunds WHERE status = 'approved'";
    assert_eq!(day.bench.count(approved).await, 1);

    day.paper.change(|rows| rows[1].amount = twd(2000));
    day.differences().await;
    let task = day.task().await;
    let done = day.answer(task.id, TaskAnswer::Accept).await.unwrap();
    assert_eq!(done.status, TaskStatus::Resolved);
    assert_eq!(day.bench.load(day.orders[1]).await.status, OrderStatus::Paid);
    let unknown = day.answer(Uuid::from_u128(1).into(), TaskAnswer::Accept).await;
    assert!(matches!(unknown, Err(CheckoutError::TaskNotFound)), "{unknown:?}");
    day.bench.assert_books_are_right().await;
}
