//! The shopping cart, a guest's or a person's.

pub mod add;
pub mod change;
pub mod coupon;
pub mod remove;
pub mod show;

use ::cart::CartError;
use kernel::{
    ErrorCode,
    id::{CartId, VariantId},
};
use pg::{Connection, DbError, DbResult, Transaction};
use queries::cart::CartView;
use serde_json::json;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState,
    kit::{Caller, Problem},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(show::handler))
        .routes(routes!(add::handler))
        .routes(routes!(change::handler, remove::handler))
        .routes(routes!(coupon::put, coupon::remove))
}

async fn view(
    conn: &mut Connection,
    state: &AppState,
    caller: &Caller,
    cart: Option<CartId>,
) -> DbResult<CartView> {
    queries::cart::view(conn, cart, caller.user_id(), state.clock.now()).await
}

/// Commits a change of the line of `variant`, unless it asks for more than can be bought now: then
/// nothing is changed. Stock is only looked at here; it is decided when the order is placed.
async fn commit_if_available(
    mut tx: Transaction,
    state: &AppState,
    caller: &Caller,
    cart: CartId,
    variant: VariantId,
) -> Result<CartView, Problem> {
    let shown = view(&mut tx, state, caller, Some(cart)).await?;
    let line = shown.items.iter().find(|item| item.variant_id == variant);
    if let Some(line) = line.filter(|line| line.quantity > line.available) {
        let shortage = json!([{
            "variant_id": line.variant_id, "sku": line.sku,
            "requested": line.quantity, "available": line.available,
        }]);
        return Err(Problem::new(ErrorCode::InventoryShortage)
            .field("/quantity", format!("{} left", line.available))
            .with("shortages", shortage));
    }
    tx.commit().await.map_err(DbError::from)?;
    Ok(shown)
}

fn problem(error: CartError) -> Problem {
    let invalid = |pointer: &str, error: &CartError| {
        Problem::new(ErrorCode::ValidationFailed).field(pointer, error.to_string())
    };
    match error {
        // The cart was merged or emptied in another tab.
        CartError::CartNotFound | CartError::ItemNotFound => ErrorCode::CartItemNotFound.into(),
        CartError::LineFull => invalid("/quantity", &error),
        CartError::CartFull => invalid("/variant_id", &error),
        CartError::Db(error) => error.into(),
    }
}
