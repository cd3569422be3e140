//! What every decision about a refund passes through: locks, policies, the flow, the audit log.

use ::access::{Action, Kind, Resource};
use checkout::refunds::{Decision, Ruling};
use kernel::{ErrorCode, id::RefundId};
use payments::refunds;
use pg::DbError;

use super::{
    on_record, resource,
    view::{Tagged, tagged},
};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{IfMatch, Problem, edit::edit},
    storefront::orders::refunds::problem::problem,
};

/// Decides, if the policies allow it for this refund, its order and its amount.
pub(super) async fn decide(
    state: &AppState,
    permit: &Permit,
    id: RefundId,
    seen: Option<IfMatch>,
    decision: Decision,
    reason: Option<&str>,
) -> Result<Tagged, Problem> {
    let ruling = Ruling {
        decision,
        seen: seen.map(|IfMatch(version)| version),
        actor: permit.actor(),
        reason,
    };
    edit(&state.ids, || perform(state, permit, id, &ruling)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: RefundId,
    ruling: &Ruling<'_>,
) -> Result<Tagged, Problem> {
    let mut tx = state.db.begin().await?;
    // Who may not decide about any learns nothing about which there are.
    if refunds::find(&mut tx, id).await?.is_none() {
        permit.of(Resource::one(Kind::Refund, id))?;
        return Err(ErrorCode::RefundNotFound.into());
    }
    let (order, refund) = state.checkout.lock_refund(&mut tx, id).await.map_err(problem)?;
    permit.of_amount(Action::RefundApprove, resource(&order, &refund), refund.amount)?;
    let done = state.checkout.decide_refund(&mut tx, id, ruling).await;
    let (before, after) = done.map_err(problem)?;
    let change = Change {
        before: Some(on_record(&before)),
        after: Some(on_record(&after)),
        reason: ruling.reason,
    };
    permit.record(&mut tx, &resource(&order, &after), change).await?;
    let answer = tagged(&mut tx, &after).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(answer)
}
