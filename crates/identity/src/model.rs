//! People, their names and their roles.

use kernel::id::UserId;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What somebody of the shop may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Products, stock, orders, refunds.
    Ops,
    /// Receiving, stocktake, picking and shipping.
    Warehouse,
    /// People, roles, settings.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Ops, Self::Warehouse, Self::Admin];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ops => "ops",
            Self::Warehouse => "warehouse",
            Self::Admin => "admin",
        }
    }

    /// The role a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// A person with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Where mail reaches them.
    pub email: Email,
    /// What they are called.
    pub name: String,
    /// What they may do in the shop; customers have none.
    pub roles: Vec<Role>,
    /// Whether they have shown that they read the mail of that address.
    pub email_verified: bool,
    /// Their telephone, if they gave one.
    pub phone: Option<String>,
}

impl User {
    /// Somebody new: nothing is known beyond what they say.
    pub const fn new(id: UserId, email: Email, name: String, roles: Vec<Role>) -> Self {
        Self { id, email, name, roles, email_verified: false, phone: None }
    }

    /// Whether they may run the shop.
    pub fn is_admin(&self) -> bool {
        self.roles.contains(&Role::Admin)
    }
}

/// Input that cannot be part of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidIdentity {
    /// Not an address that mail can be sent to.
    #[error("this is not an e-mail address")]
    Email,
    /// Names have 1 to 100 characters.
    #[error("a name has 1 to {} characters", DisplayName::MAX_CHARS)]
    Name,
    /// The password is too short.
    #[error("a password has at least {} characters", crate::Password::MIN_CHARS)]
    PasswordTooShort,
    /// The password is too long.
    #[error("a password has at most {} characters", crate::Password::MAX_CHARS)]
    PasswordTooLong,
    /// What an API key may be used for.
    #[error("scopes are 1 to {} names of actions", crate::Scopes::MOST)]
    Scopes,
    /// The password is one that is tried first.
    #[error("this password is too easy to guess: choose one that is less common")]
    PasswordCommon,
}

/// An e-mail address, as typed; compared without regard to case.
#[derive(Clone, Debug)]
pub struct Email(String);

impl Email {
    /// The longest address (RFC 5321).
    pub const MAX_LEN: usize = 254;

    /// An address, trimmed and checked: ASCII, one `@`, a domain with a dot.
    pub fn new(text: &str) -> Result<Self, InvalidIdentity> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidIdentity::Email)?;
        let fits = text.len() <= Self::MAX_LEN && is_local(local) && is_domain(domain);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidIdentity::Email) }
    }

    pub(crate) const fn from_database(text: String) -> Self {
        Self(text)
    }

    /// The address as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Email {}

/// A dot-atom (RFC 5322 §3.2.3): quoted local parts exist on paper only.
fn is_local(local: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&b);
    let atom = |atom: &str| !atom.is_empty() && atom.bytes().all(letter);
    local.len() <= 64 && local.split('.').all(atom)
}

fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = domain.rsplit('.').next().unwrap_or_default();
    let has_letter = last.bytes().any(|b| b.is_ascii_alphabetic());
    domain.contains('.') && domain.split('.').all(label) && has_letter
}

/// What somebody wants to be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName(String);

impl DisplayName {
    /// The longest name.
    pub const MAX_CHARS: usize = 100;

    /// A name, trimmed and checked.
    pub fn new(text: &str) -> Result<Self, InvalidIdentity> {
        let text = text.trim();
        let count = text.chars().count();
        let fits = (1..=Self::MAX_CHARS).contains(&count) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidIdentity::Name) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_that_mail_can_reach_are_accepted() {
        for good in ["a@example.com", " Wang.Xiao+shop@mail.example.com.tw ", "o'neil@a-b.io"] {
            assert_eq!(Email::new(good).unwrap().as_str(), good.trim());
        }
        for bad in [
            "",
            "a",
            "@",
            "a@",
            "@b.c",
            "a@b",
            "a b@c.de",
            "a@b..c",
            ".a@b.cd",
            "a.@b.cd",
            "a@-b.cd",
            "a@b.cd\r\nBcc: x@y.zz",
            "王@例.tw",
            "a@[127.0.0.1]",
            "a@1.2.3.4",
            "a@b@c.de",
        ] {
            assert_eq!(Email::new(bad).map(|_| ()), Err(InvalidIdentity::Email), "{bad}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        assert!(Email::new(&long).is_err());
    }

    #[test]
    fn addresses_are_compared_without_case() {
        assert_eq!(Email::new("A@Example.com"), Email::new("a@example.COM"));
    }

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(DisplayName::new(" 王小明 ").unwrap().as_str(), "王小明");
        assert!(DisplayName::new(&"明".repeat(100)).is_ok());
        for bad in ["", "  ", "a\nb", &"明".repeat(101)] {
            assert_eq!(DisplayName::new(bad), Err(InvalidIdentity::Name));
        }
    }

    #[test]
    fn roles_go_by_their_words() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
        assert_eq!(Role::parse("root"), None);
    }

    proptest! {
        #[test]
        fn an_accepted_address_is_one_line_of_ascii(text in "\\PC{0,40}") {
            if let Ok(email) = Email::new(&text) {
                prop_assert!(email.as_str().bytes().all(|b| b.is_ascii_graphic()));
                prop_assert_eq!(email.as_str().matches('@').count(), 1);
            }
        }
    }
}
