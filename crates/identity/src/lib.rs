//! People with an account: registration, sign-in, sessions, tokens, roles.
//!
//! Signing in takes several steps, so that no connection waits while a password is hashed:
//! [`credentials()`] (a read), [`Passwords::verify`] (no database), then in one transaction
//! [`SecondFactors::admit`] and [`start_session()`]. An unknown e-mail goes through all the same work
//! and fails with the same answer. Before all of it, [`Attempts`] says whether there were too many.
//!
//! A session is one sign-in on one device. It gives short access tokens ([`AccessTokens`], 15
//! minutes, checked without the database) for a refresh token that is replaced at each use. When it
//! ends, its access tokens end with it, within a second on every node ([`Revocations`]). Programs of
//! integrators have an [`ApiKey`] instead.
//!
//! What a registration, or a forgotten password, comes to, is told by mail and nowhere else: the
//! answers and the work are the same whether an e-mail is known or not ([`register()`],
//! [`forgot_password()`]). Whoever brings back what a mail carried ([`ProofToken`]) reads that mail.
//!
//! *Invariant:* passwords and refresh tokens are nowhere in the database, only their argon2id and
//! SHA-256 hashes; so are the tokens of mails, save in the job that sends the mail. *Invariant:* a refresh token works once (see [`refresh()`] for the 10 seconds in
//! which two tabs may both use it); coming back later, it ends its session.
//! *Invariant:* where a second factor is on, no session starts without it; a code works once.
//! *Invariant:* there is no default password: the first administrator's comes from outside.
//!
//! *Lock order:* the advisory lock of the administrators, a user's row, then the user's sessions in
//! id order, then their tokens, then what else is the user's.

pub mod access_token;
mod addresses;
mod api_keys;
mod attempts;
mod change_password;
mod close_account;
mod credentials;
mod device;
mod end_session;
mod ensure_admin;
pub mod error;
pub mod model;
pub mod password;
mod password_rules;
mod profile;
mod proof;
mod recovery_codes;
mod refresh;
mod refresh_token;
mod register;
mod reset_password;
mod revocations;
mod second_factor;
mod secret;
mod sessions;
mod signing_keys;
mod sql;
mod staff;
mod start_session;
mod totp;
mod user;
mod verify_email;

pub use access_token::{AccessClaims, AccessTokenError, AccessTokens};
pub use addresses::{
    Address, AddressFields, MOST_ADDRESSES, add_address, addresses, remove_address, replace_address,
};
pub use api_keys::{
    ApiKey, ApiKeyInfo, ApiKeyOwner, MOST_API_KEYS, NewApiKey, Scopes, api_key_owner, api_keys,
    create_api_key, revoke_api_key,
};
pub use attempts::{AttemptKey, Attempts, TooMany};
pub use change_password::change_password;
pub use close_account::close_account;
pub use credentials::{Credentials, Verified, credentials, credentials_of};
pub use device::Device;
pub use end_session::{EndReason, end_session, end_session_of, purge_sessions};
pub use ensure_admin::{AdminSetup, admin_exists, ensure_admin};
pub use error::IdentityError;
pub use model::{DisplayName, Email, InvalidIdentity, Role, User};
pub use password::{Password, PasswordHash, Passwords};
pub use profile::{PhoneChange, ProfileChange, change_profile};
pub use proof::{ProofToken, Purpose, purge_proofs};
pub use recovery_codes::{RECOVERY_CODES, RecoveryCode};
pub use refresh::{Refreshed, refresh};
pub use refresh_token::RefreshToken;
pub use register::{Registration, register};
pub use reset_password::{forgot_password, reset_candidate, reset_password};
pub use revocations::{Revocations, purge_revocations, revoke_tokens};
pub use second_factor::{
    Admitted, SecondFactorState, SecondFactors, SecondStep, second_factor_state,
};
pub use secret::{
    ACCESS_TOKEN_KEY, CHALLENGE_KEY, ORDER_ACCESS_KEY, SECOND_FACTOR_KEY, WEBHOOK_KEY, secret,
};
pub use sessions::{Session, end_own_session, end_sessions, sessions};
pub use signing_keys::{
    Rotation, SigningKey, purge_signing_keys, rotate_signing_keys, signing_keys,
};
pub use staff::{Account, AccountChange, AccountFilter, account, accounts, change_account};
pub use start_session::{SignedIn, start_session};
pub use totp::TotpSecret;
pub use user::user;
pub use verify_email::{Resend, resend_verification, verify_email};
