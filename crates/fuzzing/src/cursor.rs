//! Cursors of lists.

use data_encoding::BASE64URL_NOPAD;
use kernel::{Cursor, Page, PageLimit};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

use crate::{holds_nul, text};

/// What can be unpacked is packed again and unpacked as the same, and holds nothing that PostgreSQL
/// cannot take.
pub fn cursor(data: &[u8]) {
    // As a client would send it, and in the dress of a cursor.
    for given in [text(data), BASE64URL_NOPAD.encode(data)] {
        look::<Uuid>(&given);
        look::<(i32, i64, Uuid)>(&given);
        look::<(String, Uuid)>(&given);
        if let Ok(value) = Cursor::unpack::<Value>(&given) {
            assert!(!holds_nul(&value), "{value}");
        }
    }
}

fn look<K: Serialize + DeserializeOwned + PartialEq>(given: &str) {
    let Ok(key) = Cursor::unpack::<K>(given) else { return };
    let page = Page::from_rows(vec![0, 1], PageLimit::clamped(Some(1)), |_| Cursor::pack(&key));
    let again = page.next_cursor.and_then(|shown| Cursor::unpack::<K>(&shown).ok());
    assert!(again.as_ref() == Some(&key), "{given:?} is not the same twice");
}
