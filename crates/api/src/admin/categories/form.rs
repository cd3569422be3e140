//! A category as it is sent.

use catalog::{Category, Slug};
use garde::Validate;
use kernel::{ErrorCode, id::CategoryId};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{admin::products::parts::LineForm, kit::Problem};

/// What a category is from now on.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryForm {
    /// Its place in addresses: lower-case letters, digits and single hyphens. When it changes, the one
    /// it had leads here.
    #[garde(length(min = 1, max = 100))]
    #[schema(example = "kitchen", min_length = 1, max_length = 100)]
    pub slug: String,
    /// Its name.
    #[garde(dive)]
    pub name: LineForm,
    /// The category it lies in; without it, it is at the top. Categories lie at most four deep.
    #[serde(default)]
    #[garde(skip)]
    pub parent_id: Option<CategoryId>,
    /// Lower comes first, among those that lie in the same one.
    #[garde(range(min = 0, max = 9_999))]
    #[schema(example = 1, minimum = 0, maximum = 9999)]
    pub position: i32,
    /// Why, for the audit log.
    #[serde(default)]
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

impl CategoryForm {
    /// The category that is meant, and why.
    pub(super) fn into_category(
        self,
        id: CategoryId,
    ) -> Result<(Category, Option<String>), Problem> {
        let slug = Slug::new(self.slug).map_err(|_| {
            Problem::new(ErrorCode::ValidationFailed)
                .field("/slug", "must be lower-case letters, digits and hyphens")
        })?;
        let (parent, position) = (self.parent_id, self.position);
        Ok((Category { id, slug, name: self.name.into(), parent, position }, self.reason))
    }
}
