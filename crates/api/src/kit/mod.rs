//! What every endpoint uses: problem details, extractors, idempotency keys, request context.

pub mod body;
pub mod caller;
pub mod cart_cookie;
pub mod challenge;
pub mod client_ip;
pub mod context;
pub mod cookies;
pub mod csv;
pub mod denylist;
pub mod edit;
pub mod entrance;
pub mod idempotency;
pub mod key_cache;
pub mod limits;
mod moved;
pub mod origin;
pub mod params;
pub mod prefer;
pub mod problem;
pub mod safety_headers;
mod shape;
pub mod streams;
pub mod validate;
pub mod version;

pub use body::Json;
pub use caller::{Caller, Person, SignedIn};
pub use client_ip::ClientIp;
pub use context::{locale, trace_id};
pub use edit::{edit, edit_seen};
pub use idempotency::IdempotencyKey;
pub use limits::{Limits, Visit};
pub use moved::moved;
pub use params::{Path, Query};
pub use prefer::RespondAsync;
pub use problem::{FieldError, Problem};
pub use version::{IfMatch, etag};
