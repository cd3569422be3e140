//! The cache before the origin.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    body::{Body, BodyDataStream},
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, stream};
use kernel::SharedClock;
use moka::{Expiry, sync::Cache};
use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Generation, Origin, PageCacheMetrics,
    answer::{Judgement, Terms, judge},
    encoding::Forms,
    flight::{Failure, Flights, Landing, Outcome, Seat, outcome},
    page::{CACHE_STATUS, Page, State, Story},
    request::{Asked, Bypass},
};

/// How long it is known that answers to a question are private.
const PRIVATE_TIME: Duration = Duration::from_secs(2);
/// What such a note takes, about.
const NOTE_WEIGHT: usize = 256;
/// How often somebody waits for others who are refused.
const ROUNDS: usize = 3;
/// An explanation of a failure that is longer is not handed round.
const EXPLANATION_MAX: usize = 64 << 10;

/// How much, and how patient.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Memory for pages; 0: nothing is kept, and everything goes to the origin.
    pub bytes: u64,
    /// The largest page that is kept, before it is compressed.
    pub page_bytes: usize,
    /// Pages that are asked for at the same time.
    pub questions: usize,
    /// How long a new page is waited for when there is an old one.
    pub patience: Duration,
    /// How long a page may take from its head to its end.
    pub body_time: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            page_bytes: 1 << 20,
            questions: 256,
            patience: Duration::from_secs(2),
            body_time: Duration::from_secs(10),
        }
    }
}

/// What the cache works with.
#[derive(Clone, Debug)]
pub struct Means {
    /// Which state of the catalogue pages are of.
    pub generation: Generation,
    /// Time.
    pub clock: SharedClock,
    /// Where it counts.
    pub metrics: PageCacheMetrics,
    /// Where questions run: whoever asked first may leave, and the others still get their answer.
    pub tasks: TaskTracker,
    /// Ends them.
    pub stop: CancellationToken,
}

/// Pages that are kept, before the origin they come from. Cheap to clone.
#[derive(Debug)]
pub struct PageCache<O>(Arc<Inner<O>>);

impl<O> Clone for PageCache<O> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[derive(Debug)]
struct Inner<O> {
    origin: O,
    settings: Settings,
    means: Means,
    store: Cache<Arc<str>, Kept>,
    flights: Flights,
}

/// What is known of a question.
#[derive(Clone, Debug)]
enum Kept {
    Page(Arc<Page>),
    /// Its answers are private.
    Private,
}

/// Memory is given back when nobody may see a page any more; when that is for whoever asks, the page
/// itself knows, by the shop's clock.
struct Life;

impl Expiry<Arc<str>, Kept> for Life {
    fn expire_after_create(&self, _: &Arc<str>, kept: &Kept, _: Instant) -> Option<Duration> {
        Some(match kept {
            Kept::Page(page) => Duration::from_micros(page.life()),
            Kept::Private => PRIVATE_TIME,
        })
    }

    fn expire_after_update(
        &self,
        key: &Arc<str>,
        kept: &Kept,
        at: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, kept, at)
    }
}

/// A private answer on its way to the one it is for.
type Own = Arc<Mutex<Option<Response>>>;

impl<O: Origin> PageCache<O> {
    /// An empty cache before `origin`.
    pub fn new(origin: O, settings: Settings, means: Means) -> Self {
        let weigh = |key: &Arc<str>, kept: &Kept| {
            let weight = match kept {
                Kept::Page(page) => page.weight(),
                Kept::Private => NOTE_WEIGHT,
            };
            u32::try_from(key.len() + weight).unwrap_or(u32::MAX)
        };
        let store =
            Cache::builder().max_capacity(settings.bytes).weigher(weigh).expire_after(Life).build();
        let flights = Flights::new(settings.questions);
        Self(Arc::new(Inner { origin, settings, means, store, flights }))
    }

    /// The answer to a request: kept, shared with others who ask the same, or the origin's own.
    pub async fn answer(&self, request: Request) -> Response {
        let this = &self.0;
        if this.settings.bytes == 0 {
            return this.origin.ask(request).await;
        }
        let asked = match Asked::of(&request) {
            Ok(asked) => asked,
            Err(why) => return this.bypass(request, why).await,
        };
        let generation = this.means.generation.current();
        let Some(kept) = this.store.get(&asked.key) else {
            return self.wait(asked, request, None, generation).await;
        };
        let Kept::Page(page) = kept else {
            this.means.metrics.private.inc();
            return forwarded(this.origin.ask(request).await, "fwd=bypass; detail=private");
        };
        let now = this.now();
        match page.state(generation, now) {
            State::Fresh => this.show(&page, &asked, none_match(&request), Story::Hit),
            State::Stale => {
                let reply = this.show(&page, &asked, none_match(&request), Story::Stale);
                self.refresh(&asked, &request, page, generation);
                reply
            }
            State::LastResort => self.wait(asked, request, Some(page), generation).await,
            State::Over => self.wait(asked, request, None, generation).await,
        }
    }

