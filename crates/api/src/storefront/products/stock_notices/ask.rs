//! `POST /api/products/{id}/stock-notices`

use axum::{Json, extract::State, http::StatusCode};
use garde::Validate;
use identity::Email;
use kernel::{ErrorCode, id::VariantId};
use notifications::notices::{self, NOTICES_MAX, Wanted};
use pg::DbError;
use queries::{
    Availability,
    products::{self, Offered, ProductKey},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    AppState,
    kit::{self, Path, Problem, locale, problem::ProblemBody},
};

/// Who wants to be told, and of what.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockNoticeForm {
    /// A variant of the product that is sold out.
    #[garde(skip)]
    pub variant_id: VariantId,
    /// Where the mail goes, in the language of this request.
    #[garde(skip)]
    #[schema(example = "a@example.com", max_length = 254)]
    pub email: String,
}

/// It is noted.
#[derive(Debug, Serialize, ToSchema)]
pub struct StockNoticeNoted {
    /// `noted`, also for what was noted before.
    #[schema(example = "noted")]
    pub status: &'static str,
}

/// Notes that somebody wants one mail when a sold out variant is back. The answer is the same whether
/// or not the address was noted before. An address waits for 20 variants at most; after 180 days it
/// is forgotten.
#[utoipa::path(
    post, path = "/api/products/{id}/stock-notices", tag = "catalog", operation_id = "ask_stock_notice",
    params(("id" = String, Path, description = "The product's id or its slug")),
    request_body = StockNoticeForm,
    responses(
        (status = 202, body = StockNoticeNoted),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_NOT_FOUND`: there is no such product, or it has no such variant", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`VALIDATION_FAILED`: not an address, one that waits for too much already, or a variant that can be bought now", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Path(id): Path<String>,
    kit::Json(body): kit::Json<StockNoticeForm>,
) -> Result<(StatusCode, Json<StockNoticeNoted>), Problem> {
    let wrong = |pointer: &str, detail: &str| {
        Problem::new(ErrorCode::ValidationFailed).field(pointer, detail)
    };
    let email = Email::new(&body.email).map_err(|error| wrong("/email", &error.to_string()))?;
    let mut tx = state.db.begin().await?;
    let now = state.clock.now();
    let offered = products::offered(&mut tx, &[body.variant_id], now).await?.pop();
    let offered = offered.filter(|it| is_of(it, &id)).ok_or(ErrorCode::ProductNotFound)?;
    if offered.availability != Availability::SoldOut {
        return Err(wrong("/variant_id", "can be bought now"));
    }
    let wanted = Wanted { email: email.as_str(), variant: body.variant_id, locale: locale() };
    if !notices::ask(&mut tx, &wanted, &state.ids, now).await? {
        let detail = format!("waits for {NOTICES_MAX} things already");
        return Err(wrong("/email", &detail));
    }
    tx.commit().await.map_err(DbError::from)?;
    Ok((StatusCode::ACCEPTED, Json(StockNoticeNoted { status: "noted" })))
}

/// Whether the variant is one of the product with this id or slug.
fn is_of(offered: &Offered, id: &str) -> bool {
    match ProductKey::from(id) {
        ProductKey::Id(id) => id == offered.product_id,
        ProductKey::Slug(slug) => slug == offered.slug,
    }
}
