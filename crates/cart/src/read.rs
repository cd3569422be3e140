//! Looking into carts.

use kernel::id::CartId;
use pg::{Connection, DbResult};

use crate::{
    model::{CartLine, CartOwner},
    sql,
};

/// The owner's cart, if there is one. A guest's id that leads to a person's cart leads nowhere.
pub async fn find(conn: &mut Connection, owner: CartOwner) -> DbResult<Option<CartId>> {
    sql::find(conn, owner).await
}

/// The cart's lines, the first one added first.
pub async fn lines(conn: &mut Connection, cart: CartId) -> DbResult<Vec<CartLine>> {
    sql::lines(conn, cart).await
}

/// The code of the cart's coupon.
pub async fn coupon_code(conn: &mut Connection, cart: CartId) -> DbResult<Option<String>> {
    sql::coupon_code(conn, cart).await
}
