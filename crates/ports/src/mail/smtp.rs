//! Sending mail through an SMTP server.
//!
//! A few connections are kept and used again. A connection belongs to one mail at a time, and goes
//! back only after the server has taken that mail: one that failed, or whose job was cut off in the
//! middle, is closed, because nobody knows what its next answer would belong to. (A pool that takes
//! such connections back could count the answer to one mail for another.)

use std::{
    fmt, io,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use kernel::SharedClock;
use lettre::{
    message::Mailbox,
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        extension::ClientId,
    },
};
use tokio::time::Instant;

use super::{Mail, MailError, Mailer, message};

/// The longest the server may take for one answer.
const ANSWER_TIME: Duration = Duration::from_secs(8);
/// The longest a mail may take altogether; shorter than the time limit of its job.
const MAIL_TIME: Duration = Duration::from_secs(25);
/// Connections that are kept while nothing is sent.
const IDLE_MAX: usize = 4;
/// How long they are kept; servers hang up after some minutes.
const IDLE_TIME: Duration = Duration::from_secs(30);

/// How the connection is kept from being read by others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (port 465).
    Implicit,
    /// TLS by `STARTTLS`, without which nothing is sent (port 587).
    StartTls,
    /// None: for a server on the same machine or network.
    Plain,
}

/// Which server.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpServer {
    /// Its name, which its certificate has to be for.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// User name and password, where it wants them.
    pub credentials: Option<(String, String)>,
    /// A file of certificates (PEM) that are believed besides the machine's own.
    pub ca: Option<PathBuf>,
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, security, credentials, ca } = self;
        let user = credentials.as_ref().map(|(user, _)| user);
        f.debug_struct("SmtpServer")
            .field("host", host)
            .field("port", port)
            .field("security", security)
            .field("user", &user)
            .field("ca", ca)
            .finish_non_exhaustive()
    }
}

/// Sends through an SMTP server.
pub struct Smtp {
    server: SmtpServer,
    tls: Option<TlsParameters>,
    sender: Mailbox,
    hello: ClientId,
    clock: SharedClock,
    /// Connections that nobody uses, and since when.
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Smtp {
    /// Mails from `sender` through `server`. Connects to nobody yet; reads the file of certificates.
    pub fn new(server: SmtpServer, sender: Mailbox, clock: SharedClock) -> Result<Self, MailError> {
        let tls = match server.security {
            Security::Plain => None,
            Security::Implicit | Security::StartTls => Some(tls(&server)?),
        };
        let hello = ClientId::Domain(sender.email.domain().to_owned());
        Ok(Self { server, tls, sender, hello, clock, idle: Mutex::default() })
    }

    async fn deliver(&self, mail: &Mail) -> Result<(), MailError> {
        let message = message(mail, &self.sender, self.clock.now().into())?;
        let mut connection = match self.take_idle().await {
            Some(connection) => connection,
            None => {
                self.connect().await.map_err(|error| MailError::unavailable(&error.to_string()))?
            }
        };
        let answer = connection.send(message.envelope(), &message.formatted()).await;
        let answer = answer.map_err(|error| {
            let words = error.to_string();
            // 5xx is about this mail, everything else about the moment. That a server lacks what
            // an address outside ASCII needs will not change either.
            let for_good = error.is_permanent() || error.is_client();
            if for_good { MailError::refused(&words) } else { MailError::unavailable(&words) }
        })?;
        tracing::debug!(mail.id = %mail.id, code = %answer.code(), "the mail server took a mail");
        self.keep(connection);
        Ok(())
    }

    /// A connection that is still good.
    async fn take_idle(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let (mut connection, since) = self.lock().pop()?;
            if since.elapsed() < IDLE_TIME && connection.test_connected().await {
                return Some(connection);
            }
        }
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.lock();
        idle.retain(|(_, since)| since.elapsed() < IDLE_TIME);
        if idle.len() < IDLE_MAX && !connection.has_broken() {
            idle.push((connection, Instant::now()));
        }
    }

    /// A new connection, signed in. What fails here is about the server or the configuration, never
    /// about a mail.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let SmtpServer { host, port, security, credentials, .. } = &self.server;
        let implicit = self.tls.clone().filter(|_| *security == Security::Implicit);
        let address = (host.as_str(), *port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            address,
            Some(ANSWER_TIME),
            &self.hello,
            implicit,
            None,
        )
        .await?;
        if let (Security::StartTls, Some(tls)) = (security, &self.tls) {
            connection.starttls(tls.clone(), &self.hello).await?;
        }
        if let Some((user, password)) = credentials {
            let credentials = Credentials::new(user.clone(), password.clone());
            connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(connection)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(AsyncSmtpConnection, Instant)>> {
        // A panic elsewhere cannot leave a list of connections half-written.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailer for Smtp {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), MailError>> {
        Box::pin(async move {
            let late = |_| MailError::unavailable("the mail server took too long");
            tokio::time::timeout(MAIL_TIME, self.deliver(mail)).await.map_err(late)?
        })
    }
}

fn tls(server: &SmtpServer) -> Result<TlsParameters, MailError> {
    let wrong = |error: Error| MailError::Invalid(format!("TLS: {error}"));
    let mut builder = TlsParameters::builder(server.host.clone());
    if let Some(file) = &server.ca {
        let unreadable =
            |error: io::Error| MailError::Invalid(format!("{}: {error}", file.display()));
        let pem = std::fs::read(file).map_err(unreadable)?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(wrong)?);
    }
    builder.build().map_err(wrong)
}

#[cfg(test)]
#[path = "smtp_tests.rs"]
mod tests;
