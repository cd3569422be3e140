//! Against a small SMTP server in the test's own process, which says what it is told to.

use std::{
    io::Write as _,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use kernel::{Clock as _, ManualClock, SystemClock};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinSet,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};
use uuid::Uuid;

use super::*;

/// What the server says where it does not simply agree.
#[derive(Clone, Copy, Default)]
struct Script {
    tls: Tls,
    auth: Option<&'static str>,
    rcpt: Option<&'static str>,
    end: Option<&'static str>,
    after: After,
}

/// How it can be spoken to without being overheard.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Tls {
    #[default]
    Upgraded,
    FromTheFirstByte,
    NotAtAll,
}

/// What it does when a mail's text is there.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum After {
    #[default]
    Answers,
    /// Answers, and hangs up.
    HangsUp,
    /// Says nothing any more on the first mail's connection.
    StallsOnce,
}

/// What the server saw.
#[derive(Default)]
struct Seen {
    connections: usize,
    encrypted: usize,
    auth: Vec<String>,
    mails: Vec<String>,
}

struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    stalled: Arc<Notify>,
    ca: tempfile::NamedTempFile,
    _tasks: JoinSet<()>,
}

trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// One side of a conversation.
struct Talk {
    script: Script,
    tls: TlsAcceptor,
    seen: Arc<Mutex<Seen>>,
    stalled: Arc<Notify>,
    stalls: Arc<AtomicBool>,
}

impl Server {
    async fn start(script: Script) -> Self {
        let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let mut ca = tempfile::NamedTempFile::new().unwrap();
        ca.write_all(certified.cert.pem().as_bytes()).unwrap();
        let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], PrivateKeyDer::Pkcs8(key))
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, stalled) = (Arc::<Mutex<Seen>>::default(), Arc::new(Notify::new()));
        let talk = Arc::new(Talk {
            script,
            tls: TlsAcceptor::from(Arc::new(config)),
            seen: Arc::clone(&seen),
            stalled: Arc::clone(&stalled),
            stalls: Arc::new(AtomicBool::new(script.after == After::StallsOnce)),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut guests = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let talk = Arc::clone(&talk);
                guests.spawn(async move { talk.over(stream).await.unwrap_or_default() });
            }
        });
        Self { address, seen, stalled, ca, _tasks: tasks }
    }

    fn mailer(&self, security: Security) -> Smtp {
        self.mailer_trusting(security, Some(self.ca.path()))
    }

    fn mailer_trusting(&self, security: Security, ca: Option<&Path>) -> Smtp {
        mailer(SmtpServer {
            host: "localhost".to_owned(),
            port: self.address.port(),
            security,
            credentials: Some(("shop".to_owned(), "pssst".to_owned())),
            ca: ca.map(Path::to_owned),
        })
    }

    fn seen<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap())
    }
}

impl Talk {
    async fn over(&self, stream: TcpStream) -> io::Result<()> {
        self.seen.lock().unwrap().connections += 1;
        let mut wire: Box<dyn Wire> = Box::new(stream);
        let mut encrypted = false;
        if self.script.tls == Tls::FromTheFirstByte {
            wire = Box::new(self.tls.accept(wire).await?);
            encrypted = true;
        }
        say(&mut wire, "220 test ESMTP").await?;
        loop {
            let line = line(&mut wire).await?;
            let verb = line.split(' ').next().unwrap_or_default().to_uppercase();
            match verb.as_str() {
                "EHLO" => {
                    let more = if encrypted || self.script.tls == Tls::NotAtAll {
                        ""
                    } else {
                        "250-STARTTLS\r\n"
                    };
                    let answer = format!("250-test\r\n{more}250-8BITMIME\r\n250 AUTH PLAIN LOGIN");
                    say(&mut wire, &answer).await?;
                }
                "STARTTLS" => {
                    say(&mut wire, "220 go ahead").await?;
                    wire = Box::new(self.tls.accept(wire).await?);
                    encrypted = true;
                    self.seen.lock().unwrap().encrypted += 1;
                }
                "AUTH" => {
                    self.seen.lock().unwrap().auth.push(line);
                    say(&mut wire, self.script.auth.unwrap_or("235 welcome")).await?;
                }
                "RCPT" => say(&mut wire, self.script.rcpt.unwrap_or("250 ok")).await?,
                "DATA" => {
                    say(&mut wire, "354 go ahead").await?;
                    let mail = text(&mut wire).await?;
                    self.seen.lock().unwrap().mails.push(mail);
                    if self.stalls.swap(false, Ordering::SeqCst) {
                        self.stalled.notify_one();
                        std::future::pending::<()>().await;
                    }
                    say(&mut wire, self.script.end.unwrap_or("250 queued as 1")).await?;
                    if self.script.after == After::HangsUp {
                        return Ok(());
                    }
                }
                "QUIT" => return say(&mut wire, "221 bye").await,
                _ => say(&mut wire, "250 ok").await?,
            }
        }
    }
}

async fn say(wire: &mut Box<dyn Wire>, words: &str) -> io::Result<()> {
    wire.write_all(format!("{words}\r\n").as_bytes()).await?;
    wire.flush().await
}

/// One line; byte by byte, so that nothing of what follows `STARTTLS` is taken too early.
async fn line(wire: &mut Box<dyn Wire>) -> io::Result<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n") {
        bytes.push(wire.read_u8().await?);
    }
    bytes.truncate(bytes.len() - 2);
    Ok(String::from_utf8(bytes).unwrap())
}

async fn text(wire: &mut Box<dyn Wire>) -> io::Result<String> {
    let mut text = String::new();
    loop {
        let line = line(wire).await?;
        if line == "." {
            return Ok(text);
        }
        text.push_str(&line);
        text.push('\n');
    }
}

