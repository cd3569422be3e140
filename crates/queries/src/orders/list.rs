//! A customer's orders, the newest first.

use jiff::Timestamp;
use kernel::{
    Cursor, Money, Page, PageLimit,
    id::{OrderId, UserId},
};
use pg::Connection;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{OrderStatusWord, sql};
use crate::{Image, ListError};

/// An order in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrderSummary {
    /// Its id.
    pub id: OrderId,
    /// Its number for people.
    #[schema(example = "261121-K7M3-9QWD-2XAB")]
    pub number: String,
    /// How far it has come.
    pub status: OrderStatusWord,
    /// What it costs in all.
    pub total: Money,
    /// Units in all lines.
    pub item_count: u32,
    /// When it was placed.
    pub created_at: Timestamp,
    /// A picture of its first line.
    #[schema(required)]
    pub first_image: Option<Image>,
}

/// A page of somebody's orders.
pub async fn list_for_customer(
    conn: &mut Connection,
    customer: UserId,
    cursor: Option<&str>,
    limit: PageLimit,
) -> Result<Page<OrderSummary>, ListError> {
    // Ids are in the order of time: the last one seen is the place.
    let after = cursor.map(Cursor::unpack::<Uuid>).transpose()?;
    let rows = sql::of_customer(conn, customer, after, limit).await?;
    Ok(Page::from_rows(rows, limit, |last| Cursor::pack(&last.id)))
}
