//! The API's description, made from the code that answers (OpenAPI 3.1).

mod limited;
mod page;

use axum::{Router, body::Bytes, http::header, routing::get};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::router::OpenApiRouter;

use crate::{AppState, admin, dev, hooks, kit::caller, storefront};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Oxcart",
        description = "A shop that cannot oversell. Errors are RFC 9457 problem details with a \
                       stable `code`; money is whole TWD; times are UTC.",
        license(name = "MIT OR Apache-2.0")
    ),
    components(schemas(crate::kit::problem::ProblemBody, kernel::ErrorCode)),
    modifiers(&Security)
)]
struct Description;

struct Security;

impl Modify for Security {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let components = description.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
        let cookie = ApiKey::Cookie(ApiKeyValue::new(caller::ACCESS_COOKIE));
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
    }
}

/// Every described route. The development routes exist only where the clock can be moved.
pub fn routes(with_dev: bool) -> OpenApiRouter<AppState> {
    let routes = OpenApiRouter::with_openapi(Description::openapi())
        .merge(storefront::routes())
        .merge(hooks::routes())
        .merge(admin::routes());
    let mut routes = if with_dev { routes.merge(dev::routes()) } else { routes };
    limited::describe(routes.get_openapi_mut());
    routes
}

/// The description as it is published.
pub fn description() -> utoipa::openapi::OpenApi {
    routes(false).split_for_parts().1
}

/// `/api/openapi.json`, and pages to read it.
pub fn documents(description: &utoipa::openapi::OpenApi) -> Router<AppState> {
    // Written once: both are large, and anybody may ask for them as often as they like.
    let json = Bytes::from(serde_json::to_vec(description).unwrap_or_default());
    let page = page::Page::of(&serde_json::to_value(description).unwrap_or_default());
    let json_type = [(header::CONTENT_TYPE, "application/json")];
    Router::new()
        .route("/api/openapi.json", get(async move || (json_type, json)))
        .route("/api/docs", get(async move || page.answer()))
}
