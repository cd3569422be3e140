//! `GET /api/admin/inventory/{variant_id}/explain`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use ::inventory::{
    StockKey,
    movements::{Explanation, KindSum, MovementFilter, Sums, explain, movements},
};
use axum::{Json, extract::State};
use jiff::{SignedDuration, Timestamp};
use kernel::{
    ErrorCode,
    id::{VariantId, WarehouseId},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{StockBalance, kind::MovementWord, known, movements::MovementView};
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, Query, problem::ProblemBody},
};

/// How many movements are told one by one.
const TOLD: usize = 10;

/// Where and when.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExplainParams {
    /// In this warehouse.
    warehouse_id: WarehouseId,
    /// At this moment; now unless asked.
    at: Option<Timestamp>,
}

/// Units in each bucket.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Units {
    /// Everything there 總庫存.
    pub total: i64,
    /// Free to be promised 可用.
    pub available: i64,
    /// Promised to unpaid orders 預留.
    pub reserved: i64,
    /// Paid for, not shipped yet 已銷售.
    pub sold: i64,
}

impl From<Sums> for Units {
    fn from(sums: Sums) -> Self {
        let Sums { total, available, reserved, sold } = sums;
        Self { total, available, reserved, sold }
    }
}

/// What the movements of one kind came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct MovementSum {
    /// Of this kind.
    pub kind: MovementWord,
    /// How many there were.
    pub movements: i64,
    /// What they added.
    pub units: Units,
}

impl From<KindSum> for MovementSum {
    fn from(sum: KindSum) -> Self {
        let KindSum { kind, movements, sums } = sum;
        Self { kind: kind.into(), movements, units: sums.into() }
    }
}

/// Why a number was what it was.
#[derive(Debug, Serialize, ToSchema)]
pub struct StockExplanation {
    /// The moment.
    pub at: Timestamp,
    /// The balance then: the sum of all movements until then.
    pub balance: Units,
    /// The balance's version then: how many movements there had been.
    pub version: i64,
    /// Whether a stocktake held it then 盤點.
    pub frozen: bool,
    /// What it is the sum of, kind by kind.
    pub kinds: Vec<MovementSum>,
    /// The last movements until then, the newest first.
    pub last_movements: Vec<MovementView>,
    /// The balance as it is now.
    pub now: StockBalance,
    /// The sum of all movements until now.
    pub ledger_now: Units,
    /// Whether the two agree, to the unit.
    pub ledger_agrees: bool,
}

/// Rebuilds the balance of a variant in a warehouse as it was at a moment, from the ledger alone, and
/// compares the ledger with the balance as it is now.
#[utoipa::path(
    get, path = "/api/admin/inventory/{variant_id}/explain", tag = "inventory", operation_id = "explain_inventory",
    params(("variant_id" = VariantId, Path), ExplainParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = StockExplanation),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Also `WAREHOUSE_NOT_FOUND`: the variant never lay in this warehouse", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(variant): Path<VariantId>,
    Query(params): Query<ExplainParams>,
) -> Result<Json<StockExplanation>, Problem> {
    let at = params.at.unwrap_or_else(|| state.clock.now());
    let key = StockKey { variant, warehouse: params.warehouse_id };
    let mut conn = state.db.acquire().await?;
    known(&mut conn, variant, state.clock.now()).await?;
    let Some(told) = explain(&mut conn, key, at).await? else {
        return Err(Problem::new(ErrorCode::WarehouseNotFound)
            .field("#warehouse_id", "the variant never lay in this warehouse"));
    };
    // The database counts microseconds: this is the first moment after the one asked for.
    let until = at.checked_add(SignedDuration::from_micros(1)).unwrap_or(Timestamp::MAX);
    let filter = MovementFilter {
        warehouse: Some(key.warehouse),
        until: Some(until),
        ..MovementFilter::default()
    };
    let (last, _) = movements(&mut conn, variant, &filter, None, TOLD).await?;
    let ledger_agrees = told.agrees();
    let Explanation { balance, version, frozen, kinds, now, ledger_now, .. } = told;
    Ok(Json(StockExplanation {
        at,
        balance: balance.into(),
        version,
        frozen,
        kinds: kinds.into_iter().map(MovementSum::from).collect(),
        last_movements: last.into_iter().map(MovementView::from).collect(),
        now: StockBalance::from(&now),
        ledger_now: ledger_now.into(),
        ledger_agrees,
    }))
}
