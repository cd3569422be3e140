//! Cursor pagination: `?limit=&cursor=` → `{"items": […], "next_cursor": …}`.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use thiserror::Error;
use utoipa::ToSchema;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The rows, in the order asked for.
    pub items: Vec<T>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page from up to `limit + 1` rows: the extra row only tells that there is more.
    pub fn from_rows(
        mut rows: Vec<T>,
        limit: PageLimit,
        cursor_after: impl FnOnce(&T) -> Cursor,
    ) -> Self {
        let more = rows.len() > limit.get();
        rows.truncate(limit.get());
        let next_cursor = if more { rows.last().map(|last| cursor_after(last).0) } else { None };
        Self { items: rows, next_cursor }
    }

    /// The same page with every row changed.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next_cursor: self.next_cursor }
    }
}

/// How many rows a page holds: 1–100, 24 unless asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimit(u8);

impl PageLimit {
    /// The limit asked for, forced into 1–100.
    pub fn clamped(asked: Option<u32>) -> Self {
        Self(u8::try_from(asked.unwrap_or(24).clamp(1, 100)).unwrap_or(100))
    }

    /// Rows on a page.
    pub const fn get(self) -> usize {
        self.0 as usize
    }

    /// Rows to ask the database for: one more, to see whether there is a next page.
    pub const fn fetch(self) -> i64 {
        self.0 as i64 + 1
    }
}

/// The cursor could not be read: cut, edited, or from another list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the cursor is not one this list gave out")]
pub struct CursorError;

/// Where a page ended: the sort key of its last row, opaque to clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// Packs a sort key.
    pub fn pack<K: Serialize>(key: &K) -> Self {
        let json = serde_json::to_vec(key).unwrap_or_default();
        Self(data_encoding::BASE64URL_NOPAD.encode(&json))
    }

    /// Unpacks what a client sent back.
    pub fn unpack<K: DeserializeOwned>(text: &str) -> Result<K, CursorError> {
        let json =
            data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| CursorError)?;
        // No key of ours holds a NUL, which PostgreSQL cannot take; JSON can hold one only so.
        if json.windows(6).any(|six| six == b"\\u0000") {
            return Err(CursorError);
        }
        serde_json::from_slice(&json).map_err(|_| CursorError)
    }
}

/// As it is given to clients.
impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extra_row_becomes_the_cursor() {
        let limit = PageLimit::clamped(Some(2));
        let page = Page::from_rows(vec![1, 2, 3], limit, Cursor::pack);
        assert_eq!(page.items, [1, 2]);
        assert_eq!(Cursor::unpack::<i32>(&page.next_cursor.unwrap()), Ok(2));
        assert_eq!(Page::from_rows(vec![1, 2], limit, Cursor::pack).next_cursor, None);
    }

    #[test]
    fn foreign_cursors_are_refused() {
        assert_eq!(Cursor::unpack::<(i64, String)>("§"), Err(CursorError));
        assert_eq!(Cursor::unpack::<(i64, String)>("e30"), Err(CursorError));
    }

    #[test]
    fn limits_are_clamped() {
        assert_eq!(PageLimit::clamped(None).get(), 24);
        assert_eq!(PageLimit::clamped(Some(0)).get(), 1);
        assert_eq!(PageLimit::clamped(Some(u32::MAX)).get(), 100);
    }
}
