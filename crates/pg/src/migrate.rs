//! Migrations: `migrations/NNNN_name.{up,down}.sql`, each with a way back.

use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, migrate::Migrator};

use crate::{DbError, DbResult};

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database is not there.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A migration failed, or the database knows one this program does not.
    #[error("the schema could not be migrated")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// Applies what is missing, one process at a time (advisory lock), as the owner. Returns how many
/// migrations the database now has.
pub async fn up(owner_url: &str) -> Result<usize, MigrateError> {
    let mut conn = sqlx::PgConnection::connect(owner_url).await.map_err(DbError::from)?;
    MIGRATOR.run(&mut conn).await?;
    // The server has to see whether its schema is up to date.
    let grant = format!("GRANT SELECT ON public._sqlx_migrations TO {}", crate::db::APP_ROLE);
    sqlx::query(sqlx::AssertSqlSafe(grant)).execute(&mut conn).await.map_err(DbError::from)?;
    Ok(MIGRATOR.iter().filter(|m| m.migration_type.is_up_migration()).count())
}

/// Goes back to `version` (0: an empty database), as the owner.
pub async fn down_to(owner_url: &str, version: i64) -> Result<(), MigrateError> {
    let mut conn = sqlx::PgConnection::connect(owner_url).await.map_err(DbError::from)?;
    MIGRATOR.undo(&mut conn, version).await?;
    Ok(())
}

/// The newest migration this program knows.
pub fn latest() -> i64 {
    MIGRATOR.iter().map(|m| m.version).max().unwrap_or(0)
}

/// Twelve hexadecimal digits over all migrations: they change whenever a migration does.
pub fn fingerprint() -> String {
    let mut hash = Sha256::new();
    MIGRATOR.iter().for_each(|migration| hash.update(&migration.checksum));
    hex::encode(&hash.finalize()[..6])
}

/// The newest migration the database has; 0 when it has none.
pub async fn current(conn: &mut crate::Connection) -> DbResult<i64> {
    let known: bool =
        sqlx::query_scalar("SELECT to_regclass('public._sqlx_migrations') IS NOT NULL")
            .fetch_one(&mut *conn)
            .await?;
    if !known {
        return Ok(0);
    }
    let version: Option<i64> =
        sqlx::query_scalar("SELECT max(version) FROM public._sqlx_migrations WHERE success")
            .fetch_one(conn)
            .await?;
    Ok(version.unwrap_or(0))
}
