//! The real program over real connections: floods, and `kill -9` in the middle of one.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod flood;
mod killed;
mod program;
