//! One attempt: a `POST`, and what came back.

use std::{
    error::Error as _,
    fmt, io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use reqwest::{
    Client, Response, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{self, HeaderMap},
    redirect::Policy,
};
use thiserror::Error;

use crate::{
    Secret,
    guard::{Door, Guard, Refused},
    names::{Names, SystemNames},
    signature,
};

/// How long it may take to be connected.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an attempt may take, from the first look at the name to the last byte that is read.
pub const TIME_LIMIT: Duration = Duration::from_secs(15);
/// Idle connections are kept this long, for the next delivery.
const IDLE: Duration = Duration::from_secs(30);
/// Bytes that are read of an answer.
pub const REPLY_BYTES: usize = 1_024;
/// Characters that are kept of an error.
const ERROR_CHARS: usize = 500;

/// What is sent: CloudEvents' own JSON.
const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";
const USER_AGENT: &str = "Oxcart-Webhooks/1";

/// What one attempt sends to one endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// Where it goes.
    pub url: &'a str,
    /// Its id: the same for every attempt.
    pub id: &'a str,
    /// The bytes that are signed.
    pub body: &'a str,
    /// What it is signed with.
    pub secrets: &'a [Secret],
    /// When.
    pub at: Timestamp,
}

/// What came of an attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// How long it took.
    pub took: Duration,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// Why there was none, or why it does not count.
    pub error: Option<String>,
    /// The beginning of the answer's body.
    pub reply: Option<String>,
    /// When the endpoint wants to be asked again.
    pub wish: Option<Duration>,
}

impl Sent {
    /// Whether the message arrived: any 2xx.
    pub fn arrived(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether the endpoint says that there never will be one again: 410.
    pub fn is_gone(&self) -> bool {
        self.status == Some(410)
    }
}

/// The sender cannot be made: no TLS on this machine.
#[derive(Debug, Error)]
#[error("webhooks cannot be sent")]
pub struct NoSender(#[from] reqwest::Error);

/// Sends messages. Cheap to clone.
#[derive(Clone)]
pub struct Sender {
    guard: Guard,
    public: Client,
    own: Client,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("guard", &self.guard).finish_non_exhaustive()
    }
}

impl Sender {
    /// One that asks the system for addresses.
    pub fn new(guard: &Guard) -> Result<Self, NoSender> {
        Self::with_names(guard, &(Arc::new(SystemNames) as Arc<dyn Names>))
    }

    /// One that asks somebody else.
    pub fn with_names(guard: &Guard, names: &Arc<dyn Names>) -> Result<Self, NoSender> {
        let client = |door| {
            let (guard, names) = (guard.clone(), Arc::clone(names));
            Client::builder()
                .user_agent(USER_AGENT)
                .connect_timeout(CONNECT)
                .timeout(TIME_LIMIT)
                .pool_idle_timeout(IDLE)
                .pool_max_idle_per_host(2)
                // Where it leads is where it goes: another place would have to be looked at anew.
                .redirect(Policy::none())
                // A proxy would connect to what we have not looked at.
                .no_proxy()
                .https_only(door == Door::Public)
                .dns_resolver(Arc::new(Guarded { guard, names, door }))
                .build()
        };
        Ok(Self { guard: guard.clone(), public: client(Door::Public)?, own: client(Door::Own)? })
    }

    /// One attempt; never an error: what went wrong is what came of it.
    pub async fn send(&self, message: &Attempt<'_>) -> Sent {
        let began = Instant::now();
        let sent = match self.guard.look(message.url) {
            // It was allowed when it was registered; the operator's networks are others now.
            Err(refused) => failed(&format!("the address {refused}")),
            Ok((url, door)) => self.post(url, door, message).await,
        };
        Sent { took: began.elapsed(), ..sent }
    }

    async fn post(&self, url: Url, door: Door, message: &Attempt<'_>) -> Sent {
        let client = match door {
            Door::Public => &self.public,
            Door::Own => &self.own,
        };
        let Attempt { id, body, secrets, at, .. } = *message;
        let request = client
            .post(url)
            .header(header::CONTENT_TYPE, CONTENT_TYPE)
            .header(signature::ID, id)
            .header(signature::TIMESTAMP, at.as_second())
            .header(signature::SIGNATURE, signature::sign(secrets, id, at, body))
            .body(body.to_owned());
        match request.send().await {
            Err(error) => failed(&reason(error)),
            Ok(answer) => {
                let (status, wish) = (answer.status(), wish(answer.headers()));
                let unheard = (!status.is_success()).then(|| match status.as_u16() {
                    300..400 => "redirects are not followed".to_owned(),
                    number => format!("the endpoint answered {number}"),
                });
                Sent {
                    status: Some(status.as_u16()),
                    error: unheard,
                    reply: beginning(answer).await,
                    wish,
                    ..Sent::default()
                }
            }
        }
    }
}

fn failed(why: &str) -> Sent {
    Sent { error: Some(kept(why, ERROR_CHARS)), ..Sent::default() }
}

/// PostgreSQL's text cannot hold NUL.
fn kept(text: &str, chars: usize) -> String {
    text.chars().filter(|&c| c != '\0').take(chars).collect()
}

/// `Retry-After`, where it is a number of seconds and the answer is no success.
fn wish(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The first bytes of the body. An answer that breaks off, or does not end, has begun all the same.
async fn beginning(mut answer: Response) -> Option<String> {
    let mut bytes = Vec::new();
    while bytes.len() < REPLY_BYTES {
        match answer.chunk().await {
            Ok(Some(piece)) => bytes.extend_from_slice(&piece),
            Ok(None) | Err(_) => break,
        }
    }
    bytes.truncate(REPLY_BYTES);
    let text = kept(&String::from_utf8_lossy(&bytes), REPLY_BYTES);
    (!text.is_empty()).then_some(text)
}

/// The error and its causes in one line, without the address, which may hold a secret.
fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    if error.is_timeout() {
        return "it took too long".to_owned();
    }
    let mut words = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(inner) = cause {
        words.push(inner.to_string());
        cause = inner.source();
    }
    words.dedup();
    words.join(": ")
}

/// Resolves names, and hands on only addresses that may be connected to.
struct Guarded {
    guard: Guard,
    names: Arc<dyn Names>,
    door: Door,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, names, door) = (self.guard.clone(), Arc::clone(&self.names), self.door);
        Box::pin(async move {
            let found = names.addresses(name.as_str()).await?;
            if found.is_empty() {
                return Err(io::Error::from(io::ErrorKind::NotFound).into());
            }
            let allowed: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| guard.permits(*address, door))
                .map(|address| SocketAddr::new(address, 0))
                .collect();
            if allowed.is_empty() {
                return Err(Refused::NotPublic.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
