//! Pictures: those that were uploaded, those that products show, and the sizes made of each.
//!
//! What the pictures look like is nobody's business here: objects are kept and made anew by others, who
//! are told by [`claim_picture`] what to do, and say by [`picture_made`] what came of it.
//!
//! *Invariant:* a picture is worked on by one at a time: a claim counts an attempt and holds for a
//! while, and what came of it is taken only from whoever made the last claim. *Invariant:* pages offer
//! only what was written down after its objects were kept ([`show_made`]). *Invariant:* an upload that a
//! product shows, or did once, is never removed: both are decided under the lock of the revision.

use jiff::{SignedDuration, Timestamp};
use kernel::later;
use pg::{Connection, DbResult};
use serde::{Deserialize, Serialize};

use crate::{CatalogError, model::Product, sql_bundles, sql_pictures};

/// A size of a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendition {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// The key of the object in AVIF.
    pub avif: String,
    /// The key of the object in WebP.
    pub webp: String,
}

/// What became of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uploaded {
    /// The shop did not have it.
    New,
    /// The shop has it.
    Known,
    /// It was given up, and its objects are just being deleted: the upload has to wait.
    Removing,
}

/// A picture whose sizes are the caller's to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The key of its object.
    pub key: String,
    /// Which attempt this is, from 1; also what tells this claim from later ones.
    pub attempt: i16,
}

/// An upload that is to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abandoned {
    /// The key of the picture.
    pub key: String,
    /// Every object of it, the picture itself last.
    pub objects: Vec<String>,
}

/// The most attempts at one picture.
pub const ATTEMPTS_MAX: i16 = 8;
/// Between an upload and the first attempt: the object follows its row.
const SETTLE: SignedDuration = SignedDuration::from_secs(2);
/// After the first failure; then twice as long each time.
const PAUSE_FIRST: SignedDuration = SignedDuration::from_secs(30);
const PAUSE_LONGEST: SignedDuration = SignedDuration::from_hours(6);
/// Pictures adopted at a time.
const ADOPTED: i64 = 1_000;

/// Writes down that a picture was uploaded, which keeps it for a while from then on; its object is to be
/// kept after the commit. What failed before is tried again.
pub async fn upload_picture(
    conn: &mut Connection,
    key: &str,
    size: (u32, u32),
    now: Timestamp,
) -> DbResult<Uploaded> {
    sql_pictures::upload(conn, key, size, (now, later(now, SETTLE))).await
}

/// Writes down pictures that products show and nobody uploaded (the demo shop's, imported ones), so that
/// their sizes are made; how many, at most a thousand a time.
pub async fn adopt_pictures(conn: &mut Connection, now: Timestamp) -> DbResult<u64> {
    sql_pictures::adopt(conn, now, ADOPTED).await
}

/// The next picture whose sizes are to be made, the caller's until then.
pub async fn claim_picture(
    conn: &mut Connection,
    now: Timestamp,
    until: Timestamp,
) -> DbResult<Option<Claimed>> {
    sql_pictures::claim(conn, now, until).await
}

/// Writes down what was made of a picture of this size; whether it was still the caller's.
pub async fn picture_made(
    conn: &mut Connection,
    claimed: &Claimed,
    size: (u32, u32),
    renditions: &[Rendition],
) -> DbResult<bool> {
    sql_pictures::made(conn, claimed, size, renditions).await
}

/// Writes down that nothing was made; it is tried again later, unless it is hopeless or was tried often
/// enough. Whether the picture was still the caller's.
pub async fn picture_failed(
    conn: &mut Connection,
    claimed: &Claimed,
    error: &str,
    is_hopeless: bool,
    now: Timestamp,
) -> DbResult<bool> {
    let is_last = is_hopeless || claimed.attempt >= ATTEMPTS_MAX;
    let again_at = (!is_last).then(|| later(now, pause_after(claimed.attempt)));
    sql_pictures::failed(conn, claimed, error, again_at).await
}

/// How long nobody tries again after so many attempts.
fn pause_after(attempts: i16) -> SignedDuration {
    let doublings = u32::try_from(attempts.clamp(1, 15) - 1).unwrap_or(0);
    (PAUSE_FIRST * 2_i32.pow(doublings)).min(PAUSE_LONGEST)
}

/// Gives a picture back that nobody has tried: the shop is closing.
pub async fn let_picture_go(
    conn: &mut Connection,
    claimed: &Claimed,
    now: Timestamp,
) -> DbResult<bool> {
    sql_pictures::let_go(conn, claimed, now).await
}

/// Shows what was made, all of it at once: the catalogue's revision moves, and everything that is kept of
/// the catalogue is made anew. How many pictures it was.
pub async fn show_made(conn: &mut Connection) -> DbResult<u64> {
    // The statement below moves the revision even when it finds nothing.
    if sql_pictures::any_made(conn).await? { sql_pictures::show(conn).await } else { Ok(0) }
}

/// Gives up uploads from before that no product has ever shown. Call it within a transaction.
pub async fn abandon_uploads(
    conn: &mut Connection,
    before: Timestamp,
    limit: u32,
) -> DbResult<u64> {
    sql_bundles::lock_revision(conn).await?;
    sql_pictures::abandon(conn, before, limit.into()).await
}

/// Uploads that were given up, and are there still.
pub async fn abandoned_uploads(conn: &mut Connection, limit: u32) -> DbResult<Vec<Abandoned>> {
    sql_pictures::abandoned(conn, limit.into()).await
}

/// Forgets uploads that were given up, after their objects are gone.
pub async fn remove_uploads(conn: &mut Connection, keys: &[String]) -> DbResult<u64> {
    sql_pictures::remove(conn, keys).await
}

/// Forgets what was made of pictures whose objects have been replaced; sizes will be made anew.
pub async fn forget_pictures(conn: &mut Connection, keys: &[String]) -> DbResult<u64> {
    if keys.is_empty() { Ok(0) } else { sql_pictures::forget(conn, keys).await }
}

/// Says of uploads among a product's pictures how large they are. Under the lock of the revision, so that
/// nobody removes them meanwhile.
pub(crate) async fn measure(
    conn: &mut Connection,
    product: &mut Product,
) -> Result<(), CatalogError> {
    let unknown = product.images.iter().filter(|image| image.is_unmeasured());
    let keys: Vec<String> = unknown.map(|image| image.key.clone()).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let sizes = sql_pictures::sizes(conn, &keys).await?;
    for (index, image) in product.images.iter_mut().enumerate() {
        if image.is_unmeasured() {
            let size = sizes.get(&image.key).copied();
            (image.width, image.height) = size.ok_or(CatalogError::UnknownPicture { index })?;
        }
    }
    Ok(())
}

/// Writes down that these products show their pictures.
pub(crate) async fn mark_used(
    conn: &mut Connection,
    products: &[&Product],
    now: Timestamp,
) -> DbResult<()> {
    let images = products.iter().flat_map(|product| &product.images);
    let keys: Vec<String> = images.map(|image| image.key.clone()).collect();
    if keys.is_empty() { Ok(()) } else { sql_pictures::mark_used(conn, &keys, now).await }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_some_hours() {
        let seconds = |attempts| pause_after(attempts).as_secs();
        assert_eq!([1, 2, 3, 7].map(seconds), [30, 60, 120, 1_920]);
        assert_eq!([15, i16::MAX].map(seconds), [21_600; 2]);
    }
}
