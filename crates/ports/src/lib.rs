//! What Oxcart needs from the world besides PostgreSQL, as small types with an embedded default:
//! objects in a directory, mail into a folder, counts in memory. Real distributed parts take their
//! place when one machine is not enough.

pub mod mail;
pub mod objects;
pub mod rate_limit;

pub use objects::{ObjectError, ObjectKey, ObjectStore};
