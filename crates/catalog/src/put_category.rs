//! Adds a category, or changes the one with the same id, whatever it was.

use jiff::Timestamp;
use pg::Connection;

use crate::{CatalogError, model::Category, sql, sql_bundles, sql_categories, sql_slugs};

/// Writes `category` as given. This is how a shop is loaded; people use
/// [`change_category`](crate::change_category), which sees what it overwrites. Call it within a
/// transaction.
pub async fn put_category(
    conn: &mut Connection,
    category: &Category,
    now: Timestamp,
) -> Result<(), CatalogError> {
    category.validate()?;
    // Whoever moves a category sees the whole tree as it is until they are done.
    sql_bundles::lock_revision(conn).await?;
    write(conn, category, now).await
}

/// Under the lock of the revision.
pub(crate) async fn write(
    conn: &mut Connection,
    category: &Category,
    now: Timestamp,
) -> Result<(), CatalogError> {
    sql_categories::tree(conn).await?.place(category.id, category.parent)?;
    sql_slugs::keep_category(conn, category.id, &category.slug, now).await?;
    Ok(sql::upsert_category(conn, category).await?)
}
