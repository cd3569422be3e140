//! `POST /api/admin/stocktakes`

use std::collections::BTreeSet;

use ::inventory::{
    Cause, SaveContext,
    stocktakes::{self, MAX_MINUTES, Opening},
};
use axum::{extract::State, http::StatusCode};
use garde::Validate;
use jiff::{SignedDuration, Timestamp};
use kernel::{
    ErrorCode,
    id::{StocktakeId, VariantId, WarehouseId},
};
use pg::{Connection, DbError};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    on_record,
    problem::problem,
    resource,
    view::{StocktakeView, Tagged, tagged},
};
use crate::{
    AppState,
    access::{Change, Permit},
    admin::bundles::check_stockable,
    kit::{self, Problem, edit::edit, problem::ProblemBody},
};

/// What is to be counted.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StocktakeForm {
    /// Where; also a warehouse that is closed.
    #[garde(skip)]
    pub warehouse_id: WarehouseId,
    /// What, each variant once, also what the books do not know of there; without it, whatever the
    /// warehouse ever had, up to 10,000 variants.
    #[serde(default)]
    #[garde(inner(length(min = 1, max = 1000)))]
    #[schema(min_items = 1, max_items = 1000)]
    pub variant_ids: Option<Vec<VariantId>>,
    /// How many people count each line: 1, or 2 who do not know of one another's counts.
    #[serde(default = "one")]
    #[garde(range(min = 1, max = 2))]
    #[schema(minimum = 1, maximum = 2, default = 1)]
    pub counts_required: i16,
    /// When it ends by itself, in minutes; at most three days.
    #[serde(default = "four_hours")]
    #[garde(range(min = 1, max = MAX_MINUTES))]
    #[schema(minimum = 1, maximum = 4320, default = 240)]
    pub expires_in_minutes: u32,
    /// Words for the people who count.
    #[serde(default)]
    #[garde(length(chars, max = 500))]
    #[schema(max_length = 500)]
    pub note: String,
}

const fn one() -> i16 {
    1
}

const fn four_hours() -> u32 {
    4 * 60
}

impl StocktakeForm {
    /// What is to be opened, if the variants are known, have stock of their own, and come once.
    async fn opening(&self, conn: &mut Connection, now: Timestamp) -> Result<Opening, Problem> {
        let named = self.variant_ids.iter().flatten().copied().enumerate();
        let mut seen = BTreeSet::new();
        for (index, variant) in named.clone() {
            if !seen.insert(variant) {
                return Err(Problem::new(ErrorCode::ValidationFailed)
                    .field(format!("/variant_ids/{index}"), "appears twice"));
            }
        }
        for variant in seen {
            check_stockable(conn, variant).await.map_err(|problem| {
                let index = named.clone().find(|(_, it)| *it == variant).map_or(0, |(at, _)| at);
                problem.field(format!("/variant_ids/{index}"), "has no stock of its own")
            })?;
        }
        let minutes = i64::from(self.expires_in_minutes);
        Ok(Opening {
            warehouse: self.warehouse_id,
            variants: self.variant_ids.clone(),
            counts_required: self.counts_required,
            expires_at: now + SignedDuration::from_mins(minutes),
            note: self.note.clone(),
        })
    }
}

/// Opens a stocktake: its rows are frozen until it ends. Meanwhile nothing is taken from them and
/// nothing comes in; orders that need them are answered with `STOCK_FROZEN`. What the warehouse has
/// for the first time after the opening is not frozen, not counted, and may be sold.
#[utoipa::path(
    post, path = "/api/admin/stocktakes", tag = "inventory", operation_id = "open_stocktake",
    request_body = StocktakeForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = StocktakeView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_NOT_FOUND`, `WAREHOUSE_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`STOCK_FROZEN`: another stocktake holds some of it; `BUNDLE_HAS_NO_STOCK`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    kit::Json(form): kit::Json<StocktakeForm>,
) -> Result<(StatusCode, Tagged), Problem> {
    edit(&state.ids, || perform(&state, &permit, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    form: &StocktakeForm,
) -> Result<(StatusCode, Tagged), Problem> {
    let (now, by) = (state.clock.now(), permit.claims().user_id);
    let cause = Cause { actor: permit.actor(), reference: None, reason: None, at: now };
    let context = SaveContext { clock: &*state.clock, ids: &state.ids };
    let mut tx = state.db.begin().await?;
    let opening = form.opening(&mut tx, now).await?;
    let id = state.ids.next::<StocktakeId>(&*state.clock);
    let stocktake = match stocktakes::open(&mut tx, id, &opening, by, &cause, &context).await {
        Ok(stocktake) => stocktake,
        Err(error) => return Err(problem(&mut tx, error, ("", &[]), now).await),
    };
    let change = Change { after: Some(on_record(&stocktake)), ..Change::default() };
    permit.record(&mut tx, &resource(&stocktake), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok((StatusCode::CREATED, tagged(&stocktake)))
}
