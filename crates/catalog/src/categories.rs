//! Categories 分類 as people change them: seeing what they overwrite.

use kernel::id::CategoryId;
use pg::{Connection, DbResult};

use crate::{
    CatalogError, EditContext, events, model::Category, put_category::write, sql_bundles,
    sql_categories,
};

/// A category with the number of its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCategory {
    /// The category.
    pub category: Category,
    /// Counts its changes, from 1: the optimistic lock.
    pub version: i64,
}

/// Every category, by position.
pub async fn categories(conn: &mut Connection) -> DbResult<Vec<StoredCategory>> {
    sql_categories::all(conn).await
}

/// One category.
pub async fn category(conn: &mut Connection, id: CategoryId) -> DbResult<Option<StoredCategory>> {
    sql_categories::get(conn, id).await
}

/// Adds a category. Call it within a transaction.
pub async fn add_category(
    conn: &mut Connection,
    category: &Category,
    context: &EditContext<'_>,
) -> Result<StoredCategory, CatalogError> {
    category.validate()?;
    sql_bundles::lock_revision(conn).await?;
    write(conn, category, context.clock.now()).await?;
    let stored = StoredCategory { category: category.clone(), version: 1 };
    outbox::append(conn, &[events::category_changed(&stored, context)]).await?;
    Ok(stored)
}

/// Changes or moves a category that is as it was `seen`. Two who move categories take turns, so that
/// each sees the tree the other has left. Returns it as it was and as it is; when nothing is different,
/// nothing is written. Call it within a transaction.
pub async fn change_category(
    conn: &mut Connection,
    category: &Category,
    seen: i64,
    context: &EditContext<'_>,
) -> Result<(StoredCategory, StoredCategory), CatalogError> {
    category.validate()?;
    sql_bundles::lock_revision(conn).await?;
    let before = sql_categories::get(conn, category.id).await?.ok_or(CatalogError::NotFound)?;
    if before.version != seen {
        return Err(CatalogError::Changed);
    }
    if before.category == *category {
        return Ok((before.clone(), before));
    }
    write(conn, category, context.clock.now()).await?;
    sql_categories::count_change(conn, category.id, seen).await?;
    let after = StoredCategory { category: category.clone(), version: seen + 1 };
    outbox::append(conn, &[events::category_changed(&after, context)]).await?;
    Ok((before, after))
}

/// Deletes a category that is as it was `seen`, and in which nothing lies: no product of any state, no
/// other category. Returns what it was. Call it within a transaction.
pub async fn delete_category(
    conn: &mut Connection,
    id: CategoryId,
    seen: i64,
    context: &EditContext<'_>,
) -> Result<StoredCategory, CatalogError> {
    sql_bundles::lock_revision(conn).await?;
    let before = sql_categories::get(conn, id).await?.ok_or(CatalogError::NotFound)?;
    if before.version != seen {
        return Err(CatalogError::Changed);
    }
    if sql_categories::is_used(conn, id).await? {
        return Err(CatalogError::NotEmpty);
    }
    sql_categories::delete(conn, id).await?;
    outbox::append(conn, &[events::category_deleted(&before.category, context)]).await?;
    Ok(before)
}
