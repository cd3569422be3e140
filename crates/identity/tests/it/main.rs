//! Accounts, sessions and secrets on a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod addresses;
mod admin;
mod api_keys;
mod closing;
mod mails;
mod newcomers;
mod passwords;
mod people;
mod registration;
mod revocations;
mod second_factor;
mod sessions;
mod signing_keys;
