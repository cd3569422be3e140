//! Connections of the proof itself, beside the product's pools.

use sqlx::{Connection as _, PgConnection};

/// A connection of its own.
pub async fn connect(url: &str) -> sqlx::Result<PgConnection> {
    PgConnection::connect(url).await
}
