//! Sending mail. [`MailRoute`] says which way mails go: into a folder ([`DevMailbox`], the default),
//! to an SMTP server ([`smtp::Smtp`]) or to `SendGrid` ([`sendgrid::SendGrid`]).
//!
//! *Invariant:* the same [`Mail::id`] is the same mail: it becomes the `Message-ID`, by which whoever
//! receives a repeated one can recognise it. *Invariant:* nothing that comes from outside can add a
//! header or a recipient. *Invariant:* no address of a person is in an error or a log line.

pub mod folder;
mod route;
pub mod sendgrid;
pub mod smtp;

use std::{io, time::SystemTime};

use data_encoding::BASE64;
use futures::future::BoxFuture;
use lettre::message::{
    Attachment, Mailbox, Message, MultiPart, SinglePart,
    header::{ContentType, HeaderName, HeaderValue},
};
use uuid::Uuid;

pub use self::{
    folder::{DevMailbox, StoredMail},
    route::MailRoute,
};
use crate::redact;

/// A mail to one person, in plain text and in HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// What this mail is about: the id of the job it comes from. The same id is the same mail: it
    /// becomes the `Message-ID`, by which a repeated one is recognised.
    pub id: Uuid,
    /// The address, as `a@example.com` or `Name <a@example.com>`.
    pub to: String,
    /// The subject, in one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// Pictures that the HTML shows.
    pub inline: Vec<Inline>,
    /// Headers of our own (`X-…`), for programs that read the mail.
    pub headers: Vec<(&'static str, String)>,
}

/// A picture in the HTML of a mail, which shows it as `<img src="cid:…">`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inline {
    /// Its name in the HTML, after `cid:`; letters, digits and `-`.
    pub cid: &'static str,
    /// What it is, e.g. `image/png`.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The HTML of a mail with its pictures in itself, for showing it outside a mail program.
pub fn with_pictures(html: &str, pictures: &[Inline]) -> String {
    pictures
        .iter()
        .fold(html.to_owned(), |html, it| embed(&html, it.cid, it.content_type, &it.bytes))
}

/// One picture put in place of its `cid:`.
fn embed(html: &str, cid: &str, content_type: &str, bytes: &[u8]) -> String {
    let data = format!("\"data:{content_type};base64,{}\"", BASE64.encode(bytes));
    html.replace(&format!("\"cid:{cid}\""), &data)
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// This mail can never be sent: the address or a header is wrong.
    #[error("the mail cannot be sent: {0}")]
    Invalid(String),
    /// The other side refuses this mail for good: there is no such mailbox, it is too large, …
    #[error("the mail was refused: {0}")]
    Refused(String),
    /// Perhaps later.
    #[error("the mail could not be sent now")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl MailError {
    /// Refused, in the other side's words; who was meant is left out.
    fn refused(words: &str) -> Self {
        Self::Refused(redact::contacts(words))
    }

    /// Perhaps later; who was meant is left out.
    fn unavailable(words: &str) -> Self {
        Self::Unavailable(redact::contacts(words).into())
    }
}

impl From<io::Error> for MailError {
    fn from(error: io::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

/// Whatever carries mail out of the house.
pub trait Mailer: Send + Sync {
    /// Sends one mail. Sending it again (the same id) does as little harm as the way allows:
    /// `docs/messages.md` says what that is.
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), MailError>>;
}

/// Who mails come from, from the configuration's words.
pub fn sender(words: &str) -> Result<Mailbox, MailError> {
    words.parse().map_err(|error| MailError::Invalid(format!("sender: {error}")))
}

/// The name by which a repeated mail is recognised, with its angle brackets.
fn message_id(mail: &Mail, sender: &Mailbox) -> String {
    format!("<{}@{}>", mail.id, sender.email.domain())
}

/// Who it goes to, if that is one address and nothing else.
fn recipient(mail: &Mail) -> Result<Mailbox, MailError> {
    if mail.to.contains(char::is_control) {
        return Err(MailError::Invalid("recipient: has several lines".to_owned()));
    }
    mail.to.parse().map_err(|error| MailError::Invalid(format!("recipient: {error}")))
}

/// Nothing that would become a header of its own.
fn check_lines(mail: &Mail) -> Result<(), MailError> {
    if mail.subject.contains(char::is_control) {
        return Err(MailError::Invalid("the subject has several lines".to_owned()));
    }
    for (name, value) in &mail.headers {
        if value.contains(char::is_control) {
            return Err(MailError::Invalid(format!("header {name} has several lines")));
        }
    }
    Ok(())
}

/// Headers besides the usual ones.
fn headers(mail: &Mail) -> impl Iterator<Item = (&'static str, &str)> {
    let own = mail.headers.iter().map(|(name, value)| (*name, value.as_str()));
    // So that nobody's automatic answer comes back (RFC 3834).
    own.chain([("Auto-Submitted", "auto-generated")])
}

/// Builds the message as it goes over the wire. Senders share this.
pub fn message(mail: &Mail, sender: &Mailbox, at: SystemTime) -> Result<Message, MailError> {
    let to = recipient(mail)?;
    check_lines(mail)?;
    let mut builder = Message::builder()
        .message_id(Some(message_id(mail, sender)))
        .from(sender.clone())
        .to(to)
        .date(at)
        .subject(&mail.subject);
    for (name, value) in headers(mail) {
        let known = HeaderName::new_from_ascii(name.to_owned())
            .map_err(|error| MailError::Invalid(format!("header {name}: {error}")))?;
        builder = builder.raw_header(HeaderValue::new(known, value.to_owned()));
    }
    builder.multipart(body(mail)?).map_err(|error| MailError::Invalid(error.to_string()))
}

/// The plain text, or the HTML with its pictures.
fn body(mail: &Mail) -> Result<MultiPart, MailError> {
    let both = MultiPart::alternative().singlepart(SinglePart::plain(mail.text.clone()));
    let html = SinglePart::html(mail.html.clone());
    if mail.inline.is_empty() {
        return Ok(both.singlepart(html));
    }
    let mut related = MultiPart::related().singlepart(html);
    for picture in &mail.inline {
        let content_type = ContentType::parse(picture.content_type)
            .map_err(|error| MailError::Invalid(format!("picture {}: {error}", picture.cid)))?;
        let part = Attachment::new_inline(picture.cid.to_owned());
        related = related.singlepart(part.body(picture.bytes.clone(), content_type));
    }
    Ok(both.multipart(related))
}

#[cfg(test)]
mod tests;
