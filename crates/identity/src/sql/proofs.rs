//! Statements on `identity.proofs`.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::UserId;
use pg::{Affected as _, Connection, DbResult};
use sqlx::query;
use tracing::instrument;

use crate::proof::{Proof, ProofToken, Purpose};

#[instrument(name = "db.proof.insert", skip_all, err)]
pub async fn insert(
    conn: &mut Connection,
    token: &ProofToken,
    purpose: Purpose,
    proof: Proof,
    now: Timestamp,
) -> DbResult<()> {
    query!(
        "INSERT INTO identity.proofs (digest, purpose, user_id, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
        &token.digest()[..],
        purpose.word(),
        proof.user.map(UserId::as_uuid),
        now.to_sqlx() as _,
        proof.expires_at.to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .one_row("insert a proof")
}

#[instrument(name = "db.proof.find", skip_all, err)]
pub async fn find(
    conn: &mut Connection,
    token: &ProofToken,
    purpose: Purpose,
) -> DbResult<Option<Proof>> {
    let row = query!(
        "SELECT user_id, expires_at FROM identity.proofs WHERE digest = $1 AND purpose = $2",
        &token.digest()[..],
        purpose.word(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Proof {
        user: row.user_id.map(UserId::from),
        expires_at: row.expires_at.to_jiff(),
    }))
}

/// Whether it was there to be taken.
#[instrument(name = "db.proof.take", skip_all, err)]
pub async fn take(
    conn: &mut Connection,
    token: &ProofToken,
    purpose: Purpose,
    now: Timestamp,
) -> DbResult<bool> {
    let gone = query!(
        "DELETE FROM identity.proofs
         WHERE digest = $1 AND purpose = $2 AND user_id IS NOT NULL AND expires_at > $3",
        &token.digest()[..],
        purpose.word(),
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected() == 1)
}

/// Takes away every token of a purpose that somebody has been sent.
#[instrument(name = "db.proof.delete", skip_all, err)]
pub async fn delete(conn: &mut Connection, user: UserId, purpose: Purpose) -> DbResult<()> {
    query!(
        "DELETE FROM identity.proofs WHERE user_id = $1 AND purpose = $2",
        user.as_uuid(),
        purpose.word(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[instrument(name = "db.proof.purge", skip_all, err)]
pub async fn purge(conn: &mut Connection, before: Timestamp, limit: u32) -> DbResult<u64> {
    let purged = query!(
        "DELETE FROM identity.proofs
         WHERE digest IN (
             SELECT digest FROM identity.proofs WHERE expires_at < $1
             LIMIT $2 FOR UPDATE SKIP LOCKED
         )",
        before.to_sqlx() as _,
        i64::from(limit),
    )
    .execute(conn)
    .await?;
    Ok(purged.rows_affected())
}
