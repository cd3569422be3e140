//! The real program over real connections: floods, `kill -9` in the middle of one, clients that mean
//! no good, a full queue, and the end.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod flood;
mod hostile;
mod killed;
mod pressure;
mod program;
mod sign_out;
mod webhooks;
