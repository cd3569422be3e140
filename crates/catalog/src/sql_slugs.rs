//! The statements about slugs that were given up. A slug that is in use is none of them: taken again,
//! by whomever, it leads to its new owner.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::{CategoryId, ProductId};
use pg::{Connection, DbResult};
use sqlx::query;
use tracing::instrument;

use crate::model::Slug;

/// Before a product is written with `slug`: keeps the one it has, if that is another.
#[instrument(name = "db.slug.keep_product", skip_all, err)]
pub async fn keep_product(
    conn: &mut Connection,
    id: ProductId,
    slug: &Slug,
    now: Timestamp,
) -> DbResult<()> {
    query!("DELETE FROM catalog.former_product_slugs WHERE slug = $1", slug.as_str())
        .execute(&mut *conn)
        .await?;
    query!(
        "INSERT INTO catalog.former_product_slugs (slug, product_id, replaced_at)
         SELECT slug, id, $3 FROM catalog.products WHERE id = $1 AND slug <> $2",
        id.as_uuid(),
        slug.as_str(),
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The same for a category.
#[instrument(name = "db.slug.keep_category", skip_all, err)]
pub async fn keep_category(
    conn: &mut Connection,
    id: CategoryId,
    slug: &Slug,
    now: Timestamp,
) -> DbResult<()> {
    query!("DELETE FROM catalog.former_category_slugs WHERE slug = $1", slug.as_str())
        .execute(&mut *conn)
        .await?;
    query!(
        "INSERT INTO catalog.former_category_slugs (slug, category_id, replaced_at)
         SELECT slug, id, $3 FROM catalog.categories WHERE id = $1 AND slug <> $2",
        id.as_uuid(),
        slug.as_str(),
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}
