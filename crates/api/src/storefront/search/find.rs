//! `GET /api/search`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use ::search::{Facets, OptionFilter, SearchQuery, SearchSort};
use axum::{
    Json,
    extract::{RawQuery, State},
};
use kernel::{ErrorCode, Money, PageLimit};
use queries::products::ProductSummary;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{problem, words};
use crate::{
    AppState,
    kit::{Problem, Query, problem::ProblemBody},
};

/// Words, filters, order and page. The filters by option, which may come several times, are beside
/// it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchParams {
    /// Words, each of which has to fit: in a name, a SKU, a subtitle, a category, an option or a
    /// description; as a whole, as a beginning, as a part of a word, or with a slip of the finger.
    #[param(max_length = 200, example = "mug")]
    q: Option<String>,
    /// Only this category, by slug.
    category: Option<String>,
    /// Only with a variant at this price or more, in whole TWD.
    #[param(minimum = 0)]
    min_price: Option<i64>,
    /// Only with a variant at this price or less, in whole TWD.
    #[param(minimum = 0)]
    max_price: Option<i64>,
    /// Only with something left to buy, as of some seconds ago.
    in_stock: Option<bool>,
    /// In which order; `relevance` unless asked.
    #[param(inline)]
    sort: Option<SearchSort>,
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before, of the same search.
    cursor: Option<String>,
}

/// A page of what was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchPage {
    /// The products, in the order asked for. One that was withdrawn a moment ago is missing.
    items: Vec<ProductSummary>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
    /// How many products there are on all pages.
    total: usize,
    /// What could be chosen further, and how many products that would leave.
    facets: Facets,
}

/// Finds products. Filters are fitted by one variant together: "red, under 500, in stock" is a
/// variant that is all three. A facet's count is of what would be found if that were chosen instead
/// of what is chosen of its kind.
#[utoipa::path(
    get, path = "/api/search", tag = "catalog", operation_id = "search",
    params(
        SearchParams,
        ("option" = Option<Vec<String>>, Query,
            description = "Only with a variant of this value: an option's key, a colon, a value's \
                           key, as the facets tell them (`colour:red`). Values of the same option \
                           are alternatives. At most 20."),
    ),
    responses(
        (status = 200, body = SearchPage),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: the index is still being made", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Query(params): Query<SearchParams>,
    RawQuery(raw): RawQuery,
) -> Result<Json<SearchPage>, Problem> {
    let query = params.checked(raw.as_deref().unwrap_or_default())?;
    let now = state.clock.now();
    let found = state.search.ask(move |index| index.search(&query, now)).await;
    let found = found.map_err(|error| problem(&error))?;
    let items = match found.page.items.as_slice() {
        [] => Vec::new(),
        // Prices and availability as they are now, not as the index knew them.
        ids => {
            let mut conn = state.db.acquire().await?;
            queries::search::tiles(&mut conn, ids, now).await?
        }
    };
    let next_cursor = found.page.next_cursor;
    Ok(Json(SearchPage { items, next_cursor, total: found.total, facets: found.facets }))
}

impl SearchParams {
    /// What is asked for, checked; `raw` is the query string, for what may come several times.
    pub fn checked(self, raw: &str) -> Result<SearchQuery, Problem> {
        let wrong = |name: &str, detail: &str| {
            Problem::new(ErrorCode::ValidationFailed).field(name, detail)
        };
        if self.category.as_ref().is_some_and(|slug| slug.len() > 200 || slug.contains('\0')) {
            return Err(wrong("#category", "is not a slug"));
        }
        let price = |name: &str, amount: Option<i64>| {
            let money = amount.map(Money::twd).transpose();
            let money = money.map_err(|error| wrong(name, &error.to_string()))?;
            Ok::<_, Problem>(money.map(|money| money.amount()))
        };
        let options = form_urlencoded::parse(raw.as_bytes()).filter(|(name, _)| name == "option");
        let options = options
            .map(|(_, text)| text.parse::<OptionFilter>())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| wrong("#option", &error.to_string()))?;
        if options.len() > SearchQuery::OPTIONS_MAX {
            return Err(wrong("#option", "at most 20"));
        }
        Ok(SearchQuery {
            min_price: price("#min_price", self.min_price)?,
            max_price: price("#max_price", self.max_price)?,
            q: words(self.q)?,
            category: self.category,
            options,
            in_stock: self.in_stock.unwrap_or(false),
            sort: self.sort.unwrap_or_default(),
            cursor: self.cursor,
            limit: PageLimit::clamped(self.limit),
        })
    }
}
