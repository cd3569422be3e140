//! A guest's order, found again by what the buyer knows of it: its number, and how they said that
//! they can be reached.

use kernel::id::OrderId;
use pg::{Connection, DbResult};
use sha2::{Digest as _, Sha256};

use crate::{holds::digits, number::OrderNumber, placing::Contact, sql_find as sql};

/// What somebody says they gave when they ordered. What they say has to be true, all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    email: Option<[u8; 32]>,
    phone: Option<[u8; 32]>,
}

impl Given {
    /// An e-mail address, or a telephone number, or both.
    pub fn new(email: Option<&str>, phone: Option<&str>) -> Self {
        Self { email: email.map(address), phone: phone.map(number) }
    }

    /// Whether an order was placed with this. What is said of nothing is true of no order. Hashes are
    /// compared: how much of a wrong one is right cannot be timed.
    fn is_of(&self, contact: &Contact) -> bool {
        let email = self.email.is_none_or(|given| given == address(&contact.email));
        let phone = self.phone.is_none_or(|given| given == number(&contact.phone));
        (self.email.is_some() || self.phone.is_some()) && email && phone
    }
}

/// The address as it was written, but for case and the spaces around it.
fn address(email: &str) -> [u8; 32] {
    Sha256::digest(email.trim().to_lowercase().as_bytes()).into()
}

/// The number, however it is written.
fn number(phone: &str) -> [u8; 32] {
    Sha256::digest(digits(phone).as_bytes()).into()
}

/// The guest's order with this number, if it was placed with what is given. Orders of accounts are
/// not found: whose they are is shown by signing in. No order, somebody else's and a wrong address
/// take the same work.
pub async fn find(
    conn: &mut Connection,
    number: OrderNumber,
    given: &Given,
) -> DbResult<Option<OrderId>> {
    let nobody = (None, Contact { email: "@".into(), phone: "".into() });
    let named = sql::guest_orders(conn, number).await?;
    let one = named.into_iter().find(|(id, _)| OrderNumber::of(*id) == number);
    let (id, contact) = one.map_or(nobody, |(id, contact)| (Some(id), contact));
    let is_theirs = given.is_of(&contact);
    Ok(id.filter(|_| is_theirs))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact() -> Contact {
        Contact { email: "Ming.Wang@example.com".into(), phone: "0912-345-678".into() }
    }

    #[test]
    fn what_is_given_is_known_again_however_it_is_written() {
        for (email, phone) in [
            (Some(" ming.wang@EXAMPLE.com"), None),
            (None, Some("+886 912 345 678")),
            (None, Some("0912345678")),
            (Some("Ming.Wang@example.com"), Some("(0912) 345678")),
        ] {
            assert!(Given::new(email, phone).is_of(&contact()), "{email:?} {phone:?}");
        }
    }

    #[test]
    fn all_of_it_has_to_be_true_and_nothing_is_not_enough() {
        for (email, phone) in [
            (None, None),
            (Some(""), None),
            (None, Some("")),
            (Some("ming.wang+a@example.com"), None),
            (Some("ming.wang@example.com"), Some("0912345679")),
            (Some("other@example.com"), Some("0912345678")),
            (None, Some("912345678")),
        ] {
            assert!(!Given::new(email, phone).is_of(&contact()), "{email:?} {phone:?}");
        }
    }
}
