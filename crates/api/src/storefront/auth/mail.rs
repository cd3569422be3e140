//! Mails about accounts: with which links, and in which language.

use identity::ProofToken;
use kernel::Locale;
use notifications::{AccountMail, AccountMailKind};
use pg::{Connection, DbResult};

use crate::{AppState, kit};

/// Pages of the storefront that mails lead to.
const VERIFY_EMAIL: &str = "verify-email";
const RESET_PASSWORD: &str = "reset-password";
const FORGOT_PASSWORD: &str = "forgot-password";
const LOGIN: &str = "login";

/// What to tell somebody.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Told<'a> {
    /// Show that this is your address.
    VerifyEmail(&'a ProofToken),
    /// Somebody registered with your address, which has an account.
    AlreadyRegistered,
    /// Set a new password.
    ResetPassword(&'a ProofToken),
    /// Your password was changed.
    PasswordChanged,
}

/// Writes the job that sends the mail, in the caller's transaction; in the language of the request.
pub(crate) async fn tell(
    conn: &mut Connection,
    state: &AppState,
    email: &str,
    told: Told<'_>,
) -> DbResult<()> {
    let locale = kit::locale();
    let (kind, link) = match told {
        Told::VerifyEmail(token) => {
            (AccountMailKind::VerifyEmail, page(state, locale, VERIFY_EMAIL, Some(token)))
        }
        Told::AlreadyRegistered => {
            (AccountMailKind::AlreadyRegistered, page(state, locale, LOGIN, None))
        }
        Told::ResetPassword(token) => {
            (AccountMailKind::ResetPassword, page(state, locale, RESET_PASSWORD, Some(token)))
        }
        Told::PasswordChanged => {
            (AccountMailKind::PasswordChanged, page(state, locale, FORGOT_PASSWORD, None))
        }
    };
    let mail = AccountMail { kind, email: email.to_owned(), locale, link };
    outbox::enqueue(conn, &[mail.job(&state.ids, &*state.clock)]).await
}

/// The address of a page. The token is letters, digits, `-` and `_`: nothing to escape.
fn page(state: &AppState, locale: Locale, name: &str, token: Option<&ProofToken>) -> String {
    let language = match locale {
        Locale::ZhTw => "",
        Locale::En => "/en",
    };
    let token = token.map(|token| format!("?token={}", token.reveal())).unwrap_or_default();
    format!("{}{language}/{name}{token}", state.public_url)
}
