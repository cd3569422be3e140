//! Sending mail. The default part, [`DevMailbox`], puts every mail as a file into a folder, where
//! people and tests can read it; real senders implement [`Mailer`] as well.

use std::{io, path::PathBuf, time::SystemTime};

use futures::future::BoxFuture;
use kernel::SharedClock;
use lettre::message::{
    Mailbox, Message, MultiPart,
    header::{HeaderName, HeaderValue},
};
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

/// A mail to one person, in plain text and in HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// What this mail is about: the id of the event or job it comes from. The same id is the same
    /// mail: it becomes the `Message-ID`, by which a repeated one is recognised.
    pub id: Uuid,
    /// The address, as `a@example.com` or `Name <a@example.com>`.
    pub to: String,
    /// The subject, in one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// Headers of our own (`X-…`), for programs that read the mail.
    pub headers: Vec<(&'static str, String)>,
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// This mail can never be sent: the address or a header is wrong.
    #[error("the mail cannot be sent: {0}")]
    Invalid(String),
    /// Perhaps later.
    #[error("the mail could not be sent now")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<io::Error> for MailError {
    fn from(error: io::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

/// Whatever carries mail out of the house.
pub trait Mailer: Send + Sync {
    /// Sends one mail. Sending it again (the same id) must do no harm.
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), MailError>>;
}

/// Builds the message as it goes over the wire. Senders share this.
pub fn message(mail: &Mail, sender: &Mailbox, at: SystemTime) -> Result<Message, MailError> {
    let to: Mailbox =
        mail.to.parse().map_err(|error| MailError::Invalid(format!("recipient: {error}")))?;
    if mail.subject.contains(['\r', '\n']) {
        return Err(MailError::Invalid("the subject has several lines".to_owned()));
    }
    let mut builder = Message::builder()
        .message_id(Some(format!("<{}@{}>", mail.id, sender.email.domain())))
        .from(sender.clone())
        .to(to)
        .date(at)
        .subject(&mail.subject);
    for (name, value) in &mail.headers {
        let name = HeaderName::new_from_ascii((*name).to_owned())
            .map_err(|error| MailError::Invalid(format!("header {name}: {error}")))?;
        if value.contains(['\r', '\n']) {
            return Err(MailError::Invalid(format!("header {name} has several lines")));
        }
        builder = builder.raw_header(HeaderValue::new(name, value.clone()));
    }
    builder
        .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
        .map_err(|error| MailError::Invalid(error.to_string()))
}

/// A folder of `.eml` files, `<id>.eml` each: ids are UUID v7, so names sort by time, and a mail
/// that is sent again takes the place of its first copy.
#[derive(Clone, Debug)]
pub struct DevMailbox {
    folder: PathBuf,
    sender: Mailbox,
    clock: SharedClock,
}

impl DevMailbox {
    /// Mails from `sender` (`Name <address>`) go into `folder`, which is made when it is needed.
    pub fn new(
        folder: impl Into<PathBuf>,
        sender: &str,
        clock: SharedClock,
    ) -> Result<Self, MailError> {
        let sender =
            sender.parse().map_err(|error| MailError::Invalid(format!("sender: {error}")))?;
        Ok(Self { folder: folder.into(), sender, clock })
    }

    async fn put(&self, mail: &Mail) -> Result<(), MailError> {
        let message = message(mail, &self.sender, self.clock.now().into())?;
        tokio::fs::create_dir_all(&self.folder).await?;
        // Written aside and renamed: whoever reads the folder never sees half a mail.
        let aside = self.folder.join(format!(".{}.part", mail.id));
        let mut file = tokio::fs::File::create(&aside).await?;
        file.write_all(&message.formatted()).await?;
        file.sync_all().await?;
        tokio::fs::rename(&aside, self.folder.join(format!("{}.eml", mail.id))).await?;
        Ok(())
    }
}

impl Mailer for DevMailbox {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), MailError>> {
        Box::pin(self.put(mail))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kernel::{Clock as _, Ids, ManualClock, SystemClock};

    use super::*;

    fn mail(id: Uuid) -> Mail {
        Mail {
            id,
            to: "王小明 <a@example.com>".to_owned(),
            subject: "訂單成立".to_owned(),
            text: "謝謝".to_owned(),
            html: "<p>謝謝</p>".to_owned(),
            headers: vec![("X-Oxcart-Order", "OX-1".to_owned())],
        }
    }

    fn mailbox(folder: &std::path::Path) -> DevMailbox {
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        DevMailbox::new(folder.join("mail"), "Oxcart <shop@oxcart.example>", clock).unwrap()
    }

    #[tokio::test]
    async fn a_mail_becomes_a_file_named_by_its_id_and_a_repeated_one_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = mailbox(folder.path());
        let id = Ids::from_seed(1).uuid(&SystemClock);
        mailbox.send(&mail(id)).await.unwrap();
        mailbox.send(&mail(id)).await.unwrap();

        let names: Vec<String> = std::fs::read_dir(folder.path().join("mail"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names, [format!("{id}.eml")]);
        let raw = std::fs::read_to_string(folder.path().join("mail").join(&names[0])).unwrap();
        for line in [
            "X-Oxcart-Order: OX-1".to_owned(),
            format!("Message-ID: <{id}@oxcart.example>"),
            "From: Oxcart <shop@oxcart.example>".to_owned(),
        ] {
            assert!(raw.lines().any(|l| l.eq_ignore_ascii_case(&line)), "{line} in\n{raw}");
        }
        assert!(raw.contains("multipart/alternative"));
    }

    #[tokio::test]
    async fn a_mail_that_can_never_be_sent_says_so_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = mailbox(folder.path());
        let good = mail(Ids::from_seed(1).uuid(&SystemClock));
        let no_address = Mail { to: "nobody".to_owned(), ..good.clone() };
        let injected = Mail { subject: "a\r\nBcc: b@example.com".to_owned(), ..good.clone() };
        let header = Mail { headers: vec![("X-Oxcart-Order", "1\r\nX: y".to_owned())], ..good };
        for bad in [no_address, injected, header] {
            assert!(matches!(mailbox.send(&bad).await, Err(MailError::Invalid(_))), "{bad:?}");
        }
        assert!(!folder.path().join("mail").exists());
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_worth_another_try() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mail"), "a file").unwrap();
        let mail = mail(Ids::from_seed(1).uuid(&SystemClock));
        let result = mailbox(folder.path()).send(&mail).await;
        assert!(matches!(result, Err(MailError::Unavailable(_))), "{result:?}");
    }
}
