//! What Oxcart needs from the world besides PostgreSQL, as small types with an embedded default:
//! objects in a directory, mail and short messages into folders, counts in memory. Real distributed
//! parts take their place when one machine is not enough, and real providers when people are to read
//! what is written.

mod address;
mod http;
pub mod mail;
pub mod objects;
pub mod rate_limit;
pub mod redact;
pub mod sms;

pub use address::RouteError;
pub use objects::{ObjectError, ObjectKey, ObjectRoute, ObjectStore, S3Bucket};