    /// Asks for a new page, unless somebody does already; nobody waits for it here.
    fn refresh(&self, asked: &Asked, request: &Request, old: Arc<Page>, generation: i64) {
        let name = (Arc::clone(&asked.key), generation);
        if let Seat::Asker(landing, _) = self.0.flights.board(name) {
            // It may have come between our look and now.
            match self.0.fresh(asked, generation) {
                Some(page) => landing.land(Outcome::Page(page)),
                None => drop(self.take_off(landing, asked, request, Some(old), generation)),
            }
        }
    }

    /// Waits for the page, together with everybody else who wants it.
    async fn wait(
        &self,
        asked: Asked,
        request: Request,
        old: Option<Arc<Page>>,
        generation: i64,
    ) -> Response {
        let this = &self.0;
        let none_match = none_match(&request).cloned();
        let show = |page: &Page, story| this.show(page, &asked, none_match.as_ref(), story);
        for _ in 0..ROUNDS {
            let (told, own) = match this.flights.board((Arc::clone(&asked.key), generation)) {
                Seat::None => break,
                Seat::Waiter(told) => (told, None),
                Seat::Asker(landing, told) => {
                    // It may have come between our look and now.
                    if let Some(page) = this.fresh(&asked, generation) {
                        landing.land(Outcome::Page(Arc::clone(&page)));
                        return show(&page, Story::Hit);
                    }
                    let own = self.take_off(landing, &asked, &request, old.clone(), generation);
                    (told, Some(own))
                }
            };
            let patience = old.as_ref().map_or(Duration::MAX, |_| this.settings.patience);
            let story = if own.is_some() { Story::Miss } else { Story::Collapsed };
            match (timeout(patience, outcome(told)).await, &old) {
                (Ok(Some(Outcome::Page(page))), _) => return show(&page, story),
                (Ok(Some(Outcome::Failed(_))) | Err(_), Some(old)) => {
                    return show(old, Story::Rescued);
                }
                (Ok(Some(Outcome::Failed(failure))), None) => {
                    this.means.metrics.failed.inc();
                    return forwarded(failure.reply(), "fwd=miss");
                }
                (Ok(Some(Outcome::Refused | Outcome::Private)), _) if own.is_some() => {
                    if let Some(reply) = own.as_ref().and_then(take) {
                        this.means.metrics.private.inc();
                        return forwarded(bodiless_for(reply, asked.head), "fwd=miss");
                    }
                    break;
                }
                (Ok(Some(Outcome::Refused)), _) => {}
                (Ok(Some(Outcome::Private) | None) | Err(_), _) => break,
            }
        }
        this.means.metrics.private.inc();
        forwarded(this.origin.ask(request).await, "fwd=miss")
    }

    /// Asks the origin in the background. What comes back for the asker alone lies in what is
    /// returned.
    fn take_off(
        &self,
        landing: Landing,
        asked: &Asked,
        request: &Request,
        old: Option<Arc<Page>>,
        generation: i64,
    ) -> Own {
        let own = Own::default();
        let this = Arc::clone(&self.0);
        let question = asked.question(request);
        let (key, mailbox) = (Arc::clone(&asked.key), Arc::clone(&own));
        self.0.means.tasks.spawn(async move {
            let asking = this.ask(question, &key, old, generation, &mailbox);
            if let Some(outcome) = this.means.stop.run_until_cancelled(asking).await {
                landing.land(outcome);
            }
        });
        own
    }
}

impl<O: Origin> Inner<O> {
    fn now(&self) -> i64 {
        self.means.clock.now().as_microsecond()
    }

    fn show(
        &self,
        page: &Page,
        asked: &Asked,
        none_match: Option<&HeaderValue>,
        story: Story,
    ) -> Response {
        self.means.metrics.told(story);
        page.reply(asked, none_match, story, self.now())
    }

    fn fresh(&self, asked: &Asked, generation: i64) -> Option<Arc<Page>> {
        match self.store.get(&asked.key) {
            Some(Kept::Page(page)) if page.state(generation, self.now()) == State::Fresh => {
                Some(page)
            }
            _ => None,
        }
    }

    async fn bypass(&self, request: Request, why: Bypass) -> Response {
        let said = match why {
            // Files have their own names, and nobody wonders about them.
            Bypass::File => return self.origin.ask(request).await,
            Bypass::Method => "fwd=method",
            Bypass::Credentials => "fwd=bypass; detail=credentials",
            Bypass::Kind => "fwd=bypass; detail=kind",
            Bypass::Query => "fwd=bypass; detail=query",
            Bypass::Host => "fwd=bypass; detail=host",
        };
        self.means.metrics.bypass.inc();
        forwarded(self.origin.ask(request).await, said)
    }

