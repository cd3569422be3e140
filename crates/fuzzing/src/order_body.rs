//! JSON bodies: orders, and the other forms.

use api::{
    admin::{
        inventory::receive::Receipt,
        policies::{explain::Explain, save::PolicySetForm},
        users::change::AccountPatch,
    },
    kit::{body, idempotency::fingerprint},
    storefront::{
        checkout::CheckoutForm,
        me::{addresses::form::SavedAddressForm, change::ChangeMe},
        orders::{cancel::Cancellation, create::NewOrder},
    },
};
use garde::Validate;
use kernel::ErrorCode;
use serde::de::DeserializeOwned;

use crate::holds_nul;

/// A body is read as what it is meant to be, or refused as the client's mistake. An order that is
/// good is bounded, holds no character that PostgreSQL does not, and is the same when it is written
/// and read again.
pub fn order_body(data: &[u8]) {
    if let Some(order) = read::<NewOrder>(data) {
        assert!((1..=50).contains(&order.items.len()));
        assert!(order.items.iter().all(|item| (1..=999).contains(&item.quantity.get())));
        assert!(order.contact.email.chars().count() <= 254);
        assert!(order.note.as_ref().is_none_or(|note| note.chars().count() <= 500));
        let again = serde_json::to_vec(&order).expect("is written");
        assert!(!holds_nul(&serde_json::from_slice(&again).expect("is JSON")), "{order:?}");
        let read_again: NewOrder = body::parse(&again).expect("what we write we can read");
        assert!(read_again.validate().is_ok());
        assert_eq!(fingerprint(&read_again), fingerprint(&order));
    }
    read::<CheckoutForm>(data);
    read::<Cancellation>(data);
    read::<SavedAddressForm>(data);
    read::<ChangeMe>(data);
    read::<Receipt>(data);
    read::<AccountPatch>(data);
    read::<PolicySetForm>(data);
    read::<Explain>(data);
}

fn read<T: DeserializeOwned + Validate<Context = ()>>(data: &[u8]) -> Option<T> {
    match body::parse::<T>(data) {
        Ok(form) => form.validate().is_ok().then_some(form),
        Err(problem) => {
            let code = problem.code();
            let mistake = [ErrorCode::MalformedRequest, ErrorCode::ValidationFailed].contains(&code);
            assert!(mistake, "{problem:?}");
            None
        }
    }
}
