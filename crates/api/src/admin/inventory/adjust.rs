//! `POST /api/admin/inventory/{variant_id}/adjust`

use ::access::{Kind, Resource};
use ::inventory::{
    Cause, InventoryError, SaveContext, StockError, StockKey,
    adjust::{AdjustError, adjust},
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use garde::Validate;
use kernel::{
    ErrorCode,
    id::{VariantId, WarehouseId},
};
use pg::DbError;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{StockBalance, known};
use crate::{
    AppState,
    access::{Change, Permit},
    admin::bundles::check_stockable,
    kit::{self, IfMatch, Path, Problem, edit::edit_seen, etag, problem::ProblemBody},
};

/// The largest correction at once: what one movement of goods may be.
const LIMIT: i32 = 1_000_000;

/// A correction of the books.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Adjustment {
    /// Where.
    #[garde(skip)]
    pub warehouse_id: WarehouseId,
    /// How many units more are available than the books say; negative: fewer. Not 0.
    #[garde(range(min = -LIMIT, max = LIMIT), custom(some))]
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    pub by: i32,
    /// Why, for the ledger and the audit log.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "garde hands over references")]
fn some(by: &i32, (): &()) -> garde::Result {
    if *by == 0 { Err(garde::Error::new("must not be 0")) } else { Ok(()) }
}

/// Sets the books right 盤點調整; answers with the balance as it is then. Takes only what is
/// available, never what orders were promised. `If-Match` has to be the `version` of the balance that
/// was looked at, as `"7"`, so that nobody corrects what they have not seen.
#[utoipa::path(
    post, path = "/api/admin/inventory/{variant_id}/adjust", tag = "inventory", operation_id = "adjust_inventory",
    params(
        ("variant_id" = VariantId, Path),
        ("If-Match" = String, Header, description = "The `version` of the balance that was looked at, e.g. `\"7\"`"),
    ),
    request_body = Adjustment,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = StockBalance, headers(("ETag" = String, description = "Its version"))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVENTORY_SHORTAGE`: less is available than is to be taken; `STOCK_FROZEN`: a stocktake holds the stock; `BUNDLE_HAS_NO_STOCK`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Also no `If-Match`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(variant): Path<VariantId>,
    seen: IfMatch,
    kit::Json(form): kit::Json<Adjustment>,
) -> Result<Response, Problem> {
    let work = || perform(&state, &permit, variant, seen, &form);
    let balance = edit_seen(&state.ids, Some(seen), work).await?;
    Ok((etag(balance.version), Json(balance)).into_response())
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    variant: VariantId,
    IfMatch(seen): IfMatch,
    form: &Adjustment,
) -> Result<StockBalance, Problem> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    // A bundle gains nothing; but where one has units, which must not be, they can be taken away.
    if form.by > 0 {
        check_stockable(&mut tx, variant).await?;
    } else {
        known(&mut tx, variant, now).await?;
    }
    let cause =
        Cause { actor: permit.actor(), reference: None, reason: Some(&form.reason), at: now };
    let context = SaveContext { clock: &*state.clock, ids: &state.ids };
    let key = StockKey { variant, warehouse: form.warehouse_id };
    let row = adjust(&mut tx, key, form.by, seen, &cause, &context).await.map_err(problem)?;
    let balance = StockBalance::from(&row);
    let change = Change {
        after: Some(json!({"adjusted": form.by, "balance": balance})),
        reason: Some(&form.reason),
        ..Change::default()
    };
    permit.record(&mut tx, &Resource::one(Kind::Stock, variant), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(balance)
}

fn problem(error: AdjustError) -> Problem {
    match error {
        AdjustError::VersionConflict(version) => {
            Problem::new(ErrorCode::VersionConflict).with("version", version)
        }
        AdjustError::Inventory(InventoryError::Stock(StockError::NoSuchRow)) => {
            Problem::new(ErrorCode::WarehouseNotFound)
                .field("/warehouse_id", "the variant never lay in this warehouse")
        }
        AdjustError::Inventory(InventoryError::Stock(StockError::NotEnough)) => {
            Problem::new(ErrorCode::InventoryShortage)
                .detail("less is available than is to be taken; nothing was changed")
        }
        AdjustError::Inventory(InventoryError::Stock(StockError::Frozen)) => {
            ErrorCode::StockFrozen.into()
        }
        AdjustError::Inventory(InventoryError::Stock(StockError::TooLarge)) => {
            Problem::new(ErrorCode::ValidationFailed).field("/by", "the balance would be too large")
        }
        AdjustError::Inventory(InventoryError::Db(error)) => error.into(),
        AdjustError::Inventory(error) => Problem::internal(&error),
    }
}
