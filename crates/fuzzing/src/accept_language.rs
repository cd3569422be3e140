//! `Accept-Language`.

use kernel::Locale;

use crate::text;

/// Whatever a client would like to read, it gets one of ours; languages that the shop does not
/// speak change nothing, wherever they stand.
pub fn accept_language(data: &[u8]) {
    let header = text(data);
    let chosen = Locale::from_accept_language(&header);
    assert_eq!(Locale::from_accept_language(&format!("{header},fr")), chosen);
    assert_eq!(Locale::from_accept_language(&format!("tlh;q=1,{header}")), chosen);
    // The tag of what was chosen leads to the same choice.
    assert_eq!(Locale::from_accept_language(chosen.tag()), chosen);
}
