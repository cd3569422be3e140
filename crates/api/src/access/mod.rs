//! Who may call which route: every route declares it in one table ([`rules`]), and [`Permit`] and
//! the handlers hold to it.

pub mod permit;
pub mod rules;

pub use permit::{Change, Permit};
pub use rules::{RULES, RouteRule, Who, rule_of};
