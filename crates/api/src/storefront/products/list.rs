//! `GET /api/products`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{Json, extract::State};
use kernel::{ErrorCode, Money, Page, PageLimit};
use queries::{
    ListError,
    products::{self, ProductQuery, ProductSort, ProductSummary},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    AppState,
    kit::{Problem, Query, locale, problem::ProblemBody},
};

/// Filters, order and page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProductParams {
    /// Only this category and what lies in it, by a slug it has or had.
    #[param(example = "kitchen")]
    category: Option<String>,
    /// Only with a variant at this price or more, in whole TWD.
    #[param(minimum = 0)]
    min_price: Option<i64>,
    /// Only with a variant at this price or less, in whole TWD.
    #[param(minimum = 0)]
    max_price: Option<i64>,
    /// Only with something left to buy.
    in_stock: Option<bool>,
    /// In which order; `relevance` unless asked.
    #[param(inline)]
    sort: Option<ProductSort>,
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of products.
#[derive(ToSchema)]
#[schema(as = ProductPage)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct ProductPage {
    /// The products, in the order asked for.
    items: Vec<ProductSummary>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The products on sale. Words are looked for by `GET /api/search`.
#[utoipa::path(
    get, path = "/api/products", tag = "catalog", operation_id = "list_products",
    params(ProductParams),
    responses(
        (status = 200, body = ProductPage),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Query(params): Query<ProductParams>,
) -> Result<Json<Page<ProductSummary>>, Problem> {
    let query = params.checked()?;
    let mut conn = state.db.acquire().await?;
    let page = products::list(&mut conn, &query, state.clock.now()).await.map_err(problem)?;
    Ok(Json(page))
}

/// Why there is no list, for the client.
pub(crate) fn problem(error: ListError) -> Problem {
    match error {
        ListError::Cursor(error) => {
            Problem::new(ErrorCode::ValidationFailed).field("#cursor", error.to_string())
        }
        ListError::Db(error) => error.into(),
    }
}

impl ProductParams {
    /// What is asked for, checked.
    pub fn checked(self) -> Result<ProductQuery, Problem> {
        let wrong = |name: &str, detail: &str| {
            Problem::new(ErrorCode::ValidationFailed).field(name, detail)
        };
        if self.category.as_ref().is_some_and(|slug| slug.len() > 200 || slug.contains('\0')) {
            return Err(wrong("#category", "is not a slug"));
        }
        let price = |name: &str, amount: Option<i64>| {
            amount.map(Money::twd).transpose().map_err(|error| wrong(name, &error.to_string()))
        };
        Ok(ProductQuery {
            min_price: price("#min_price", self.min_price)?,
            max_price: price("#max_price", self.max_price)?,
            category: self.category,
            in_stock: self.in_stock.unwrap_or(false),
            sort: self.sort.unwrap_or_default(),
            locale: locale(),
            cursor: self.cursor,
            limit: PageLimit::clamped(self.limit),
        })
    }
}
