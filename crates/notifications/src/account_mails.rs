//! Mails about accounts. They belong to no event: whoever changes an account asks for the mail in
//! the same transaction.

use kernel::{Clock, Ids, Locale};
use outbox::NewJob;

use crate::{jobs, mails::account::Account};

/// Which mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountMailKind {
    /// Show that this is your address.
    VerifyEmail,
    /// Somebody registered with your address, which has an account.
    AlreadyRegistered,
    /// Set a new password.
    ResetPassword,
    /// Your password was changed.
    PasswordChanged,
}

impl AccountMailKind {
    /// Every mail.
    pub const ALL: [Self; 4] =
        [Self::VerifyEmail, Self::AlreadyRegistered, Self::ResetPassword, Self::PasswordChanged];

    /// The kind of the job that sends it.
    pub const fn job_kind(self) -> &'static str {
        match self {
            Self::VerifyEmail => "send_verify_email",
            Self::AlreadyRegistered => "send_already_registered",
            Self::ResetPassword => "send_reset_password",
            Self::PasswordChanged => "send_password_changed",
        }
    }

    /// The section of its phrases, which is also what programs know it by.
    pub const fn word(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::AlreadyRegistered => "already_registered",
            Self::ResetPassword => "reset_password",
            Self::PasswordChanged => "password_changed",
        }
    }
}

/// A mail about an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountMail {
    /// Which.
    pub kind: AccountMailKind,
    /// Where it goes.
    pub email: String,
    /// The language it is written in.
    pub locale: Locale,
    /// The page it leads to.
    pub link: String,
}

impl AccountMail {
    /// The job that sends it, for [`outbox::enqueue`].
    pub fn job(self, ids: &Ids, clock: &dyn Clock) -> NewJob {
        let payload = Account { email: self.email, locale: self.locale, link: self.link };
        jobs::job(self.kind.job_kind(), &payload, None, ids, clock)
    }
}
