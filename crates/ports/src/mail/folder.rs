//! A folder of mails instead of sending them: for development, tests and shops that try things out.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use futures::future::BoxFuture;
use jiff::Timestamp;
use kernel::SharedClock;
use lettre::message::Mailbox;
use mail_parser::{Message, MessageParser, MimeHeaders as _};
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use super::{Mail, MailError, Mailer, embed, message, sender};

/// A folder of `.eml` files, `<id>.eml` each: ids are UUID v7, so names sort by time, and a mail
/// that is sent again takes the place of its first copy.
#[derive(Clone, Debug)]
pub struct DevMailbox {
    folder: PathBuf,
    sender: Mailbox,
    clock: SharedClock,
}

/// A mail that lies in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMail {
    /// Its id.
    pub id: Uuid,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// To whom.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML, with its pictures in itself. Whoever shows it has to keep it from running.
    pub html: String,
}

impl DevMailbox {
    /// Mails from `from` (`Name <address>`) go into `folder`, which is made when it is needed.
    pub fn new(
        folder: impl Into<PathBuf>,
        from: &str,
        clock: SharedClock,
    ) -> Result<Self, MailError> {
        Ok(Self { folder: folder.into(), sender: sender(from)?, clock })
    }

    async fn put(&self, mail: &Mail) -> Result<(), MailError> {
        let message = message(mail, &self.sender, self.clock.now().into())?;
        put_aside(&self.folder, &format!("{}.eml", mail.id), &message.formatted()).await?;
        Ok(())
    }

    /// Up to `limit` mails, the newest first.
    pub async fn list(&self, limit: usize) -> std::io::Result<Vec<StoredMail>> {
        let mut mails = Vec::new();
        for id in newest(&self.folder, "eml", limit).await? {
            mails.extend(self.find(id).await?);
        }
        Ok(mails)
    }

    /// One mail, if it is there and can be read.
    pub async fn find(&self, id: Uuid) -> std::io::Result<Option<StoredMail>> {
        match tokio::fs::read(self.folder.join(format!("{id}.eml"))).await {
            Ok(raw) => Ok(StoredMail::read(id, &raw)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Mailer for DevMailbox {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), MailError>> {
        Box::pin(self.put(mail))
    }
}

impl StoredMail {
    fn read(id: Uuid, raw: &[u8]) -> Option<Self> {
        let mail = MessageParser::default().parse(raw)?;
        let to =
            mail.to().and_then(|to| to.first()).and_then(|it| it.address()).unwrap_or_default();
        let sent_at = mail.date().and_then(|at| Timestamp::from_second(at.to_timestamp()).ok());
        Some(Self {
            id,
            sent_at,
            to: to.to_owned(),
            subject: mail.subject().unwrap_or_default().to_owned(),
            text: mail.body_text(0).unwrap_or_default().into_owned(),
            html: with_attachments(&mail.body_html(0).unwrap_or_default(), &mail),
        })
    }
}

/// The HTML with its pictures in itself.
fn with_attachments(html: &str, mail: &Message<'_>) -> String {
    let mut html = html.to_owned();
    for part in mail.attachments() {
        let (Some(cid), Some(kind)) = (part.content_id(), part.content_type()) else { continue };
        let kind = format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default());
        html = embed(&html, cid, &kind, part.contents());
    }
    html
}

/// Writes a file whole or not at all: whoever reads the folder never sees half a message.
pub(crate) async fn put_aside(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    tokio::fs::create_dir_all(folder).await?;
    let aside = folder.join(format!(".{name}.part"));
    let mut file = tokio::fs::File::create(&aside).await?;
    file.write_all(bytes).await?;
    file.sync_all().await?;
    tokio::fs::rename(&aside, folder.join(name)).await
}

/// The ids of up to `limit` files with this ending, the newest first; none where there is no folder.
pub(crate) async fn newest(
    folder: &Path,
    ending: &str,
    limit: usize,
) -> std::io::Result<Vec<Uuid>> {
    let mut entries = match tokio::fs::read_dir(folder).await {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut ids: Vec<Uuid> = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        let name = entry.file_name();
        let stem = name.to_str().and_then(|it| it.strip_suffix(ending)?.strip_suffix('.'));
        ids.extend(stem.and_then(|it| it.parse::<Uuid>().ok()));
    }
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids.truncate(limit);
    Ok(ids)
}
