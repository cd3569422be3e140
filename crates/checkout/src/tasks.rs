//! Dealing with what about payments waits for a person, with one click each.

use kernel::{Actor, id::PaymentTaskId};
use payments::{
    Payment,
    notices::Verdict,
    provider::ProviderState,
    tasks::{self, PaymentTask, TaskResolution},
};
use pg::{Connection, DbError};

use crate::{
    Checkout,
    error::CheckoutError,
    refunds::{Decision, RefundAmount, RefundAsk, Ruling},
    word::Word,
};

/// What is to be done about a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskAnswer {
    /// The provider says that it was paid: take its word, asked for anew, as if its notice had come.
    TakeAsPaid,
    /// All that is left of the payment's money goes back.
    Refund,
    /// It is as it is.
    Accept,
}

/// Who answers a task, and why.
#[derive(Clone, Copy, Debug)]
pub struct TaskRuling<'a> {
    /// What is to be done.
    pub answer: TaskAnswer,
    /// The version they have seen, if they say so.
    pub seen: Option<i64>,
    /// Who.
    pub actor: Actor,
    /// Why.
    pub reason: &'a str,
}

impl Checkout {
    /// What the provider says about a task's payment, where the answer needs it. No transaction may
    /// be open.
    pub async fn ask_for_task(
        &self,
        id: PaymentTaskId,
        answer: TaskAnswer,
    ) -> Result<Option<ProviderState>, CheckoutError> {
        if answer != TaskAnswer::TakeAsPaid {
            return Ok(None);
        }
        let mut conn = self.db.acquire().await?;
        let task = tasks::find(&mut conn, id).await?.ok_or(CheckoutError::TaskNotFound)?;
        let payment = payment_of(&mut conn, &task).await?;
        drop(conn);
        let provider = self.providers.named(&payment.provider);
        let provider = provider.ok_or(CheckoutError::TaskDoesNotFit)?;
        Ok(Some(provider.query(&payment, self.clock.now()).await?))
    }

    /// Deals with a task: as it was, and as it is. `state` is what [`Checkout::ask_for_task`] said.
    /// One transaction of the caller's.
    pub async fn answer_task(
        &self,
        conn: &mut Connection,
        id: PaymentTaskId,
        state: Option<ProviderState>,
        ruling: &TaskRuling<'_>,
    ) -> Result<(PaymentTask, PaymentTask), CheckoutError> {
        let now = self.clock.now();
        let task = tasks::find(conn, id).await?.ok_or(CheckoutError::TaskNotFound)?;
        if ruling.seen.is_some_and(|seen| seen != task.version) {
            return Err(CheckoutError::TaskChanged(task.version));
        }
        let resolution = match ruling.answer {
            TaskAnswer::TakeAsPaid => TaskResolution::TakenAsPaid,
            TaskAnswer::Refund => TaskResolution::Refunded,
            TaskAnswer::Accept => TaskResolution::Accepted,
        };
        if task.status != tasks::TaskStatus::Open {
            return Err(tasks::TaskError::from(tasks::InvalidTaskMove { from: task.status }).into());
        }
        match ruling.answer {
            TaskAnswer::TakeAsPaid => self.take_as_paid(conn, &task, state).await?,
            TaskAnswer::Refund => self.refund_for_task(conn, &task, ruling).await?,
            TaskAnswer::Accept => {}
        }
        let (actor, reason) = (ruling.actor, Some(ruling.reason));
        let after = tasks::resolve(conn, &task, resolution, reason, actor, now).await?;
        Ok((task, after))
    }

    async fn take_as_paid(
        &self,
        conn: &mut Connection,
        task: &PaymentTask,
        state: Option<ProviderState>,
    ) -> Result<(), CheckoutError> {
        let Some(state @ ProviderState::Paid { .. }) = state else {
            return Err(CheckoutError::NotPaidThere);
        };
        let known = payment_of(conn, task).await?;
        let order = orders::lock(conn, known.order).await?;
        let payment = payments::lock(conn, known.id).await?;
        match self.settle(conn, order, payment, &Word::from(state)).await? {
            Verdict::Accepted | Verdict::Repeated => Ok(()),
            other => {
                tracing::warn!(
                    verdict = other.as_str(),
                    "the provider's word was not taken for a task"
                );
                Err(CheckoutError::TaskDoesNotFit)
            }
        }
    }

    async fn refund_for_task(
        &self,
        conn: &mut Connection,
        task: &PaymentTask,
        ruling: &TaskRuling<'_>,
    ) -> Result<(), CheckoutError> {
        let payment = payment_of(conn, task).await?;
        let order = orders::lock(conn, payment.order).await?;
        // Money that is not kept goes back by itself.
        if !payment.kept || !payment.status.is_settled() {
            return Err(CheckoutError::TaskDoesNotFit);
        }
        let ask =
            RefundAsk { amount: RefundAmount::Whole, reason: ruling.reason, automatic: false };
        let now = self.clock.now();
        let id = self.request_refund(conn, &order, &ask, ruling.actor, now).await?;
        let approval = Ruling {
            decision: Decision::Approve,
            seen: None,
            actor: ruling.actor,
            reason: Some(ruling.reason),
        };
        self.decide_refund(conn, id, &approval).await?;
        Ok(())
    }
}

/// The payment that a task is about.
async fn payment_of(conn: &mut Connection, task: &PaymentTask) -> Result<Payment, CheckoutError> {
    let (Some(order), Some(id)) = (task.order, task.payment) else {
        return Err(CheckoutError::TaskDoesNotFit);
    };
    let all = payments::of_order(conn, order).await?;
    let payment = all.into_iter().find(|payment| payment.id == id);
    payment.ok_or(CheckoutError::Db(DbError::Corrupt {
        table: "payments.tasks",
        column: "payment_id",
        value: id.to_string(),
    }))
}