    /// Asks the origin, and keeps what may be kept.
    async fn ask(
        &self,
        question: Request,
        key: &Arc<str>,
        old: Option<Arc<Page>>,
        generation: i64,
        own: &Own,
    ) -> Outcome {
        let asked_at = self.now();
        let answer = self.origin.ask(question).await;
        let judgement = judge(&answer);
        match judgement {
            Judgement::Shared(terms) => {
                let (head, body) = answer.into_parts();
                let read = timeout(self.settings.body_time, read(body, self.settings.page_bytes));
                match read.await {
                    Ok(Read::Whole(body)) => {
                        let headers = head.headers;
                        let page =
                            self.make(headers, body, terms, old, (generation, asked_at)).await;
                        self.keep(key, Kept::Page(Arc::clone(&page)));
                        Outcome::Page(page)
                    }
                    Ok(Read::TooLarge(body)) => {
                        self.keep(key, Kept::Private);
                        put(own, Response::from_parts(head, body));
                        Outcome::Private
                    }
                    Ok(Read::Broken) | Err(_) => self.failed(broken(), old.as_deref()),
                }
            }
            Judgement::Private | Judgement::Gone => {
                // One visitor's bad luck does not take the page from the others while it is good.
                if old.is_none() || judgement == Judgement::Gone {
                    self.keep(key, Kept::Private);
                }
                put(own, answer);
                Outcome::Private
            }
            Judgement::Refused => {
                put(own, answer);
                Outcome::Refused
            }
            Judgement::Failed => {
                let (head, body) = answer.into_parts();
                let read = timeout(self.settings.body_time, read(body, EXPLANATION_MAX)).await;
                let Ok(Read::Whole(body)) = read else {
                    return self.failed(broken(), old.as_deref());
                };
                let mut headers = head.headers;
                // Whatever it is, it is nobody's session.
                headers.remove(header::SET_COOKIE);
                headers.remove(header::TRANSFER_ENCODING);
                self.failed(Failure { status: head.status, headers, body }, old.as_deref())
            }
        }
    }

    fn failed(&self, failure: Failure, old: Option<&Page>) -> Outcome {
        if let Some(old) = old {
            old.spare(self.now());
        }
        Outcome::Failed(Arc::new(failure))
    }

    async fn make(
        &self,
        headers: HeaderMap,
        body: Bytes,
        terms: Terms,
        old: Option<Arc<Page>>,
        (generation, asked_at): (i64, i64),
    ) -> Arc<Page> {
        let forms = match old.and_then(|old| old.same(&body)) {
            Some(forms) => forms,
            None => Arc::new(compressed(body).await),
        };
        Arc::new(Page::new(headers, forms, terms, generation, asked_at))
    }

    fn keep(&self, key: &Arc<str>, kept: Kept) {
        self.store.insert(Arc::clone(key), kept);
        // Renderings are rare beside requests: the books are kept with each.
        self.store.run_pending_tasks();
        let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.means.metrics.bytes.set(whole(self.store.weighted_size()));
        self.means.metrics.pages.set(whole(self.store.entry_count()));
    }
}

#[cfg(test)]
impl<O> PageCache<O> {
    /// Bytes that are kept, once what is too much has been let go.
    pub(crate) fn kept_bytes(&self) -> u64 {
        self.0.store.run_pending_tasks();
        self.0.store.weighted_size()
    }
}

/// Compressing takes milliseconds: too long for a thread on which thousands wait.
async fn compressed(body: Bytes) -> Forms {
    let again = body.clone();
    let forms = tokio::task::spawn_blocking(move || Forms::of(body)).await;
    forms.unwrap_or_else(|_| Forms::of(again))
}

enum Read {
    Whole(Bytes),
    /// What was read, and the rest.
    TooLarge(Body),
    Broken,
}

async fn read(body: Body, most: usize) -> Read {
    let mut stream: BodyDataStream = body.into_data_stream();
    let mut whole = BytesMut::new();
    while let Some(piece) = stream.next().await {
        let Ok(piece) = piece else { return Read::Broken };
        whole.extend_from_slice(&piece);
        if whole.len() > most {
            let begun = stream::iter([Ok(whole.freeze())]);
            return Read::TooLarge(Body::from_stream(begun.chain(stream)));
        }
    }
    Read::Whole(whole.freeze())
}

/// The origin broke off in the middle of a page.
fn broken() -> Failure {
    let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    let headers = headers.into_iter().collect();
    Failure { status: StatusCode::BAD_GATEWAY, headers, body: Bytes::new() }
}

fn none_match(request: &Request) -> Option<&HeaderValue> {
    request.headers().get(header::IF_NONE_MATCH)
}

fn put(own: &Own, answer: Response) {
    *own.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
}

fn take(own: &Own) -> Option<Response> {
    own.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// We asked for the page to answer for its head.
fn bodiless_for(mut reply: Response, head: bool) -> Response {
    if head {
        *reply.body_mut() = Body::empty();
    }
    reply
}

/// Says in `Cache-Status` that it was not ours.
fn forwarded(mut reply: Response, how: &'static str) -> Response {
    let said = format!("oxcart; {how}");
    if let Ok(said) = HeaderValue::try_from(said) {
        reply.headers_mut().append(CACHE_STATUS, said);
    }
    reply
}
