//! The statements about slugs that were given up. A slug that is in use is none of them: taken again,
//! by whomever, it leads to its new owner.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::CategoryId;
use pg::{Connection, DbResult};
use sqlx::query;
use tracing::instrument;
use uuid::Uuid;

use crate::model::{Product, Slug};

/// Before products are written with other slugs: keeps those they have.
#[instrument(name = "db.slug.keep_products", skip_all, err)]
pub async fn keep_products(
    conn: &mut Connection,
    products: &[&Product],
    now: Timestamp,
) -> DbResult<()> {
    let ids: Vec<Uuid> = products.iter().map(|it| it.id.as_uuid()).collect();
    let slugs: Vec<String> = products.iter().map(|it| it.slug.as_str().to_owned()).collect();
    query!("DELETE FROM catalog.former_product_slugs WHERE slug = ANY ($1)", &slugs)
        .execute(&mut *conn)
        .await?;
    query!(
        "INSERT INTO catalog.former_product_slugs (slug, product_id, replaced_at)
         SELECT p.slug, p.id, $3
         FROM unnest($1::uuid[], $2::text[]) AS t (id, slug)
         JOIN catalog.products AS p ON p.id = t.id AND p.slug <> t.slug",
        &ids,
        &slugs,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Before a category is written with `slug`: keeps the one it has, if that is another.
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
