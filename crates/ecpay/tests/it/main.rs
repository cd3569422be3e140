//! The crate from outside: published vectors, properties, whole forms and notices.

mod cards;
mod checkout;
#[cfg(feature = "client")]
mod client;
mod codes;
mod files;
mod notices;
mod properties;
#[cfg(feature = "client")]
mod server;
mod vectors;

use ecpay::Merchant;

/// ECPay's public test merchant.
fn merchant() -> Merchant {
    Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs").expect("sound keys")
}
