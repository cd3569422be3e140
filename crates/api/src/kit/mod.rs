//! What every endpoint uses: problem details, extractors, idempotency keys, request context.

pub mod body;
pub mod caller;
pub mod cart_cookie;
pub mod context;
pub mod cookies;
pub mod entrance;
pub mod idempotency;
pub mod origin;
pub mod params;
pub mod prefer;
pub mod problem;
pub mod streams;
pub mod validate;

pub use body::Json;
pub use caller::{Caller, SignedIn, Staff};
pub use context::{locale, trace_id};
pub use idempotency::IdempotencyKey;
pub use params::{Path, Query};
pub use prefer::RespondAsync;
pub use problem::{FieldError, Problem};
