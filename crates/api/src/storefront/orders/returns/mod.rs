//! Returns, as customers ask for them.

pub mod add_picture;
pub mod cancel;
pub mod create;
pub mod list;
pub mod picture;

use ::shipping::{Return, returns};
use kernel::{
    ErrorCode,
    id::{OrderId, ReturnId},
};
use pg::Connection;
use serde::Deserialize;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, kit::Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, create::handler))
        .routes(routes!(cancel::handler))
        .routes(routes!(picture::handler))
        .merge(add_picture::routes())
}

/// Where a return lies below its order.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct ReturnPath {
    /// The return.
    pub return_id: ReturnId,
}

/// A return of this order; those of others do not exist.
async fn of_order(conn: &mut Connection, order: OrderId, id: ReturnId) -> Result<Return, Problem> {
    let found = returns::find(conn, id).await?.filter(|back| back.order == order);
    found.ok_or_else(|| ErrorCode::ReturnNotFound.into())
}
