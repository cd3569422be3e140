//! Products as people work on them: in every state, with versions.

pub mod archive;
pub mod change;
pub mod create;
pub mod detail;
pub mod export;
pub mod form;
pub mod list;
pub mod parts;
pub mod patch;
pub mod problem;
pub mod publish;
pub mod schedule;
pub mod view;
pub mod withdraw;

use ::access::{Kind, Resource};
use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use catalog::{EditContext, Move};
use kernel::{ErrorCode, id::ProductId};
use pg::DbError;
use serde_json::json;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::{form::ProductPatch, problem::problem, view::ProductView};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{Problem, edit::edit, etag},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, create::handler))
        .routes(routes!(export::handler))
        .routes(routes!(detail::handler, change::handler, patch::handler))
        .routes(routes!(publish::handler))
        .routes(routes!(schedule::handler))
        .routes(routes!(withdraw::handler))
        .routes(routes!(archive::handler))
}

/// What the catalogue needs of us besides the change.
pub(super) fn context(state: &AppState) -> EditContext<'_> {
    EditContext { clock: &*state.clock, ids: &state.ids }
}

/// Changes what `patch` says of a product that is as it was seen.
async fn change(
    state: &AppState,
    permit: &Permit,
    (id, seen): (ProductId, i64),
    patch: ProductPatch,
) -> Result<Response, Problem> {
    let after = edit(&state.ids, || perform(state, permit, (id, seen), patch.clone())).await?;
    Ok((etag(after.version), Json(after)).into_response())
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    (id, seen): (ProductId, i64),
    patch: ProductPatch,
) -> Result<ProductView, Problem> {
    let reason = patch.reason.clone();
    let mut tx = state.db.begin().await?;
    let found = catalog::product(&mut tx, id).await?.ok_or(ErrorCode::ProductNotFound)?;
    if found.version != seen {
        return Err(ErrorCode::VersionConflict.into());
    }
    let wish = patch.apply(found.product, &*state.clock, &state.ids)?;
    let (before, after) = catalog::change_product(&mut tx, wish, seen, &context(state))
        .await
        .map_err(|error| problem(error, ErrorCode::ProductNotFound))?;
    let now = state.clock.now();
    let (before, after) = (ProductView::new(before, now), ProductView::new(after, now));
    if before != after {
        let (before, now) = (Some(json!(before)), Some(json!(after)));
        let change = Change { before, after: now, reason: reason.as_deref() };
        permit.record(&mut tx, &Resource::one(Kind::Product, id), change).await?;
    }
    tx.commit().await.map_err(DbError::from)?;
    Ok(after)
}

/// Publishes, schedules, withdraws or archives a product that is as it was seen.
async fn change_state(
    state: &AppState,
    permit: &Permit,
    (id, seen): (ProductId, i64),
    step: Move,
    reason: Option<&str>,
) -> Result<Response, Problem> {
    let after = edit(&state.ids, || perform_move(state, permit, (id, seen), step, reason)).await?;
    Ok((etag(after.version), Json(after)).into_response())
}

async fn perform_move(
    state: &AppState,
    permit: &Permit,
    (id, seen): (ProductId, i64),
    step: Move,
    reason: Option<&str>,
) -> Result<ProductView, Problem> {
    let mut tx = state.db.begin().await?;
    let (before, after) = catalog::move_product(&mut tx, id, step, seen, &context(state))
        .await
        .map_err(|error| problem(error, ErrorCode::ProductNotFound))?;
    let now = state.clock.now();
    let (before, after) = (ProductView::new(before, now), ProductView::new(after, now));
    let told = |view: &ProductView| json!({"state": view.state, "publish_at": view.publish_at});
    let change = Change { before: Some(told(&before)), after: Some(told(&after)), reason };
    permit.record(&mut tx, &Resource::one(Kind::Product, id), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(after)
}
