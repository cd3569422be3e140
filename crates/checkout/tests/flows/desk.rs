//! A provider whose answers a test decides, and the hands of people of the shop.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use checkout::{
    Checkout, CheckoutError, RefundAmount, RefundAsk, RefundRequest, RefundWorker,
    refunds::{Decision, Ruling},
};
use jiff::Timestamp;
use kernel::{
    Actor, Money,
    id::{OrderId, RefundId},
};
use payments::{
    Instruction, Payment, PaymentAsk, PaymentProvider, ProviderError, ProviderState, Providers,
    RefundAnswer, RefundOrder,
    provider::BoxFuture,
    refunds::{self, Refund, RequestKey},
};
use pg::Db;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::bench::Bench;

pub type Answer = Result<RefundAnswer, ProviderError>;

/// A provider that answers as it is told, and remembers what it was asked. It looks whether what has
/// to be committed before it is asked was.
#[derive(Debug)]
pub struct Desk {
    db: Db,
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<RefundOrder>>,
    state: Mutex<Result<ProviderState, ProviderError>>,
    /// Answers only when it is told to go on, where a test holds it.
    held: Mutex<Option<Arc<Notify>>>,
}

impl Desk {
    pub fn new(bench: &Bench) -> Arc<Self> {
        Arc::new(Self {
            db: bench.test.owner().clone(),
            answers: Mutex::default(),
            asked: Mutex::default(),
            state: Mutex::new(Ok(ProviderState::Unknown)),
            held: Mutex::default(),
        })
    }

    /// What it answers next, and after that.
    pub fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        self.answers.lock().unwrap().extend(answers);
    }

    /// What it knows of every payment.
    pub fn knows(&self, state: Result<ProviderState, ProviderError>) {
        *self.state.lock().unwrap() = state;
    }

    /// Holds the next answer until it is told to go on.
    pub fn hold(&self) -> Arc<Notify> {
        let notify = Arc::new(Notify::new());
        *self.held.lock().unwrap() = Some(Arc::clone(&notify));
        notify
    }

    /// What it was asked, as often as it was.
    pub fn asked(&self) -> Vec<RefundOrder> {
        self.asked.lock().unwrap().clone()
    }

    async fn answer(&self, refund: &RefundOrder) -> Answer {
        let mut conn = self.db.acquire().await.unwrap();
        let told: (String, bool) =
            sqlx::query_as("SELECT status, unclear FROM payments.refunds WHERE id = $1")
                .bind(refund.id.as_uuid())
                .fetch_one(&mut *conn)
                .await
                .unwrap();
        assert_eq!(told, ("processing".to_owned(), true), "committed before anybody is asked");
        drop(conn);
        self.asked.lock().unwrap().push(*refund);
        let answer = self.answers.lock().unwrap().pop_front().expect("asked once too often");
        let held = self.held.lock().unwrap().take();
        if let Some(held) = held {
            held.notified().await;
        }
        answer
    }
}

impl PaymentProvider for Desk {
    fn name(&self) -> &'static str {
        "ecpay"
    }

    fn methods(&self) -> &[&'static str] {
        &["ecpay_credit"]
    }

    fn begin(&self, _: &Payment, _: &PaymentAsk<'_>) -> Result<Instruction, ProviderError> {
        Ok(Instruction::Nothing)
    }

    fn query<'a>(
        &'a self,
        _: &'a Payment,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<ProviderState, ProviderError>> {
        Box::pin(async { self.state.lock().unwrap().clone() })
    }

    fn refund<'a>(
        &'a self,
        _: &'a Payment,
        refund: &'a RefundOrder,
        _: Timestamp,
    ) -> BoxFuture<'a, Answer> {
        Box::pin(self.answer(refund))
    }
}

pub fn twd(amount: i64) -> Money {
    Money::twd(amount).unwrap()
}

/// Somebody of the shop.
pub fn staff() -> Actor {
    Actor::Staff(Uuid::from_u128(0x0a11_ce00).into())
}

