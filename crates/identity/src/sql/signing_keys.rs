//! The keys that sign access tokens.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use pg::{Connection, DbError, DbResult};
use sqlx::query;
use tracing::instrument;

use crate::SigningKey;

#[instrument(name = "db.signing_key.all", skip_all, err)]
pub async fn all(conn: &mut Connection) -> DbResult<Vec<SigningKey>> {
    let rows = query!(
        "SELECT seed, signs_from, retired_at FROM identity.signing_keys ORDER BY signs_from, kid",
    )
    .fetch_all(conn)
    .await?;
    let key = |seed: Vec<u8>, signs_from, retired_at| {
        let seed = seed.try_into().map_err(|seed: Vec<u8>| DbError::Corrupt {
            table: "identity.signing_keys",
            column: "seed",
            // Never the seed itself.
            value: format!("{} bytes", seed.len()),
        })?;
        Ok(SigningKey { seed, signs_from, retired_at })
    };
    rows.into_iter()
        .map(|row| {
            key(
                row.seed,
                row.signs_from.to_jiff(),
                row.retired_at.map(jiff_sqlx::Timestamp::to_jiff),
            )
        })
        .collect()
}

/// The same key twice is there once.
#[instrument(name = "db.signing_key.insert", skip_all, err)]
pub async fn insert(conn: &mut Connection, key: &SigningKey, now: Timestamp) -> DbResult<()> {
    query!(
        "INSERT INTO identity.signing_keys (kid, seed, created_at, signs_from)
         VALUES ($1, $2, $3, $4) ON CONFLICT (kid) DO NOTHING",
        key.kid(),
        &key.seed[..],
        now.to_sqlx() as _,
        key.signs_from.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Rotations take turns; the lock goes with the transaction.
#[instrument(name = "db.signing_key.lock", skip_all, err)]
pub async fn lock(conn: &mut Connection) -> DbResult<()> {
    query!("SELECT pg_advisory_xact_lock(hashtextextended('identity.signing_keys', 0))")
        .execute(conn)
        .await?;
    Ok(())
}

/// Every key that has no end gets this one.
#[instrument(name = "db.signing_key.retire", skip_all, err)]
pub async fn retire(conn: &mut Connection, at: Timestamp) -> DbResult<()> {
    query!(
        "UPDATE identity.signing_keys SET retired_at = $1 WHERE retired_at IS NULL",
        at.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[instrument(name = "db.signing_key.remove_all", skip_all, err)]
pub async fn remove_all(conn: &mut Connection) -> DbResult<()> {
    query!("DELETE FROM identity.signing_keys").execute(conn).await?;
    Ok(())
}

#[instrument(name = "db.signing_key.purge", skip_all, err)]
pub async fn purge(conn: &mut Connection, before: Timestamp) -> DbResult<u64> {
    let purged =
        query!("DELETE FROM identity.signing_keys WHERE retired_at < $1", before.to_sqlx() as _,)
            .execute(conn)
            .await?;
    Ok(purged.rows_affected())
}
