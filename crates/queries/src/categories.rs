//! The shelves of the shop.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{LocalizedText, id::CategoryId};
use pg::{Connection, DbResult};
use serde::Serialize;
use tracing::instrument;
use utoipa::ToSchema;

/// A category with what can be browsed in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Category)]
pub struct CategoryView {
    /// Its id.
    pub id: CategoryId,
    /// Its place in addresses, and the `category` filter of the product list.
    #[schema(example = "kitchen")]
    pub slug: String,
    /// Its name.
    pub name: LocalizedText,
    /// Published products in it.
    pub product_count: i64,
}

/// Every category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CategoryList {
    /// In the order the shop arranged.
    pub items: Vec<CategoryView>,
}

/// Every category, empty ones included.
#[instrument(name = "db.queries.categories", skip_all, err)]
pub async fn list(conn: &mut Connection, now: Timestamp) -> DbResult<CategoryList> {
    let rows = sqlx::query!(
        r#"SELECT c.id, c.slug, c.name_zh, c.name_en, count(p.id) AS "product_count!"
         FROM catalog.categories c
         LEFT JOIN catalog.products p
             ON p.category_id = c.id AND p.status = 'published' AND p.published_at <= $1
             AND EXISTS (SELECT FROM catalog.variants v WHERE v.product_id = p.id AND v.active)
         GROUP BY c.id
         ORDER BY c.position, c.slug"#,
        now.to_sqlx() as _,
    )
    .fetch_all(conn)
    .await?;
    let items = rows
        .into_iter()
        .map(|row| CategoryView {
            id: row.id.into(),
            slug: row.slug,
            name: LocalizedText::new(row.name_zh, row.name_en),
            product_count: row.product_count,
        })
        .collect();
    Ok(CategoryList { items })
}
