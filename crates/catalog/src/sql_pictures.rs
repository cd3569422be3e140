//! The statements about pictures.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use pg::{Connection, DbResult};
use sqlx::{query, query_scalar, types::Json};
use tracing::instrument;

use crate::pictures::{Abandoned, Claimed, Rendition, Uploaded};

type Renditions = Json<Vec<Rendition>>;

fn pixels(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[instrument(name = "db.picture.upload", skip_all, err)]
pub async fn upload(
    conn: &mut Connection,
    key: &str,
    (width, height): (u32, u32),
    (now, begin_at): (Timestamp, Timestamp),
) -> DbResult<Uploaded> {
    let is_new = query_scalar!(
        r#"INSERT INTO catalog.pictures AS p (object_key, width, height, status, next_attempt_at,
             added_at, uploaded_at)
         VALUES ($1, $2, $3, 'waiting', $5, $4, $4)
         ON CONFLICT (object_key) DO UPDATE
         SET uploaded_at = CASE WHEN p.uploaded_at IS NULL THEN NULL ELSE excluded.uploaded_at END,
             attempts = CASE p.status WHEN 'failed' THEN 0 ELSE p.attempts END,
             next_attempt_at =
                 CASE p.status WHEN 'failed' THEN excluded.next_attempt_at ELSE p.next_attempt_at END,
             status = CASE p.status WHEN 'failed' THEN 'waiting' ELSE p.status END
         WHERE p.status <> 'removing'
         RETURNING (xmax = 0) AS "is_new!""#,
        key,
        pixels(width),
        pixels(height),
        now.to_sqlx() as _,
        begin_at.to_sqlx() as _,
    )
    .fetch_optional(conn)
    .await?;
    Ok(match is_new {
        Some(true) => Uploaded::New,
        Some(false) => Uploaded::Known,
        None => Uploaded::Removing,
    })
}

/// How large those of these pictures are that the shop has.
#[instrument(name = "db.picture.sizes", skip_all, err)]
pub async fn sizes(
    conn: &mut Connection,
    keys: &[String],
) -> DbResult<HashMap<String, (u32, u32)>> {
    let rows = query!(
        "SELECT object_key, width, height FROM catalog.pictures
         WHERE object_key = ANY ($1) AND status <> 'removing'",
        keys,
    )
    .fetch_all(conn)
    .await?;
    let side = |pixels: i32| u32::try_from(pixels).unwrap_or(0);
    Ok(rows.into_iter().map(|it| (it.object_key, (side(it.width), side(it.height)))).collect())
}

