//! The API's description, made from the code that answers (OpenAPI 3.1).

mod limited;
mod page;

use axum::{Router, body::Bytes, extract::State, http::header, routing::get};
use kernel::ErrorCode;
use tokio::sync::OnceCell;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    AppState, admin, dev, hooks,
    kit::{Problem, caller},
    storefront,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Oxcart",
        description = "A shop that cannot oversell. Errors are RFC 9457 problem details with a \
                       stable `code`; money is whole TWD; times are UTC.",
        license(name = "MIT OR Apache-2.0")
    ),
    components(schemas(crate::kit::problem::ProblemBody, ErrorCode)),
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
pub fn documents() -> Router<AppState> {
    // Written once, for both are large, and anybody may ask for them as often as they like; and not
    // before somebody asks: most shops are never asked, and need the memory for their customers.
    static WRITTEN: [OnceCell<Documents>; 2] = [OnceCell::const_new(), OnceCell::const_new()];
    async fn written(state: &AppState) -> Result<&'static Documents, Problem> {
        let with_dev = state.dev_clock.is_some();
        let write = async || {
            tokio::task::spawn_blocking(move || Documents::of(with_dev)).await.map_err(|error| {
                tracing::error!(%error, "the API's description could not be written");
                Problem::new(ErrorCode::Internal)
            })
        };
        WRITTEN[usize::from(with_dev)].get_or_try_init(write).await
    }
    let json = async |State(state): State<AppState>| -> Result<_, Problem> {
        let json_type = [(header::CONTENT_TYPE, "application/json")];
        Ok((json_type, written(&state).await?.json.clone()))
    };
    let page = async |State(state): State<AppState>| -> Result<_, Problem> {
        Ok(written(&state).await?.page.answer())
    };
    Router::new().route("/api/openapi.json", get(json)).route("/api/docs", get(page))
}

#[derive(Debug)]
struct Documents {
    json: Bytes,
    page: page::Page,
}

impl Documents {
    fn of(with_dev: bool) -> Self {
        let description = routes(with_dev).split_for_parts().1;
        let json = serde_json::to_vec(&description).unwrap_or_default();
        let page = page::Page::of(&serde_json::to_value(&description).unwrap_or_default());
        Self { json: json.into(), page }
    }
}