impl Bench {
    /// The flows, with this provider behind them.
    pub fn with_desk(&self, desk: &Arc<Desk>) -> Checkout {
        let desk: Arc<dyn PaymentProvider> = Arc::clone(desk) as _;
        Checkout { providers: Providers::new([desk]), ..self.checkout.clone() }
    }

    pub fn worker(&self, desk: &Arc<Desk>) -> RefundWorker {
        RefundWorker::new(self.with_desk(desk))
    }

    /// An order of so many large totes, paid.
    pub async fn paid(&self, quantity: i64) -> OrderId {
        let order = self.place(&[(self.shop.tote_large, quantity)]).await.order.id;
        self.pay(order).await;
        order
    }

    /// Asks for money back with a key of its own.
    pub async fn ask_back(
        &self,
        order: OrderId,
        amount: RefundAmount,
        actor: Actor,
    ) -> Result<Refund, CheckoutError> {
        let key = Uuid::from_bytes(self.test.ids().bytes());
        self.ask_back_with(order, amount, actor, RequestKey { key, fingerprint: [1; 32] }).await
    }

    pub async fn ask_back_with(
        &self,
        order: OrderId,
        amount: RefundAmount,
        actor: Actor,
        key: RequestKey,
    ) -> Result<Refund, CheckoutError> {
        let ask = RefundAsk { amount, reason: "changed my mind", automatic: false };
        let request = RefundRequest { ask, account: None, key };
        self.checkout.ask_refund(order, &request, actor).await
    }

    /// Decides about a refund, as somebody of the shop.
    pub async fn rule(
        &self,
        refund: RefundId,
        decision: Decision,
    ) -> Result<Refund, CheckoutError> {
        let ruling = Ruling { decision, seen: None, actor: staff(), reason: Some("because") };
        let mut tx = self.test.db().begin().await.unwrap();
        let decided = self.checkout.decide_refund(&mut tx, refund, &ruling).await;
        // One that is only dropped holds the refund's row a moment longer.
        match &decided {
            Ok(_) => tx.commit().await.unwrap(),
            Err(_) => tx.rollback().await.unwrap(),
        }
        decided.map(|(_, after)| after)
    }

    /// Asked for by somebody of the shop, and approved.
    pub async fn approved(&self, order: OrderId, amount: RefundAmount) -> Refund {
        let refund = self.ask_back(order, amount, staff()).await.unwrap();
        self.rule(refund.id, Decision::Approve).await.unwrap()
    }

    pub async fn refund(&self, id: RefundId) -> Refund {
        let mut conn = self.test.owner().acquire().await.unwrap();
        refunds::find(&mut conn, id).await.unwrap().unwrap()
    }

    /// A refund's states from the first one on.
    pub async fn steps(&self, id: RefundId) -> Vec<&'static str> {
        let mut conn = self.test.owner().acquire().await.unwrap();
        let steps = refunds::steps(&mut conn, id).await.unwrap();
        let first = steps.first().map(|step| step.from.as_str()).into_iter();
        first.chain(steps.iter().map(|step| step.to.as_str())).collect()
    }

    /// The open tasks: kinds and what they are about.
    pub async fn open_tasks(&self) -> Vec<(String, String)> {
        let mut conn = self.test.owner().acquire().await.unwrap();
        sqlx::query_as(
            "SELECT kind, reference FROM payments.tasks WHERE status = 'open' ORDER BY id",
        )
        .fetch_all(&mut *conn)
        .await
        .unwrap()
    }

    /// What a payment's money is worth to the books: its status, and what went back of it.
    pub async fn money(&self, order: OrderId) -> (String, i64) {
        let mut conn = self.test.owner().acquire().await.unwrap();
        sqlx::query_as(
            "SELECT status, refunded FROM payments.attempts WHERE order_id = $1 AND kept",
        )
        .bind(order.as_uuid())
        .fetch_one(&mut *conn)
        .await
        .unwrap()
    }
}