/// That a product shows these.
#[instrument(name = "db.picture.mark_used", skip_all, err)]
pub async fn mark_used(conn: &mut Connection, keys: &[String], now: Timestamp) -> DbResult<()> {
    query!(
        "UPDATE catalog.pictures SET used_at = $2 WHERE object_key = ANY ($1) AND used_at IS NULL",
        keys,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[instrument(level = "debug", name = "db.picture.adopt", skip_all, err)]
pub async fn adopt(conn: &mut Connection, now: Timestamp, limit: i64) -> DbResult<u64> {
    let done = query!(
        "INSERT INTO catalog.pictures (object_key, width, height, status, next_attempt_at, added_at,
             used_at)
         SELECT DISTINCT ON (i.object_key) i.object_key, greatest(i.width, 1), greatest(i.height, 1),
             'waiting', $1, $1, $1
         FROM catalog.images i
         WHERE NOT EXISTS (SELECT FROM catalog.pictures p WHERE p.object_key = i.object_key)
         ORDER BY i.object_key
         LIMIT $2
         ON CONFLICT (object_key) DO NOTHING",
        now.to_sqlx() as _,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

#[instrument(level = "debug", name = "db.picture.claim", skip_all, err)]
pub async fn claim(
    conn: &mut Connection,
    now: Timestamp,
    until: Timestamp,
) -> DbResult<Option<Claimed>> {
    let row = query!(
        "UPDATE catalog.pictures SET attempts = attempts + 1, next_attempt_at = $2
         WHERE object_key = (
             SELECT object_key FROM catalog.pictures
             WHERE status = 'waiting' AND next_attempt_at <= $1
             ORDER BY next_attempt_at, object_key
             LIMIT 1
             FOR UPDATE SKIP LOCKED)
         RETURNING object_key, attempts",
        now.to_sqlx() as _,
        until.to_sqlx() as _,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|it| Claimed { key: it.object_key, attempt: it.attempts }))
}

/// Whether it was still the caller's to say so; likewise below.
#[instrument(level = "debug", name = "db.picture.made", skip_all, err)]
pub async fn made(
    conn: &mut Connection,
    claimed: &Claimed,
    (width, height): (u32, u32),
    renditions: &[Rendition],
) -> DbResult<bool> {
    let done = query!(
        "UPDATE catalog.pictures
         SET status = 'made', made = $3, width = $4, height = $5, last_error = NULL
         WHERE object_key = $1 AND attempts = $2 AND status = 'waiting'",
        claimed.key,
        claimed.attempt,
        Json(renditions) as _,
        pixels(width),
        pixels(height),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

#[instrument(level = "debug", name = "db.picture.failed", skip_all, err)]
pub async fn failed(
    conn: &mut Connection,
    claimed: &Claimed,
    error: &str,
    again_at: Option<Timestamp>,
) -> DbResult<bool> {
    let done = query!(
        "UPDATE catalog.pictures
         SET status = CASE WHEN $3::timestamptz IS NULL THEN 'failed' ELSE 'waiting' END,
             next_attempt_at = coalesce($3, next_attempt_at), last_error = $4
         WHERE object_key = $1 AND attempts = $2 AND status = 'waiting'",
        claimed.key,
        claimed.attempt,
        again_at.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        error,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

#[instrument(level = "debug", name = "db.picture.let_go", skip_all, err)]
pub async fn let_go(conn: &mut Connection, claimed: &Claimed, now: Timestamp) -> DbResult<bool> {
    let done = query!(
        "UPDATE catalog.pictures SET attempts = attempts - 1, next_attempt_at = $3
         WHERE object_key = $1 AND attempts = $2 AND status = 'waiting'",
        claimed.key,
        claimed.attempt,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

#[instrument(level = "debug", name = "db.picture.any_made", skip_all, err)]
pub async fn any_made(conn: &mut Connection) -> DbResult<bool> {
    let any = query_scalar!(
        r#"SELECT EXISTS (SELECT FROM catalog.pictures WHERE status = 'made') AS "any!""#
    );
    Ok(any.fetch_one(conn).await?)
}

#[instrument(name = "db.picture.show", skip_all, err)]
pub async fn show(conn: &mut Connection) -> DbResult<u64> {
    let done = query!(
        "UPDATE catalog.pictures SET status = 'ready', renditions = made, made = '[]'
         WHERE status = 'made'"
    );
    Ok(done.execute(conn).await?.rows_affected())
}

/// Asks twice how old they are: only the second time sees what is sent again while this waits for its row.
#[instrument(name = "db.picture.abandon", skip_all, err)]
pub async fn abandon(conn: &mut Connection, before: Timestamp, limit: i64) -> DbResult<u64> {
    let done = query!(
        "UPDATE catalog.pictures SET status = 'removing'
         WHERE object_key IN (
             SELECT p.object_key FROM catalog.pictures p
             WHERE p.uploaded_at < $1 AND p.used_at IS NULL AND p.status <> 'removing'
                 AND NOT EXISTS (SELECT FROM catalog.images i WHERE i.object_key = p.object_key)
             LIMIT $2)
             AND uploaded_at < $1 AND status <> 'removing'",
        before.to_sqlx() as _,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

#[instrument(name = "db.picture.abandoned", skip_all, err)]
pub async fn abandoned(conn: &mut Connection, limit: i64) -> DbResult<Vec<Abandoned>> {
    let rows = query!(
        r#"SELECT object_key, renditions AS "renditions: Renditions", made AS "made: Renditions"
         FROM catalog.pictures WHERE uploaded_at IS NOT NULL AND used_at IS NULL
             AND status = 'removing'
         LIMIT $1"#,
        limit,
    )
    .fetch_all(conn)
    .await?;
    let abandoned = rows.into_iter().map(|it| {
        let made = it.renditions.0.into_iter().chain(it.made.0);
        let objects = made.flat_map(|it| [it.avif, it.webp]);
        Abandoned { objects: objects.chain([it.object_key.clone()]).collect(), key: it.object_key }
    });
    Ok(abandoned.collect())
}

#[instrument(name = "db.picture.remove", skip_all, err)]
pub async fn remove(conn: &mut Connection, keys: &[String]) -> DbResult<u64> {
    let done = query!(
        "DELETE FROM catalog.pictures WHERE object_key = ANY ($1) AND status = 'removing'",
        keys,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Forgets what was made of pictures whose objects are others now.
#[instrument(name = "db.picture.forget", skip_all, err)]
pub async fn forget(conn: &mut Connection, keys: &[String]) -> DbResult<u64> {
    let done = query!("DELETE FROM catalog.pictures WHERE object_key = ANY ($1)", keys);
    Ok(done.execute(conn).await?.rows_affected())
}
