//! Adds a category, or changes the one with the same id.

use pg::Connection;

use crate::{CatalogError, model::Category, sql};

/// Writes `category` as given.
pub async fn put_category(conn: &mut Connection, category: &Category) -> Result<(), CatalogError> {
    category.validate()?;
    Ok(sql::upsert_category(conn, category).await?)
}
