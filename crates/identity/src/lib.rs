//! People with an account: registration, sign-in, sessions, tokens, roles.
//!
//! Signing in takes three steps, so that no connection waits while a password is hashed:
//! [`credentials()`] (a read), [`Passwords::verify`] (no database), [`start_session()`] (a write). An
//! unknown e-mail goes through all the same work and fails with the same answer.
//!
//! A session is one sign-in on one device. It gives short access tokens ([`AccessTokens`], 15
//! minutes, checked without the database) for a refresh token that is replaced at each use.
//!
//! *Invariant:* passwords and refresh tokens are nowhere in the database, only their argon2id and
//! SHA-256 hashes. *Invariant:* a refresh token works once (see [`refresh()`] for the 10 seconds in
//! which two tabs may both use it); coming back later, it ends its session.
//! *Invariant:* there is no default password: the first administrator's comes from outside.
//!
//! *Lock order:* a user's row, then the user's sessions in id order, then their tokens.

pub mod access_token;
mod credentials;
mod end_session;
mod ensure_admin;
pub mod error;
pub mod model;
pub mod password;
mod refresh;
mod refresh_token;
mod register;
mod secret;
mod sql;
mod start_session;
mod user;

pub use access_token::{AccessClaims, AccessTokenError, AccessTokens};
pub use credentials::{Credentials, Verified, credentials};
pub use end_session::{EndReason, end_session, end_session_of, purge_sessions};
pub use ensure_admin::{AdminSetup, admin_exists, ensure_admin};
pub use error::IdentityError;
pub use model::{DisplayName, Email, InvalidIdentity, Role, User};
pub use password::{Password, PasswordHash, Passwords};
pub use refresh::{Refreshed, refresh};
pub use refresh_token::RefreshToken;
pub use register::register;
pub use secret::{ACCESS_TOKEN_KEY, ORDER_ACCESS_KEY, secret};
pub use start_session::{SignedIn, start_session};
pub use user::user;
