//! Who holds stock by orders that nobody has paid for.
//!
//! An order counts under two names: whoever orders (the account, else the contact e-mail), and the
//! telephone number. What is open under a name is what the orders' own status says; there is no
//! counter that could drift. Orders of those whom limits spare have no names, and are not counted.
//!
//! *Invariant:* whoever has to know exactly what is open under a name has locked it
//! ([`lock_holders`](crate::lock_holders)) until the end of the transaction, so that two orders
//! under one name take turns.

use std::collections::HashMap;

use kernel::id::UserId;
use pg::{Connection, DbResult};
use sha2::{Digest as _, Sha256};

use crate::{buyer::email_name, placing::Contact, sql_holds as sql};

/// One of the names an order holds stock under: eight bytes of a hash of what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HolderName(i64);

/// The names an order holds stock under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Whoever orders.
    pub customer: HolderName,
    /// Their telephone.
    pub phone: HolderName,
}

/// How many unpaid orders are open under each name. Names without any are absent.
pub type Open = HashMap<HolderName, i64>;

impl HolderName {
    fn of(kind: &str, what: &[u8]) -> Self {
        let hash = Sha256::new().chain_update(kind).chain_update([0]).chain_update(what).finalize();
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hash[..8]);
        Self(i64::from_be_bytes(bytes))
    }

    /// As the database keeps it.
    pub(crate) const fn to_i64(self) -> i64 {
        self.0
    }

    pub(crate) const fn from_i64(name: i64) -> Self {
        Self(name)
    }
}

impl Holder {
    /// Whoever orders with this account and these ways to be reached.
    pub fn new(account: Option<UserId>, contact: &Contact) -> Self {
        let customer = match account {
            Some(account) => HolderName::of("account", account.as_uuid().as_bytes()),
            None => HolderName::of("email", email_name(&contact.email).as_bytes()),
        };
        Self { customer, phone: HolderName::of("phone", digits(&contact.phone).as_bytes()) }
    }

    /// Both names.
    pub const fn names(self) -> [HolderName; 2] {
        [self.customer, self.phone]
    }
}

/// A telephone number however it was written: digits alone, Taiwan's own without its country code.
pub(crate) fn digits(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let international = phone.trim_start().starts_with('+') || digits.starts_with("00");
    let bare = digits.trim_start_matches('0');
    match bare.strip_prefix("886").filter(|_| international) {
        Some(national) => format!("0{}", national.trim_start_matches('0')),
        None if international => bare.to_owned(),
        None => digits,
    }
}

/// How many unpaid orders are open under these holders' names.
pub async fn open(conn: &mut Connection, holders: &[Holder]) -> DbResult<Open> {
    if holders.is_empty() {
        return Ok(Open::new());
    }
    sql::open(conn, holders).await
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn holder(account: Option<u128>, email: &str, phone: &str) -> Holder {
        let contact = Contact { email: email.into(), phone: phone.into() };
        Holder::new(account.map(|id| UserId::from(Uuid::from_u128(id))), &contact)
    }

    #[test]
    fn an_account_is_one_whatever_it_writes_and_a_guest_is_the_address() {
        let guest = holder(None, "a@example.com", "0912345678");
        assert_eq!(holder(None, " A+x@Example.COM", "0912345678"), guest);
        assert_ne!(holder(None, "b@example.com", "0912345678").customer, guest.customer);
        let account = holder(Some(7), "a@example.com", "0912345678");
        assert_eq!(holder(Some(7), "b@example.com", "0912345678"), account);
        assert_ne!(account.customer, guest.customer);
        assert_eq!(account.phone, guest.phone);
    }

    #[test]
    fn a_telephone_number_is_one_however_it_is_written() {
        for (one, other) in [
            ("0912345678", "0912-345 678"),
            ("0912345678", "+886 912 345 678"),
            ("0912345678", "+886 0912345678"),
            ("0912345678", "00886912345678"),
            ("(02)2345-6789", "+886-2-2345-6789"),
            ("+1 202 555 0100", "0012025550100"),
        ] {
            assert_eq!(digits(one), digits(other), "{one} and {other}");
        }
        for (one, other) in [
            ("0912345678", "0912345679"),
            ("0912345678", "912345678"),
            ("+1 202 555 0100", "+886 202 555 0100"),
        ] {
            assert_ne!(digits(one), digits(other), "{one} and {other}");
        }
    }
}
