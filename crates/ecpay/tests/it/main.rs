//! The crate from outside: published vectors, properties, whole forms and notices.

mod checkout;
mod notices;
mod properties;
mod vectors;

use ecpay::Merchant;

/// ECPay's public test merchant.
fn merchant() -> Merchant {
    Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs").expect("sound keys")
}
