//! The places somebody has goods sent to, kept so that they need not be typed again.

use kernel::{
    Clock, Ids,
    id::{AddressId, UserId},
};
use pg::{Connection, DbResult};

use crate::{IdentityError, sql};

/// The most addresses that one account keeps.
pub const MOST_ADDRESSES: usize = 20;

/// What an address says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressFields {
    /// Who receives the goods.
    pub name: String,
    /// Telephone of the receiver.
    pub phone: String,
    /// Three to six digits.
    pub postal_code: String,
    /// 縣市.
    pub city: String,
    /// 鄉鎮市區.
    pub district: String,
    /// Street and number.
    pub address1: String,
    /// Floor, building, …
    pub address2: Option<String>,
    /// Whether it is proposed first. Of one person's addresses at most one is.
    pub is_default: bool,
}

/// An address of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Its id.
    pub id: AddressId,
    /// What it says.
    pub fields: AddressFields,
}

/// Somebody's addresses, in the order in which they were added.
pub async fn addresses(conn: &mut Connection, user: UserId) -> DbResult<Vec<Address>> {
    sql::addresses::list(conn, user).await
}

/// Adds an address; as the default it takes the place of the one before. `None` when the account
/// is not active. Call it within a transaction: the person's row is locked, so that two additions
/// at once cannot both be the last that fits.
pub async fn add_address(
    conn: &mut Connection,
    user: UserId,
    fields: AddressFields,
    ids: &Ids,
    clock: &dyn Clock,
) -> Result<Option<Address>, IdentityError> {
    if sql::profiles::lock_user(conn, user).await?.is_none() {
        return Ok(None);
    }
    let there = sql::addresses::count(conn, user).await?;
    if usize::try_from(there).is_ok_and(|there| there >= MOST_ADDRESSES) {
        return Err(IdentityError::TooManyAddresses);
    }
    let address = Address { id: ids.next(clock), fields };
    let now = clock.now();
    if address.fields.is_default {
        sql::addresses::clear_default(conn, user, address.id, now).await?;
    }
    sql::addresses::insert(conn, user, &address, now).await?;
    Ok(Some(address))
}

/// Writes an address anew. `false` when it is not theirs; commit nothing then. Call it within a
/// transaction.
pub async fn replace_address(
    conn: &mut Connection,
    user: UserId,
    address: &Address,
    clock: &dyn Clock,
) -> DbResult<bool> {
    if sql::profiles::lock_user(conn, user).await?.is_none() {
        return Ok(false);
    }
    let now = clock.now();
    if address.fields.is_default {
        sql::addresses::clear_default(conn, user, address.id, now).await?;
    }
    sql::addresses::replace(conn, user, address, now).await
}

/// Removes an address. `false` when it is not theirs; nothing was changed then.
pub async fn remove_address(
    conn: &mut Connection,
    user: UserId,
    address: AddressId,
) -> DbResult<bool> {
    sql::addresses::delete(conn, user, address).await
}
