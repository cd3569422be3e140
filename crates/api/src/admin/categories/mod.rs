//! Categories as people arrange them: a tree.

pub mod change;
pub mod create;
pub mod detail;
pub mod form;
pub mod list;
pub mod remove;

use catalog::{CatalogError, StoredCategory};
use kernel::{ErrorCode, LocalizedText, id::CategoryId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, kit::Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::handler, create::handler)).routes(routes!(
        detail::handler,
        change::handler,
        remove::handler
    ))
}

/// A category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AdminCategory)]
pub struct CategoryView {
    /// Its id.
    pub id: CategoryId,
    /// Its place in addresses.
    pub slug: String,
    /// Its name.
    pub name: LocalizedText,
    /// The category it lies in; `null`: it is at the top.
    #[schema(required)]
    pub parent_id: Option<CategoryId>,
    /// Lower comes first, among those that lie in the same one.
    pub position: i32,
    /// Counts its changes; also its `ETag`.
    pub version: i64,
}

impl From<StoredCategory> for CategoryView {
    fn from(it: StoredCategory) -> Self {
        let category = it.category;
        Self {
            id: category.id,
            slug: category.slug.as_str().to_owned(),
            name: category.name,
            parent_id: category.parent,
            position: category.position,
            version: it.version,
        }
    }
}

fn problem(error: CatalogError) -> Problem {
    super::products::problem::problem(error, ErrorCode::CategoryNotFound)
}
