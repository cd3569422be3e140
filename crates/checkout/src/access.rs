//! The key to a guest's order: an unguessable token computed from the order's id, so that it needs
//! no place to be kept and every replay gives the same one.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use kernel::id::OrderId;
use orders::Fingerprint;
use sha2::Sha256;
use uuid::Uuid;

/// Makes and checks the tokens.
#[derive(Clone)]
pub struct OrderAccess {
    /// With the key taken in: every order begins with a copy.
    keyed: Hmac<Sha256>,
}

impl std::fmt::Debug for OrderAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OrderAccess(…)")
    }
}

impl OrderAccess {
    /// With this installation's secret.
    pub fn new(key: [u8; 32]) -> Self {
        let keyed = Hmac::<Sha256>::new_from_slice(&key);
        Self { keyed: keyed.unwrap_or_else(|_| unreachable!("HMAC takes keys of any length")) }
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

    /// A seal over the request that this key and this content make: who knows it has sent the
    /// request, or was told by who has.
    pub fn request_seal(&self, key: Uuid, fingerprint: &Fingerprint) -> [u8; 16] {
        let mut mac = self.keyed(b"oxcart order request\0");
        mac.update(key.as_bytes());
        mac.update(fingerprint);
        let mut seal = [0; 16];
        seal.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        seal
    }

    /// Whether a seal is that request's; compared in constant time.
    pub fn seals_request(&self, key: Uuid, fingerprint: &Fingerprint, seal: &[u8; 16]) -> bool {
        let mut mac = self.keyed(b"oxcart order request\0");
        mac.update(key.as_bytes());
        mac.update(fingerprint);
        mac.verify_truncated_left(seal).is_ok()
    }

    fn mac(&self, order: OrderId) -> Hmac<Sha256> {
        let mut mac = self.keyed(b"oxcart order access\0");
        mac.update(order.as_uuid().as_bytes());
        mac
    }

    fn keyed(&self, purpose: &[u8]) -> Hmac<Sha256> {
        self.keyed.clone().chain_update(purpose)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_one_requests_and_one_shops() {
        let access = OrderAccess::new([7; 32]);
        let (key, content) = (Uuid::from_u128(1), [1; 32]);
        let seal = access.request_seal(key, &content);
        assert!(access.seals_request(key, &content, &seal));
        assert!(!access.seals_request(Uuid::from_u128(2), &content, &seal));
        assert!(!access.seals_request(key, &[2; 32], &seal));
        assert!(!OrderAccess::new([8; 32]).seals_request(key, &content, &seal));
    }

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
