//! `GET /api/me/export`

use axum::{
    Json,
    extract::State,
    http::{HeaderName, header},
};
use jiff::Timestamp;
use kernel::{
    PageLimit,
    id::{ProductId, UserId, VariantId},
};
use notifications::notices::{self, Notice};
use pg::Connection;
use queries::orders::{self, OrderView};
use serde::Serialize;
use utoipa::ToSchema;

use super::{addresses::form::SavedAddressView, sessions::list::SessionView, show};
use crate::{
    AppState,
    kit::{Person, Problem, problem::ProblemBody},
    storefront::{auth::session::UserView, products::list::problem},
};

/// The most orders one document holds.
const MOST_ORDERS: usize = 1_000;

/// Browsers save it instead of showing it.
const AS_FILE: &str = "attachment; filename=\"oxcart-account.json\"";

/// What the shop knows of somebody.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountExport {
    /// When this was true.
    pub exported_at: Timestamp,
    /// Who.
    pub profile: UserView,
    /// Where they have goods sent to.
    pub addresses: Vec<SavedAddressView>,
    /// Where they are signed in.
    pub sessions: Vec<SessionView>,
    /// What they like, the newest first.
    pub wishlist: Vec<ExportedWish>,
    /// What they want to be told of when it is back, if they have shown that they read the mail of
    /// their address.
    pub stock_notices: Vec<ExportedNotice>,
    /// What they bought, the newest first.
    pub orders: Vec<OrderView>,
    /// Whether there are older orders than these thousand: `GET /api/orders` has them.
    pub has_older_orders: bool,
}

/// A product that somebody likes.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedWish {
    /// Which.
    pub product_id: ProductId,
    /// Since when.
    pub added_at: Timestamp,
}

/// Something sold out that somebody waits for.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedNotice {
    /// What.
    pub variant_id: VariantId,
    /// Since when.
    pub asked_at: Timestamp,
}

/// What the shop knows of one, as a document to keep.
#[utoipa::path(
    get, path = "/api/me/export", tag = "auth", operation_id = "export_account",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AccountExport, description = "To be saved as a file"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
) -> Result<([(HeaderName, &'static str); 1], Json<AccountExport>), Problem> {
    let (user, now) = (claims.user_id, state.clock.now());
    let mut conn = state.db.acquire().await?;
    let profile = show::read(&mut conn, user).await?;
    let addresses = identity::addresses(&mut conn, user).await?;
    let sessions = identity::sessions(&mut conn, user, now).await?;
    let wishes = cart::wishes(&mut conn, user).await?.into_iter();
    let exported = |cart::Wish { product_id, added_at }| ExportedWish { product_id, added_at };
    let stock_notices = notices_of(&mut conn, &profile).await?;
    let (orders, has_older_orders) = orders_of(&mut conn, user).await?;
    let export = AccountExport {
        exported_at: now,
        profile,
        addresses: addresses.into_iter().map(Into::into).collect(),
        sessions: sessions.iter().map(|it| SessionView::new(it, claims.session_id)).collect(),
        wishlist: wishes.map(exported).collect(),
        stock_notices,
        orders,
        has_older_orders,
    };
    Ok(([(header::CONTENT_DISPOSITION, AS_FILE)], Json(export)))
}

/// What is waited for under somebody's address, which has to be theirs: anybody can register one.
async fn notices_of(
    conn: &mut Connection,
    profile: &UserView,
) -> Result<Vec<ExportedNotice>, Problem> {
    if !profile.email_verified {
        return Ok(Vec::new());
    }
    let waiting = notices::of_email(conn, &profile.email).await?.into_iter();
    let exported = |Notice { variant_id, asked_at }| ExportedNotice { variant_id, asked_at };
    Ok(waiting.map(exported).collect())
}

/// The newest orders, and whether there are more.
async fn orders_of(conn: &mut Connection, user: UserId) -> Result<(Vec<OrderView>, bool), Problem> {
    let limit = PageLimit::clamped(Some(u32::MAX));
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = orders::list_for_customer(conn, user, cursor.as_deref(), limit).await;
        let page = page.map_err(problem)?;
        for summary in page.items {
            found.extend(orders::detail(conn, summary.id).await?);
        }
        cursor = page.next_cursor;
        if cursor.is_none() || found.len() >= MOST_ORDERS {
            return Ok((found, cursor.is_some()));
        }
    }
}
