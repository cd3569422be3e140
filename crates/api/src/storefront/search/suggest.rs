//! `GET /api/search/suggest`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use ::search::Suggestion;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{problem, words};
use crate::{
    AppState,
    kit::{Problem, Query, problem::ProblemBody},
};

/// Suggestions at most: as many as a phone shows above its keyboard.
const MOST: usize = 8;

/// What has been typed so far.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SuggestParams {
    /// What has been typed so far; without it, nothing is suggested.
    #[param(max_length = 200, example = "mu")]
    q: Option<String>,
}

/// What may be meant.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchSuggestions {
    /// The likeliest first; at most 8.
    items: Vec<Suggestion>,
}

/// Categories and products that may be meant by what somebody is typing.
#[utoipa::path(
    get, path = "/api/search/suggest", tag = "catalog", operation_id = "suggest",
    params(SuggestParams),
    responses(
        (status = 200, body = SearchSuggestions),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: the index is still being made", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Query(params): Query<SuggestParams>,
) -> Result<Json<SearchSuggestions>, Problem> {
    let (q, now) = (words(params.q)?, state.clock.now());
    let items = state.search.ask(move |index| index.suggest(&q, MOST, now)).await;
    Ok(Json(SearchSuggestions { items: items.map_err(|error| problem(&error))? }))
}
