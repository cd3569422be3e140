//! Carries notices to shops, and does not give up at once.
//!
//! One loop owns the sending: it takes what is due out of a bounded list, keeps a bounded number
//! on their way, and puts back what was not acknowledged until it was tried often enough.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::server::Shared;
use crate::trade::{Attempt, Notice, NoticeState, Trade};

/// Notices on their way at one time.
const IN_FLIGHT: usize = 32;
/// The most of a shop's answer that is read.
const ANSWER_LIMIT: usize = 1024;
/// When nothing is due, the loop still looks around this often.
const IDLE: Duration = Duration::from_mins(1);
/// The only answer that acknowledges.
const ACKNOWLEDGED: &[u8] = b"1|OK";

/// What a letter waits for besides its time.
#[derive(Debug, Clone)]
pub(crate) enum After {
    /// The first delivery of that notice.
    Notice(u64),
    /// The first delivery of any other notice, or this much time.
    AnyOther { at_most: Duration },
}

/// A notice to be delivered.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    notice_id: u64,
    trade_no: String,
    url: String,
    body: String,
    body_again: String,
    attempt: u32,
    delay: Duration,
    after: Option<After>,
}

impl Letter {
    pub(crate) fn new(trade: &Trade, notice: &Notice) -> Self {
        Self {
            notice_id: notice.id,
            trade_no: trade.trade_no.clone(),
            url: notice.url.clone(),
            body: notice.body.clone(),
            body_again: notice.body_again.clone(),
            attempt: 1,
            delay: Duration::ZERO,
            after: None,
        }
    }

    pub(crate) fn trade_no(&self) -> &str {
        &self.trade_no
    }

    pub(crate) fn delayed(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub(crate) fn waiting(mut self, after: Option<After>) -> Self {
        self.after = after;
        self
    }
}

#[derive(Debug)]
struct Queued {
    letter: Letter,
    due: Instant,
}

/// The letters that wait, in a bounded list.
#[derive(Debug)]
pub(crate) struct PostOffice {
    capacity: usize,
    queue: Mutex<Vec<Queued>>,
    wake: Notify,
}

impl PostOffice {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, queue: Mutex::default(), wake: Notify::new() }
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Vec<Queued>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes letters to be sent; answers the ids of notices there was no room for.
    pub(crate) fn post(&self, letters: impl IntoIterator<Item = Letter>) -> Vec<u64> {
        let now = Instant::now();
        let mut refused = Vec::new();
        let mut queue = self.queue();
        for letter in letters {
            if queue.len() >= self.capacity {
                refused.push(letter.notice_id);
                continue;
            }
            let hold = match &letter.after {
                None => Duration::ZERO,
                Some(After::Notice(_)) => IDLE,
                Some(After::AnyOther { at_most }) => *at_most,
            };
            let due = now + hold.max(letter.delay);
            queue.push(Queued { letter, due });
        }
        drop(queue);
        self.wake.notify_one();
        refused
    }

    /// What is due now, at most `room`; and when the next one is.
    fn take_due(&self, room: usize) -> (Vec<Letter>, Instant) {
        let now = Instant::now();
        let mut queue = self.queue();
        queue.sort_by_key(|queued| queued.due);
        let due = queue.iter().take_while(|queued| queued.due <= now).count().min(room);
        let letters = queue.drain(..due).map(|queued| queued.letter).collect();
        let next = match queue.first() {
            // Over-due ones wait for room, and room wakes the loop by itself.
            Some(queued) if queued.due > now => queued.due,
            _ => now + IDLE,
        };
        (letters, next)
    }

    /// A notice was delivered once: what waited for that waits no longer.
    fn release(&self, delivered: u64) {
        let now = Instant::now();
        for queued in self.queue().iter_mut() {
            let released = match queued.letter.after {
                None => false,
                Some(After::Notice(id)) => id == delivered,
                Some(After::AnyOther { .. }) => queued.letter.notice_id != delivered,
            };
            if released {
                queued.letter.after = None;
                queued.due = now + queued.letter.delay;
            }
        }
    }
}

/// How a try ended.
struct Tried {
    letter: Letter,
    status: Option<u16>,
    answer: String,
    acknowledged: bool,
}

/// Delivers until told to stop, then lets what is on its way arrive.
pub(crate) async fn run(shared: Arc<Shared>, client: reqwest::Client, stop: CancellationToken) {
    let mut on_their_way: JoinSet<Tried> = JoinSet::new();
    while !stop.is_cancelled() {
        let (letters, next) = shared.post_office.take_due(IN_FLIGHT - on_their_way.len());
        for letter in letters {
            on_their_way.spawn(deliver(client.clone(), letter));
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = shared.post_office.wake.notified() => {}
            () = tokio::time::sleep_until(next) => {}
            Some(done) = on_their_way.join_next() => record(&shared, done),
        }
    }
    while let Some(done) = on_their_way.join_next().await {
        record(&shared, done);
    }
}

fn record(shared: &Shared, done: Result<Tried, tokio::task::JoinError>) {
    let Ok(tried) = done else { return };
    let mut letter = tried.letter;
    let attempt = letter.attempt;
    tracing::info!(
        url = letter.url,
        attempt,
        status = tried.status,
        answer = tried.answer,
        "notice delivered"
    );
    let given_up = !tried.acknowledged && attempt >= shared.config.max_deliveries;
    let at = shared.now();
    shared.store().update_notice(&letter.trade_no, letter.notice_id, |notice| {
        // A copy that fails does not undo another copy's acknowledgement.
        if tried.acknowledged {
            notice.state = NoticeState::Acknowledged;
        } else if given_up && notice.state == NoticeState::Pending {
            notice.state = NoticeState::Abandoned;
        }
        if notice.attempts.len() < 100 {
            notice.attempts.push(Attempt { at, status: tried.status, answer: tried.answer });
        }
    });
    if attempt == 1 {
        shared.post_office.release(letter.notice_id);
    }
    if !tried.acknowledged && !given_up {
        letter.attempt += 1;
        letter.after = None;
        letter.delay = shared.config.retry_delay;
        shared.post([letter]);
    }
}

async fn deliver(client: reqwest::Client, letter: Letter) -> Tried {
    let body = if letter.attempt == 1 { &letter.body } else { &letter.body_again };
    let request = client
        .post(&letter.url)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "text/html")
        .body(body.clone());
    match exchange(request).await {
        Ok((status, answer)) => {
            let acknowledged = status == 200 && answer == ACKNOWLEDGED;
            let answer = String::from_utf8_lossy(&answer).chars().take(200).collect();
            Tried { letter, status: Some(status), answer, acknowledged }
        }
        Err(error) => {
            let answer = format!("{:#}", error.without_url());
            Tried { letter, status: None, answer, acknowledged: false }
        }
    }
}

async fn exchange(request: reqwest::RequestBuilder) -> reqwest::Result<(u16, Vec<u8>)> {
    let mut response = request.send().await?;
    let mut answer = Vec::new();
    while answer.len() < ANSWER_LIMIT {
        let Some(chunk) = response.chunk().await? else { break };
        answer.extend_from_slice(&chunk);
    }
    answer.truncate(ANSWER_LIMIT);
    Ok((response.status().as_u16(), answer))
}
