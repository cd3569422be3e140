//! Keeping things alive, and ending them in order.

pub mod http;
pub mod lifecycle;
pub mod node;
pub mod room;
pub mod storefront;
pub mod worker;

pub use lifecycle::Lifecycle;
pub use storefront::Storefront;
