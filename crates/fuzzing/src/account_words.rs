//! What people call themselves, and what a key may be used for.

use identity::{DisplayName, Email, Password, Scopes};

use crate::text;

/// What was taken once is taken again as it is, and is fit for a line of a mail and for a database.
pub fn account_words(data: &[u8]) {
    let given = text(data);
    if let Ok(email) = Email::new(&given) {
        let kept = email.as_str();
        assert_eq!(Email::new(kept).as_ref().map(Email::as_str), Ok(kept));
        assert!(kept.contains('@') && kept.chars().count() <= 254, "{kept:?}");
        assert!(!kept.chars().any(|c| c.is_control() || c.is_whitespace()), "{kept:?}");
    }
    if let Ok(name) = DisplayName::new(&given) {
        let kept = name.as_str();
        assert_eq!(DisplayName::new(kept).as_ref().map(DisplayName::as_str), Ok(kept));
        assert!((1..=100).contains(&kept.chars().count()), "{kept:?}");
        assert!(!kept.chars().any(char::is_control), "{kept:?}");
    }
    if let Ok(password) = Password::new(given.clone()) {
        let length = given.chars().count();
        assert!((Password::MIN_CHARS..=Password::MAX_CHARS).contains(&length));
        assert_eq!(format!("{password:?}"), "Password(…)");
        // Whether it resembles the account is looked at, whatever the account is called.
        password.unlike(&given, &given).ok();
    }
    let words: Vec<String> = given.split(',').map(str::to_owned).collect();
    if let Ok(scopes) = Scopes::new(&words, None) {
        let kept = scopes.as_slice();
        assert!(kept.len() <= Scopes::MOST && kept.is_sorted(), "{kept:?}");
        assert!(kept.iter().all(|word| words.contains(word)), "{kept:?}");
        assert_eq!(Scopes::new(kept, None).as_ref(), Ok(&scopes));
    }
}
