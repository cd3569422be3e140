//! Keys this installation makes for itself, once.

use jiff::Timestamp;
use kernel::Ids;
use pg::{Connection, DbResult};

use crate::sql;

/// The name of the key that signs access tokens.
pub const ACCESS_TOKEN_KEY: &str = "access_token_key";
/// The name of the key behind the links with which guests read their orders.
pub const ORDER_ACCESS_KEY: &str = "order_access_key";

/// The name of the key that seals the secrets of second factors.
pub const SECOND_FACTOR_KEY: &str = "second_factor_key";

/// The name of the key that signs the challenges before an order.
pub const CHALLENGE_KEY: &str = "challenge_key";

/// The name of the key that seals the secrets of webhooks.
pub const WEBHOOK_KEY: &str = "webhook_key";

/// The secret of this name; made at the first call, and the same for every server ever after.
pub async fn secret(
    conn: &mut Connection,
    name: &'static str,
    ids: &Ids,
    now: Timestamp,
) -> DbResult<[u8; 32]> {
    if let Some(value) = sql::secret(conn, name).await? {
        return Ok(value);
    }
    // Whoever comes first wins; the others read the winner's.
    sql::insert_secret(conn, name, &ids.bytes(), now).await?;
    let value = sql::secret(conn, name).await?;
    value.ok_or(pg::DbError::Affected { what: "read a secret", expected: 1, actual: 0 })
}
