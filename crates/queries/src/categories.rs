//! The shelves of the shop: a tree.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{LocalizedText, id::CategoryId};
use pg::{Connection, DbResult};
use serde::Serialize;
use sqlx::query_scalar;
use tracing::instrument;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::products::CategoryRef;

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
    /// The category it lies in; `null`: it is at the top.
    #[schema(required)]
    pub parent_id: Option<CategoryId>,
    /// Published products in it, and in what lies in it.
    pub product_count: i64,
}

/// Every category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CategoryList {
    /// In the order the shop arranged: each before what lies in it.
    pub items: Vec<CategoryView>,
}

/// A category with where it lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CategoryPage {
    /// The category.
    #[serde(flatten)]
    pub category: CategoryView,
    /// From the top of the shop down to the category itself.
    pub path: Vec<CategoryRef>,
}

/// Every category, empty ones included.
pub async fn list(conn: &mut Connection, now: Timestamp) -> DbResult<CategoryList> {
    Ok(CategoryList { items: arranged(rows(conn, now).await?) })
}

/// One category, by its slug.
pub async fn detail(
    conn: &mut Connection,
    slug: &str,
    now: Timestamp,
) -> DbResult<Option<CategoryPage>> {
    let all = list(conn, now).await?.items;
    let Some(category) = all.into_iter().find(|category| category.slug == slug) else {
        return Ok(None);
    };
    let path = path(conn, category.id.as_uuid()).await?;
    Ok(Some(CategoryPage { category, path }))
}

/// The slug of the category that had this one once.
#[instrument(name = "db.queries.category_moved_to", skip_all, err)]
pub async fn moved_to(conn: &mut Connection, slug: &str) -> DbResult<Option<String>> {
    let found = query_scalar!(
        "SELECT c.slug
         FROM catalog.former_category_slugs f
         JOIN catalog.categories c ON c.id = f.category_id
         WHERE f.slug = $1 AND c.slug <> $1",
        slug,
    )
    .fetch_optional(conn)
    .await?;
    Ok(found)
}

/// From the top down to a category.
#[instrument(name = "db.queries.category_path", skip_all, err)]
pub(crate) async fn path(conn: &mut Connection, category: Uuid) -> DbResult<Vec<CategoryRef>> {
    let rows = sqlx::query!(
        r#"WITH RECURSIVE above AS (
             SELECT c.id, c.parent_id, c.slug, c.name_zh, c.name_en, 0 AS height
             FROM catalog.categories c WHERE c.id = $1
             UNION ALL
             SELECT c.id, c.parent_id, c.slug, c.name_zh, c.name_en, a.height + 1
             FROM catalog.categories c JOIN above a ON c.id = a.parent_id
             -- there are no circles, and a page would not wait for one
             WHERE a.height < 20
         )
         SELECT slug AS "slug!", name_zh AS "name_zh!", name_en AS "name_en!"
         FROM above ORDER BY height DESC"#,
        category,
    )
    .fetch_all(conn)
    .await?;
    let place =
        |slug, zh: String, en: String| CategoryRef { slug, name: LocalizedText::new(zh, en) };
    Ok(rows.into_iter().map(|row| place(row.slug, row.name_zh, row.name_en)).collect())
}

/// In the order of their positions, with the products that lie in each itself.
#[instrument(name = "db.queries.categories", skip_all, err)]
async fn rows(conn: &mut Connection, now: Timestamp) -> DbResult<Vec<CategoryView>> {
    let rows = sqlx::query!(
        r#"SELECT c.id, c.slug, c.name_zh, c.name_en, c.parent_id, count(p.id) AS "product_count!"
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
    let view = |row: (Uuid, String, LocalizedText, Option<Uuid>, i64)| CategoryView {
        id: row.0.into(),
        slug: row.1,
        name: row.2,
        parent_id: row.3.map(CategoryId::from),
        product_count: row.4,
    };
    let rows = rows.into_iter();
    Ok(rows
        .map(|row| {
            let name = LocalizedText::new(row.name_zh, row.name_en);
            view((row.id, row.slug, name, row.parent_id, row.product_count))
        })
        .collect())
}

/// Puts each before what lies in it, and counts that in.
fn arranged(rows: Vec<CategoryView>) -> Vec<CategoryView> {
    let mut within: HashMap<Option<CategoryId>, Vec<CategoryView>> = HashMap::new();
    for row in rows {
        within.entry(row.parent_id).or_default().push(row);
    }
    let mut items = Vec::new();
    arrange(None, &mut within, &mut items);
    items
}

/// Appends what lies in `parent`; answers with how many products that are. Each is taken out of
/// `within` once, so this ends whatever it holds.
fn arrange(
    parent: Option<CategoryId>,
    within: &mut HashMap<Option<CategoryId>, Vec<CategoryView>>,
    items: &mut Vec<CategoryView>,
) -> i64 {
    let mut sum = 0;
    for category in within.remove(&parent).unwrap_or_default() {
        let (place, id) = (items.len(), category.id);
        items.push(category);
        let below = arrange(Some(id), within, items);
        items[place].product_count += below;
        sum += items[place].product_count;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u128, parent: Option<u128>, product_count: i64) -> CategoryView {
        CategoryView {
            id: Uuid::from_u128(number).into(),
            slug: format!("c{number}"),
            name: LocalizedText::default(),
            parent_id: parent.map(|number| Uuid::from_u128(number).into()),
            product_count,
        }
    }

    #[test]
    fn each_comes_before_what_lies_in_it_and_counts_it() {
        let rows = vec![row(3, Some(1), 5), row(1, None, 1), row(4, Some(3), 7), row(2, None, 2)];
        let items: Vec<_> =
            arranged(rows).into_iter().map(|it| (it.slug, it.product_count)).collect();
        let expected = [("c1", 13), ("c3", 12), ("c4", 7), ("c2", 2)];
        assert_eq!(items, expected.map(|(slug, count)| (slug.to_owned(), count)));
    }
}
