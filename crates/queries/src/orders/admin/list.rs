//! The list of orders: filters, search, pages.

use jiff::Timestamp;
use kernel::{
    Cursor, Money, Page, PageLimit,
    id::{OrderId, UserId, WarehouseId},
};
use orders::OrderNumber;
use pg::Connection;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::sql;
use crate::{
    ListError,
    orders::{OrderStatusWord, PaymentStatusWord},
};

/// Which orders.
#[derive(Clone, Debug, Default)]
pub struct OrderFilter {
    /// With this status.
    pub status: Option<OrderStatusWord>,
    /// Placed not before.
    pub from: Option<Timestamp>,
    /// Placed before.
    pub until: Option<Timestamp>,
    /// To be paid in this way.
    pub payment_method: Option<String>,
    /// With an attempt to pay that has come so far.
    pub payment_status: Option<PaymentStatusWord>,
    /// Of which something lies, or lay, in this warehouse.
    pub warehouse: Option<WarehouseId>,
    /// An order's number or id, an e-mail address, a telephone number, a receiver's name, a SKU.
    pub q: Option<String>,
}

/// An order in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AdminOrderSummary {
    /// Its id.
    pub id: OrderId,
    /// Its number for people.
    #[schema(example = "261121-K7M3-9QWD-2XAB")]
    pub number: String,
    /// How far it has come.
    pub status: OrderStatusWord,
    /// How far the payment has come that counts: the one whose money is kept, else the last attempt.
    #[schema(required)]
    pub payment_status: Option<PaymentStatusWord>,
    /// The payment method's code.
    pub payment_method: String,
    /// The shipping method's code.
    pub shipping_method: String,
    /// Whose account; `null` for a guest.
    #[schema(required)]
    pub customer_id: Option<UserId>,
    /// The buyer's address.
    pub email: String,
    /// Who receives it.
    pub receiver: String,
    /// Where that is: 縣市 and 鄉鎮市區.
    pub place: String,
    /// What it costs in all.
    pub total: Money,
    /// Units in all lines.
    pub item_count: u32,
    /// Parcels that were not cancelled.
    pub parcels: u32,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it was paid.
    #[schema(required)]
    pub paid_at: Option<Timestamp>,
}

/// What a text may be, as a search for orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Search {
    /// Ids from here on, both ends included: of an order's number or id.
    pub ids: Option<(Uuid, Uuid)>,
    /// An e-mail address, whole.
    pub email: Option<String>,
    /// A telephone number: its digits.
    pub phone: Option<String>,
    /// Words of a receiver's name, or the beginning of a SKU.
    pub words: Option<String>,
}

impl Search {
    /// What was probably meant.
    pub(super) fn of(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::default();
        }
        if let Ok(id) = Uuid::parse_str(text) {
            return Self { ids: Some((id, id)), ..Self::default() };
        }
        if let Ok(number) = text.parse::<OrderNumber>() {
            let none = (Uuid::max(), Uuid::nil());
            return Self { ids: Some(number.id_range().unwrap_or(none)), ..Self::default() };
        }
        if text.contains('@') {
            return Self { email: Some(text.to_owned()), ..Self::default() };
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let phone_signs = |c: char| c.is_ascii_digit() || "+-() #".contains(c);
        if digits.len() >= 6 && text.chars().all(phone_signs) {
            return Self { phone: Some(digits), ..Self::default() };
        }
        Self { words: Some(text.to_owned()), ..Self::default() }
    }
}

/// A page of orders, the newest first.
pub async fn list(
    conn: &mut Connection,
    filter: &OrderFilter,
    cursor: Option<&str>,
    limit: PageLimit,
) -> Result<Page<AdminOrderSummary>, ListError> {
    // Ids are in the order of time: the last one seen is the place.
    let after = cursor.map(Cursor::unpack::<Uuid>).transpose()?;
    let search = Search::of(filter.q.as_deref().unwrap_or_default());
    let rows = sql::list(conn, filter, &search, after, limit).await?;
    Ok(Page::from_rows(rows, limit, |last| Cursor::pack(&last.id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_searched_for_as_what_it_looks_like() {
        let id = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0a01);
        let whole = Search { ids: Some((id, id)), ..Search::default() };
        assert_eq!(Search::of(&format!(" {id} ")), whole);
        let number = OrderNumber::of(id.into());
        let by_number = Search::of(&number.to_string());
        let (first, last) = by_number.ids.unwrap();
        assert!(first <= id && id <= last, "{first} {id} {last}");
        // A day that does not exist: a number, and nobody's.
        let (first, last) = Search::of("991399-0000-0000-0000").ids.unwrap();
        assert!(first > last);
        assert_eq!(Search::of("a@b.tw").email.as_deref(), Some("a@b.tw"));
        assert_eq!(Search::of("0912-345 678").phone.as_deref(), Some("0912345678"));
        assert_eq!(Search::of("12345").words.as_deref(), Some("12345"));
        assert_eq!(Search::of("王小明").words.as_deref(), Some("王小明"));
        assert_eq!(Search::of("  "), Search::default());
    }
}
