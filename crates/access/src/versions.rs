//! Versions of the policies: saved, activated, gone back to.

use jiff::Timestamp;
use kernel::id::UserId;
use pg::{Connection, DbError, DbResult};
use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;

use crate::{Policies, PolicyError, PolicyFile, sql};

/// The version that the program ships with.
pub const SHIPPED_VERSION: i32 = 0;

/// A saved set of policies, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Version {
    /// Its number; 0 is what the program ships with.
    pub version: i32,
    /// Why it was made.
    pub comment: String,
    /// Who made it; nobody made the shipped one.
    pub author: Option<UserId>,
    /// When.
    pub created_at: Option<Timestamp>,
    /// Whether it counts now.
    pub active: bool,
}

/// Why policies could not be saved or activated.
#[derive(Debug, Error)]
pub enum AccessError {
    /// They do not hold.
    #[error("the policies do not hold: {} mistakes", .0.len())]
    Invalid(Vec<PolicyError>),
    /// There is no such version.
    #[error("there is no such version")]
    UnknownVersion,
    /// Another version was activated meanwhile.
    #[error("another version was activated meanwhile")]
    Conflict,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Saves a set that holds; it does not count before it is activated.
pub async fn save(
    conn: &mut Connection,
    policies: &Policies,
    comment: &str,
    author: UserId,
    now: Timestamp,
) -> DbResult<i32> {
    sql::lock_versions(conn).await?;
    let version = sql::last_version(conn).await? + 1;
    sql::insert_version(conn, version, policies.files(), comment, author, now).await?;
    Ok(version)
}

/// The files of a version.
pub async fn files(conn: &mut Connection, version: i32) -> DbResult<Option<Vec<PolicyFile>>> {
    if version == SHIPPED_VERSION {
        return Ok(Some(Policies::shipped().files().to_vec()));
    }
    sql::files(conn, version).await
}

/// A version, read and held against the schema of this program.
pub async fn load(conn: &mut Connection, version: i32) -> Result<Policies, AccessError> {
    let files = files(conn, version).await?.ok_or(AccessError::UnknownVersion)?;
    Policies::read(files).map_err(AccessError::Invalid)
}

/// The version that counts.
pub async fn active(conn: &mut Connection) -> DbResult<i32> {
    Ok(sql::active_version(conn).await?.unwrap_or(SHIPPED_VERSION))
}

/// Makes a version the one that counts, if `expected` is the one until now. Every server takes it
/// within a second.
pub async fn activate(
    conn: &mut Connection,
    version: i32,
    expected: i32,
    actor: UserId,
    now: Timestamp,
) -> Result<Policies, AccessError> {
    sql::lock_versions(conn).await?;
    if active(conn).await? != expected {
        return Err(AccessError::Conflict);
    }
    let policies = load(conn, version).await?;
    sql::insert_activation(conn, version, actor, now).await?;
    Ok(policies)
}

/// Every version, the newest first, the shipped one last.
pub async fn versions(conn: &mut Connection) -> DbResult<Vec<Version>> {
    let active = active(conn).await?;
    let mut all = sql::versions(conn).await?;
    all.push(Version {
        version: SHIPPED_VERSION,
        comment: "shipped with the program".to_owned(),
        author: None,
        created_at: None,
        active: false,
    });
    for version in &mut all {
        version.active = version.version == active;
    }
    Ok(all)
}
