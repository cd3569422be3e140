//! Products as the back office lists them: in every state.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{Cursor, LocalizedText, Page, PageLimit, id::ProductId};
use pg::{Connection, DbResult};
use serde::{Deserialize, Serialize};
use tracing::instrument;
use utoipa::ToSchema;
use uuid::Uuid;

use super::CategoryRef;
use crate::ListError;

/// What a product is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ProductState)]
pub enum StateView {
    /// Nobody sees it yet.
    Draft,
    /// It appears by itself at `publish_at`.
    Scheduled,
    /// Everybody sees it.
    Published,
    /// Nobody sees it any more.
    Archived,
}

impl StateView {
    /// From what is written down.
    fn of(status: &str, publish_at: Option<Timestamp>, now: Timestamp) -> Self {
        match status {
            "draft" => Self::Draft,
            "published" if publish_at.is_some_and(|at| at > now) => Self::Scheduled,
            "published" => Self::Published,
            _ => Self::Archived,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Published => "published",
            Self::Archived => "archived",
        }
    }
}

/// A product in the back office's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AdminProductSummary {
    /// Its id.
    pub id: ProductId,
    /// Its place in addresses.
    pub slug: String,
    /// Its name.
    pub name: LocalizedText,
    /// Where it is shelved.
    pub category: CategoryRef,
    /// What it is at the moment.
    pub state: StateView,
    /// Since when, or from when on, everybody sees it.
    #[schema(required)]
    pub publish_at: Option<Timestamp>,
    /// Variants that are sold.
    pub active_variants: i64,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Counts its changes; also its `ETag`.
    pub version: i64,
}

/// What to list.
#[derive(Clone, Debug)]
pub struct AdminQuery {
    /// A part of a name, a slug, a SKU or a tag, or a whole bar code.
    pub q: Option<String>,
    /// Only in this state.
    pub state: Option<StateView>,
    /// Only this category and what lies in it, by a slug it has or had.
    pub category: Option<String>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// Rows on a page.
    pub limit: PageLimit,
}

/// Where a page ended.
#[derive(Serialize, Deserialize)]
struct Place {
    /// Microseconds.
    updated_at: i64,
    id: Uuid,
}

/// A page of products, what was changed last first.
pub async fn list(
    conn: &mut Connection,
    query: &AdminQuery,
    now: Timestamp,
) -> Result<Page<AdminProductSummary>, ListError> {
    let after = query.cursor.as_deref().map(Cursor::unpack::<Place>).transpose()?;
    let rows = rows(conn, query, after, now).await?;
    Ok(Page::from_rows(rows, query.limit, |last| {
        Cursor::pack(&Place { updated_at: last.updated_at.as_microsecond(), id: last.id.as_uuid() })
    }))
}

#[instrument(name = "db.queries.admin_products", skip_all, err)]
async fn rows(
    conn: &mut Connection,
    query: &AdminQuery,
    after: Option<Place>,
    now: Timestamp,
) -> DbResult<Vec<AdminProductSummary>> {
    let pattern = query.q.as_deref().map(|q| format!("%{}%", super::sql::escape_like(q.trim())));
    let (place, id) = after.map_or((None, None), |place| {
        let at = Timestamp::from_microsecond(place.updated_at).unwrap_or(Timestamp::UNIX_EPOCH);
        (Some(at.to_sqlx()), Some(place.id))
    });
    let rows = sqlx::query!(
        r#"SELECT p.id, p.slug, p.name_zh, p.name_en, p.status, p.published_at, p.updated_at,
             p.version, c.slug AS category_slug, c.name_zh AS category_zh, c.name_en AS category_en,
             (SELECT count(*) FROM catalog.variants v WHERE v.product_id = p.id AND v.active)
                 AS "active_variants!"
         FROM catalog.products p
         JOIN catalog.categories c ON c.id = p.category_id
         WHERE ($1::text IS NULL OR p.name_zh ILIKE $1 OR p.name_en ILIKE $1 OR p.slug ILIKE $1
                 OR EXISTS (SELECT FROM unnest(p.tags) AS tag WHERE tag ILIKE $1)
                 OR EXISTS (SELECT FROM catalog.variants v WHERE v.product_id = p.id
                     AND (v.sku ILIKE $1 OR v.barcode = $2)))
             AND ($3::text IS NULL OR $3 = CASE
                 WHEN p.status = 'published' AND p.published_at > $4 THEN 'scheduled'
                 ELSE p.status END)
             AND ($5::text IS NULL
                 OR p.category_id IN (SELECT catalog.categories_within($5)))
             AND ($6::timestamptz IS NULL OR (p.updated_at, p.id) < ($6, $7::uuid))
         ORDER BY p.updated_at DESC, p.id DESC
         LIMIT $8"#,
        pattern,
        query.q.as_deref().map(str::trim),
        query.state.map(StateView::word),
        now.to_sqlx() as _,
        query.category,
        place as _,
        id,
        query.limit.fetch(),
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let publish_at = row.published_at.map(jiff_sqlx::Timestamp::to_jiff);
        let state = StateView::of(&row.status, publish_at, now);
        let shown = matches!(state, StateView::Scheduled | StateView::Published);
        AdminProductSummary {
            id: row.id.into(),
            slug: row.slug,
            name: LocalizedText::new(row.name_zh, row.name_en),
            category: CategoryRef {
                slug: row.category_slug,
                name: LocalizedText::new(row.category_zh, row.category_en),
            },
            state,
            publish_at: publish_at.filter(|_| shown),
            active_variants: row.active_variants,
            updated_at: row.updated_at.to_jiff(),
            version: row.version,
        }
    });
    Ok(rows.collect())
}
