//! Databases on the private server, made on demand.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::{PrivateError, PrivateServer};
use crate::DbError;

impl PrivateServer {
    /// Makes the database when it is not there. Returns whether it was made.
    pub async fn ensure_database(&self, name: &str) -> Result<bool, PrivateError> {
        if !is_plain_name(name) {
            return Err(PrivateError::DatabaseName { name: name.to_owned() });
        }
        let mut conn = PgConnection::connect(&self.url("postgres")).await.map_err(DbError::from)?;
        let there: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
                .bind(name)
                .fetch_one(&mut conn)
                .await
                .map_err(DbError::from)?;
        if !there {
            // The name is plain, see above; DDL takes no parameters.
            sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
                .execute(&mut conn)
                .await
                .map_err(DbError::from)?;
        }
        conn.close().await.map_err(DbError::from)?;
        Ok(!there)
    }
}

/// Whether it can stand in a statement and a URL as it is.
fn is_plain_name(name: &str) -> bool {
    name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
