//! Who counts as one buyer, for limits a customer.
//!
//! A buyer has up to two names: the account, and what the contact e-mail gives. An order counts
//! under each of its names, and is within a limit only when it is so under each of them. So the
//! orders of an account count together whatever e-mail they give, and so do guests' orders and
//! accounts' orders that give the same e-mail. Telephone numbers do not count: families and offices
//! share one.

use kernel::id::UserId;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::placing::Order;

/// The names an order counts under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Buyer {
    /// The account; a guest has none.
    pub account: Option<UserId>,
    /// The contact e-mail's name; see [`email_name`].
    pub email: Uuid,
}

impl Buyer {
    /// Whoever orders with this account and this contact e-mail.
    pub fn new(account: Option<UserId>, email: &str) -> Self {
        Self { account, email: email_name(email) }
    }

    /// An order's buyer.
    pub fn of(order: &Order) -> Self {
        Self::new(order.customer, &order.contact.email)
    }

    /// The names.
    pub fn names(self) -> impl Iterator<Item = Uuid> {
        self.account.map(UserId::as_uuid).into_iter().chain([self.email])
    }
}

/// The first 16 bytes of the SHA-256 of the address in lower case (ASCII) and without its tag:
/// `A+b@example.com` is `a@example.com`. The database computes the same (`orders.buyer_of_email`).
pub fn email_name(email: &str) -> Uuid {
    let mut address = email.trim_matches(' ').to_ascii_lowercase();
    if let (Some(tag), Some(at)) = (address.find('+'), address.find('@'))
        && 0 < tag
        && tag < at
    {
        address.replace_range(tag..at, "");
    }
    let hash = Sha256::digest(address.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    Uuid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_is_one_buyer() {
        let name = email_name("a.b@example.com");
        for same in
            ["A.B@Example.COM", " a.b@example.com ", "a.b+sale@example.com", "a.b+@example.com"]
        {
            assert_eq!(email_name(same), name, "{same}");
        }
        for other in ["ab@example.com", "a.b@example.org", "+a.b@example.com", "a.b@example.com+x"]
        {
            assert_ne!(email_name(other), name, "{other}");
        }
    }

    #[test]
    fn an_account_has_two_names_and_a_guest_one() {
        let account = Uuid::from_u128(7).into();
        let buyer = Buyer::new(Some(account), "a@example.com");
        let guest = Buyer::new(None, "a+b@example.com");
        assert_eq!(buyer.names().collect::<Vec<_>>(), [account.as_uuid(), guest.email]);
        assert_eq!(guest.names().collect::<Vec<_>>(), [buyer.email]);
    }
}
