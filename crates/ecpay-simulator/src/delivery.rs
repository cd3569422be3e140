//! Carries notices to shops, and does not give up at once.
//!
//! One loop owns the sending: it takes what is due out of a bounded list, keeps a bounded number
//! on their way, and puts back what was not acknowledged until it was tried often enough. Waits
//! end by the machine's clock or by the simulator's, whichever is further.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::moment::Moment;
use crate::payment::later;
use crate::server::Shared;
use crate::trade::{Attempt, Notice, NoticeState, Trade};

/// Notices on their way at one time.
const IN_FLIGHT: usize = 32;
/// The most of a shop's answer that is read.
const ANSWER_LIMIT: usize = 1024;
/// A letter that waits for another one does so at most this long.
const IDLE: Duration = Duration::from_mins(1);
/// While letters wait, somebody may turn the simulator's clock: the loop looks at it this often.
const LOOK: Duration = Duration::from_millis(100);
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

    /// One that was on its way when the simulator stopped: the tries so far count.
    pub(crate) fn resumed(trade: &Trade, notice: &Notice, now: Timestamp) -> Self {
        let tries = u32::try_from(notice.attempts.len()).unwrap_or(u32::MAX);
        let rest = notice.next_at.map(|at| at.duration_since(now).try_into().unwrap_or_default());
        let letter = Self::new(trade, notice).delayed(rest.unwrap_or_default());
        Self { attempt: tries.saturating_add(1), ..letter }
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
    since: Moment,
    wait: Duration,
}

impl Queued {
    fn is_due(&self, now: Timestamp) -> bool {
        self.since.elapsed(now) >= self.wait
    }

    fn due(&self) -> Instant {
        self.since.after(self.wait)
    }
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
    pub(crate) fn post(
        &self,
        letters: impl IntoIterator<Item = Letter>,
        now: Timestamp,
    ) -> Vec<u64> {
        let since = Moment::now(now);
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
            let wait = hold.max(letter.delay);
            queue.push(Queued { letter, since, wait });
        }
        drop(queue);
        self.wake.notify_one();
        refused
    }

    /// The clock was turned: something may be due.
    pub(crate) fn look(&self) {
        self.wake.notify_one();
    }

    /// Throws everything away.
    pub(crate) fn clear(&self) {
        self.queue().clear();
    }

    /// What is due now, at most `room`; and when to look again.
    fn take_due(&self, room: usize, now: Timestamp) -> (Vec<Letter>, Instant) {
        let mut queue = self.queue();
        let mut letters = Vec::new();
        if queue.iter().any(|queued| queued.is_due(now)) {
            queue.sort_by_key(Queued::due);
            for queued in std::mem::take(&mut *queue) {
                if letters.len() < room && queued.is_due(now) {
                    letters.push(queued.letter);
                } else {
                    queue.push(queued);
                }
            }
        }
        let look = Instant::now() + if queue.is_empty() { IDLE } else { LOOK };
        // Over-due ones wait for room, and room wakes the loop by itself.
        let next = queue.iter().filter(|queued| !queued.is_due(now)).map(Queued::due).min();
        (letters, next.map_or(look, |next| next.min(look)))
    }

    /// A notice was delivered once: what waited for that waits no longer.
    fn release(&self, delivered: u64, now: Timestamp) {
        for queued in self.queue().iter_mut() {
            let released = match queued.letter.after {
                None => false,
                Some(After::Notice(id)) => id == delivered,
                Some(After::AnyOther { .. }) => queued.letter.notice_id != delivered,
            };
            if released {
                queued.letter.after = None;
                queued.since = Moment::now(now);
                queued.wait = queued.letter.delay;
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
        let room = IN_FLIGHT - on_their_way.len();
        let (letters, next) = shared.post_office.take_due(room, shared.now());
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
    let wait = retry_wait(shared.config.retry_delay, attempt);
    let again = !tried.acknowledged && !given_up;
    let known = shared.store().update_notice(&letter.trade_no, letter.notice_id, |notice| {
        // A copy that fails does not undo another copy's acknowledgement.
        if tried.acknowledged {
            notice.state = NoticeState::Acknowledged;
        } else if given_up && notice.state == NoticeState::Pending {
            notice.state = NoticeState::Abandoned;
        }
        notice.next_at = again.then(|| later(at, wait));
        if notice.attempts.len() < 100 {
            notice.attempts.push(Attempt { at, status: tried.status, answer: tried.answer });
        }
    });
    if attempt == 1 {
        shared.post_office.release(letter.notice_id, at);
    }
    // What was forgotten meanwhile is not sent again.
    if again && known {
        letter.attempt += 1;
        letter.after = None;
        letter.delay = wait;
        shared.post([letter]);
    }
}

/// ECPay waits 5 to 15 minutes: once, twice, then three times the shortest wait.
fn retry_wait(shortest: Duration, attempt: u32) -> Duration {
    shortest.saturating_mul(attempt.clamp(1, 3))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_wait_five_ten_and_fifteen_minutes() {
        let waits: Vec<u64> = (1..=4)
            .map(|attempt| retry_wait(Duration::from_mins(5), attempt).as_secs() / 60)
            .collect();
        assert_eq!(waits, [5, 10, 15, 15]);
    }
}