fn mailer(server: SmtpServer) -> Smtp {
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    let sender = super::super::sender("Oxcart <shop@oxcart.example>").unwrap();
    Smtp::new(server, sender, clock).unwrap()
}

fn mail(id: u128) -> Mail {
    Mail {
        id: Uuid::from_u128(id),
        to: "王小明 <ming@example.com>".to_owned(),
        subject: "訂單成立".to_owned(),
        text: "謝謝\n.\n再見".to_owned(),
        html: "<p>謝謝</p>".to_owned(),
        inline: Vec::new(),
        headers: vec![("X-Oxcart-Order", "OX-1".to_owned())],
    }
}

#[tokio::test]
async fn mails_go_out_encrypted_and_signed_in_over_one_connection() {
    for (script, security) in [
        (Script::default(), Security::StartTls),
        (Script { tls: Tls::FromTheFirstByte, ..Script::default() }, Security::Implicit),
    ] {
        let server = Server::start(script).await;
        let mailer = server.mailer(security);
        mailer.send(&mail(1)).await.unwrap();
        mailer.send(&mail(2)).await.unwrap();
        server.seen(|seen| {
            assert_eq!((seen.connections, seen.mails.len()), (1, 2));
            assert_eq!(seen.encrypted, usize::from(security == Security::StartTls));
            // \0shop\0pssst
            assert_eq!(seen.auth, ["AUTH PLAIN AHNob3AAcHNzc3Q="]);
            for (mail, id) in seen.mails.iter().zip(1_u128..) {
                let message_id = format!("Message-ID: <{}@oxcart.example>", Uuid::from_u128(id));
                for line in
                    [&*message_id, "X-Oxcart-Order: OX-1", "From: Oxcart <shop@oxcart.example>"]
                {
                    assert!(mail.lines().any(|it| it == line), "{line} in\n{mail}");
                }
                assert!(mail.contains("<ming@example.com>"), "{mail}");
            }
        });
    }
}

#[tokio::test]
async fn without_a_server_that_proves_who_it_is_nothing_is_sent() {
    let server = Server::start(Script::default()).await;
    let stranger = server.mailer_trusting(Security::StartTls, None);
    let error = stranger.send(&mail(1)).await.unwrap_err();
    assert!(matches!(error, MailError::Unavailable(_)), "{error:?}");

    let stripped = Server::start(Script { tls: Tls::NotAtAll, ..Script::default() }).await;
    let error = stripped.mailer(Security::StartTls).send(&mail(1)).await.unwrap_err();
    assert!(matches!(error, MailError::Unavailable(_)), "{error:?}");
    for server in [&server, &stripped] {
        server.seen(|seen| {
            assert_eq!((seen.connections, seen.mails.len()), (1, 0));
            assert!(seen.auth.is_empty(), "the password was shown");
        });
    }
}

#[tokio::test]
async fn what_is_refused_for_good_is_told_from_what_may_work_later() {
    let none = Script::default();
    for (script, for_good) in [
        (Script { rcpt: Some("550 5.1.1 <ming@example.com>: no such user"), ..none }, true),
        (Script { rcpt: Some("451 4.7.1 <ming@example.com>: greylisted"), ..none }, false),
        (Script { end: Some("552 5.3.4 too large"), ..none }, true),
        (Script { end: Some("452 4.3.1 disk full"), ..none }, false),
        // Wrong passwords can be mended, and are no mail's fault.
        (Script { auth: Some("535 5.7.8 who are you?"), ..none }, false),
    ] {
        let server = Server::start(script).await;
        let error = server.mailer(Security::StartTls).send(&mail(1)).await.unwrap_err();
        let refused = matches!(error, MailError::Refused(_));
        let chain = format!("{error}: {:?}", std::error::Error::source(&error));
        assert_eq!(refused, for_good, "{chain}");
        assert!(!chain.contains("ming"), "{chain}");
        let said = script.rcpt.or(script.end).or(script.auth).unwrap();
        assert!(chain.contains(&said[..3]), "{chain}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_worth_another_try() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let server = SmtpServer {
        host: "127.0.0.1".to_owned(),
        port,
        security: Security::Plain,
        credentials: None,
        ca: None,
    };
    let error = mailer(server).send(&mail(1)).await.unwrap_err();
    assert!(matches!(error, MailError::Unavailable(_)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_not_waited_for_for_ever() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = SmtpServer {
        host: "127.0.0.1".to_owned(),
        port: listener.local_addr().unwrap().port(),
        security: Security::Plain,
        credentials: None,
        ca: None,
    };
    let error = mailer(server).send(&mail(1)).await.unwrap_err();
    assert!(matches!(error, MailError::Unavailable(_)), "{error:?}");
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_replaced() {
    let server = Server::start(Script { after: After::HangsUp, ..Script::default() }).await;
    let mailer = server.mailer(Security::StartTls);
    mailer.send(&mail(1)).await.unwrap();
    mailer.send(&mail(2)).await.unwrap();
    server.seen(|seen| assert_eq!((seen.connections, seen.mails.len()), (2, 2)));
}

#[tokio::test]
async fn a_connection_of_a_mail_that_was_cut_off_is_never_used_again() {
    let server = Server::start(Script { after: After::StallsOnce, ..Script::default() }).await;
    let mailer = server.mailer(Security::StartTls);
    let first = mail(1);
    tokio::select! {
        _ = mailer.send(&first) => panic!("the server said nothing"),
        () = server.stalled.notified() => {}
    }
    mailer.send(&mail(2)).await.unwrap();
    mailer.send(&mail(3)).await.unwrap();
    server.seen(|seen| assert_eq!((seen.connections, seen.mails.len()), (2, 3)));
}
