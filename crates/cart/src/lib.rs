//! Shopping carts of guests and of people with an account.
//!
//! A guest's cart is known by its id, kept in a cookie; a person has one cart, on every device.
//! Signing in merges the guest's into the person's ([`merge()`]). A cart promises nothing: prices and
//! stock are looked up when it is shown (`queries`) and decided when it is ordered (`intake`).
//!
//! *Invariant:* a line holds 1 to [`LINE_MAX`] units, a cart at most [`LINES_MAX`] lines, and a
//! variant is in a cart once. *Invariant:* a user's cart is never reached by its id alone: every
//! function here that changes a cart takes the id that [`find`] or [`open()`] gave for its owner.
//!
//! Beside it, people with an account keep what they like ([`wishes`](mod@wishes)).
//!
//! *Lock order:* the carts' rows in id order, then their items. Every change takes the cart's row
//! first, so changes of one cart take turns.

mod change;
pub mod error;
mod merge;
pub mod model;
mod open;
mod read;
mod sql;
mod sql_wishes;
pub mod wishes;

pub use change::{add, remove, set_coupon, set_quantity, take_out};
pub use error::CartError;
pub use merge::merge;
pub use model::{CartLine, CartOwner, LINE_MAX, LINES_MAX, LineQuantity};
pub use open::open;
pub use read::{coupon_code, find, lines};
pub use wishes::{WISHES_MAX, Wish, add_wishes, forget_wishes, remove_wish, wishes};
