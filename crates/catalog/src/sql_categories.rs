//! The statements about categories and their tree.

use kernel::{LocalizedText, id::CategoryId};
use pg::{Affected as _, Connection, DbResult};
use sqlx::{query, query_as, query_scalar};
use tracing::instrument;
use uuid::Uuid;

use crate::{
    categories::StoredCategory,
    model::{Category, Slug},
    tree::Tree,
};

/// Where each category lies.
#[instrument(name = "db.category.tree", skip_all, err)]
pub async fn tree(conn: &mut Connection) -> DbResult<Tree> {
    let rows = query!("SELECT id, parent_id FROM catalog.categories").fetch_all(conn).await?;
    Ok(Tree::new(rows.into_iter().map(|row| (row.id.into(), row.parent_id.map(Into::into)))))
}

struct CategoryRow {
    id: Uuid,
    slug: String,
    name_zh: String,
    name_en: String,
    parent_id: Option<Uuid>,
    position: i32,
    version: i64,
}

impl From<CategoryRow> for StoredCategory {
    fn from(row: CategoryRow) -> Self {
        Self {
            category: Category {
                id: row.id.into(),
                slug: Slug::kept(row.slug),
                name: LocalizedText::new(row.name_zh, row.name_en),
                parent: row.parent_id.map(Into::into),
                position: row.position,
            },
            version: row.version,
        }
    }
}

#[instrument(name = "db.category.get", skip_all, err)]
pub async fn get(conn: &mut Connection, id: CategoryId) -> DbResult<Option<StoredCategory>> {
    let row = query_as!(
        CategoryRow,
        "SELECT id, slug, name_zh, name_en, parent_id, position, version
         FROM catalog.categories WHERE id = $1",
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(StoredCategory::from))
}

#[instrument(name = "db.category.all", skip_all, err)]
pub async fn all(conn: &mut Connection) -> DbResult<Vec<StoredCategory>> {
    let rows = query_as!(
        CategoryRow,
        "SELECT id, slug, name_zh, name_en, parent_id, position, version
         FROM catalog.categories ORDER BY position, slug",
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(StoredCategory::from).collect())
}

/// Counts a change.
#[instrument(name = "db.category.count", skip_all, err)]
pub async fn count_change(conn: &mut Connection, id: CategoryId, seen: i64) -> DbResult<()> {
    query!(
        "UPDATE catalog.categories SET version = version + 1 WHERE id = $1 AND version = $2",
        id.as_uuid(),
        seen,
    )
    .execute(conn)
    .await?
    .one_row("count a category's change")
}

/// Whether products of any state, or other categories, lie in it.
#[instrument(name = "db.category.is_used", skip_all, err)]
pub async fn is_used(conn: &mut Connection, id: CategoryId) -> DbResult<bool> {
    let used = query_scalar!(
        r#"SELECT EXISTS (SELECT FROM catalog.products WHERE category_id = $1)
             OR EXISTS (SELECT FROM catalog.categories WHERE parent_id = $1) AS "used!""#,
        id.as_uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(used)
}

#[instrument(name = "db.category.delete", skip_all, err)]
pub async fn delete(conn: &mut Connection, id: CategoryId) -> DbResult<()> {
    query!("DELETE FROM catalog.categories WHERE id = $1", id.as_uuid())
        .execute(conn)
        .await?
        .one_row("delete a category")
}
