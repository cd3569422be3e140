//! The key to a guest's order: an unguessable token computed from the order's id, so that it needs
//! no place to be kept and every replay gives the same one.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use kernel::id::OrderId;
use sha2::Sha256;

/// Makes and checks the tokens.
#[derive(Clone)]
pub struct OrderAccess {
    key: [u8; 32],
}

impl std::fmt::Debug for OrderAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OrderAccess(…)")
    }
}

impl OrderAccess {
    /// With this installation's secret.
    pub const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The token for an order.
    pub fn token(&self, order: OrderId) -> String {
        BASE64URL_NOPAD.encode(&self.mac(order).finalize().into_bytes())
    }

    /// Whether a token opens an order; compared in constant time.
    pub fn opens(&self, order: OrderId, token: &str) -> bool {
        let Ok(given) = BASE64URL_NOPAD.decode(token.as_bytes()) else { return false };
        self.mac(order).verify_slice(&given).is_ok()
    }

    fn mac(&self, order: OrderId) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key)
            .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        mac.update(b"oxcart order access\0");
        mac.update(order.as_uuid().as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_token_opens_its_own_order_only() {
        let access = OrderAccess::new([7; 32]);
        let (a, b) = (OrderId::from(Uuid::from_u128(1)), OrderId::from(Uuid::from_u128(2)));
        let token = access.token(a);
        assert!(access.opens(a, &token));
        assert!(!access.opens(b, &token));
        assert!(!OrderAccess::new([8; 32]).opens(a, &token));
        for wrong in ["", "x", "====", &token[1..], &format!("{token}A")] {
            assert!(!access.opens(a, wrong), "{wrong}");
        }
    }
}
