//! Products that somebody keeps a list of: found by what their browser calls them, and left out when
//! they are no longer on show.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::ProductId;
use pg::{Connection, DbResult};
use serde::Serialize;
use sqlx::{query, query_scalar};
use tracing::instrument;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ProductSummary, summaries};

/// A product that shoppers may see, by its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OnShow {
    /// Its id.
    pub product_id: ProductId,
    /// Its slug.
    #[schema(example = "mug")]
    pub slug: String,
}

/// The products that shoppers may see at `now` with these slugs, which they have or had, in this
/// order.
#[instrument(name = "db.queries.products_by_slug", skip_all, err)]
pub async fn find(
    conn: &mut Connection,
    slugs: &[String],
    now: Timestamp,
) -> DbResult<Vec<ProductId>> {
    let found = query_scalar!(
        r#"SELECT p.id AS "id!"
         FROM unnest($1::text[]) WITH ORDINALITY AS t (slug, number)
         LEFT JOIN catalog.products own ON own.slug = t.slug
         LEFT JOIN catalog.former_product_slugs former ON former.slug = t.slug
         JOIN catalog.products p ON p.id = coalesce(own.id, former.product_id)
         WHERE p.status = 'published' AND p.published_at <= $2
         ORDER BY t.number"#,
        slugs,
        now.to_sqlx() as _,
    )
    .fetch_all(conn)
    .await?;
    Ok(found.into_iter().map(ProductId::from).collect())
}

/// The product with this slug, which it has or had, whether or not it is on show.
#[instrument(name = "db.queries.any_product_by_slug", skip_all, err)]
pub async fn any_by_slug(conn: &mut Connection, slug: &str) -> DbResult<Option<ProductId>> {
    let found = query_scalar!(
        r#"SELECT coalesce(
             (SELECT id FROM catalog.products WHERE slug = $1),
             (SELECT product_id FROM catalog.former_product_slugs WHERE slug = $1)) AS id"#,
        slug,
    )
    .fetch_one(conn)
    .await?;
    Ok(found.map(ProductId::from))
}

/// Those of these products that shoppers may see at `now`, in this order.
#[instrument(name = "db.queries.products_on_show", skip_all, err)]
pub async fn on_show(
    conn: &mut Connection,
    products: &[ProductId],
    now: Timestamp,
) -> DbResult<Vec<OnShow>> {
    let ids: Vec<Uuid> = products.iter().map(|product| product.as_uuid()).collect();
    let rows = query!(
        "SELECT p.id, p.slug
         FROM unnest($1::uuid[]) WITH ORDINALITY AS t (id, number)
         JOIN catalog.products p ON p.id = t.id
         WHERE p.status = 'published' AND p.published_at <= $2
             AND EXISTS (SELECT FROM catalog.variants v WHERE v.product_id = p.id AND v.active)
         ORDER BY t.number",
        &ids,
        now.to_sqlx() as _,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| OnShow { product_id: row.id.into(), slug: row.slug }).collect())
}

/// The tiles of those of these products that shoppers may see at `now`, in this order.
pub async fn tiles(
    conn: &mut Connection,
    products: &[ProductId],
    now: Timestamp,
) -> DbResult<Vec<ProductSummary>> {
    let seen = on_show(conn, products, now).await?;
    let ids: Vec<Uuid> = seen.iter().map(|product| product.product_id.as_uuid()).collect();
    summaries(conn, &ids, now).await
}
