//! The categories that files name.

use catalog::{CatalogError, Category, EditContext, Slug, StoredCategory};
use kernel::{LocalizedText, id::CategoryId};
use pg::{Connection, DbResult};

use crate::{cells, merged::both};

/// The categories of the shop, while nobody changes them.
#[derive(Clone, Debug)]
pub struct Shelves(Vec<Category>);

impl Shelves {
    /// As they are.
    pub async fn read(conn: &mut Connection) -> DbResult<Self> {
        let all = catalog::categories(conn).await?;
        Ok(Self(all.into_iter().map(|StoredCategory { category, .. }| category).collect()))
    }

    /// By its slug, else its name in either language, else the slug that is made of the name.
    pub fn find(&self, called: &str) -> Option<CategoryId> {
        let named = |name: &LocalizedText| &*name.zh_tw == called || &*name.en == called;
        let by_slug = |slug: &str| self.0.iter().find(|it| it.slug.as_str() == slug);
        by_slug(called)
            .or_else(|| self.0.iter().find(|it| named(&it.name)))
            .or_else(|| by_slug(&cells::slug(called)))
            .map(|it| it.id)
    }

    /// Whether it is there.
    pub fn has(&self, id: CategoryId) -> bool {
        self.0.iter().any(|it| it.id == id)
    }

    /// Adds one at the top, behind the others, if it can be called that.
    pub async fn add(
        &mut self,
        conn: &mut Connection,
        called: &str,
        context: &EditContext<'_>,
    ) -> Result<bool, CatalogError> {
        let Ok(slug) = Slug::new(cells::slug(called)) else { return Ok(false) };
        let position = self.0.iter().map(|it| it.position).max().unwrap_or(0).saturating_add(1);
        let id = context.ids.next(context.clock);
        let category = Category { id, slug, name: both(called), parent: None, position };
        if category.validate().is_err() {
            return Ok(false);
        }
        catalog::add_category(conn, &category, context).await?;
        self.0.push(category);
        Ok(true)
    }
}
