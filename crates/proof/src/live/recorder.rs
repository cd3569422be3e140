//! The history while it is made: in memory for the checker, and on the disk for people.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, BufWriter, Write as _},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use kernel::{Clock as _, SystemClock};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::checker::{Answer, Ask, Event, History, Micros};

/// A good answer: when its request began and when it came.
#[derive(Clone, Copy, Debug, Default)]
struct Good {
    start: Micros,
    end: Micros,
}

/// The first line of a history.
#[derive(Serialize, Deserialize)]
struct Beginning {
    began_at: i64,
}

/// Reads a history that was recorded earlier.
pub fn read(path: &Path) -> Result<History> {
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    let mut lines = BufReader::new(file).lines();
    let first = lines.next().context("the history is empty")??;
    let Beginning { began_at } = serde_json::from_str(&first).context("read the beginning")?;
    let event = |line: std::io::Result<String>| Ok(serde_json::from_str(&line?)?);
    let events = lines.map(event).collect::<Result<_>>().context("read the history")?;
    Ok(History { began_at, events })
}

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Recorder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    began: Instant,
    began_at: i64,
    good: watch::Sender<Good>,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    file: BufWriter<File>,
    events: Vec<Event>,
}

impl Recorder {
    /// Begins a history in this file; the run begins now.
    pub fn begin(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("create {}", path.display()))?;
        let mut file = BufWriter::new(file);
        let (began, began_at) = (Instant::now(), SystemClock.now().as_microsecond());
        writeln!(file, "{}", serde_json::to_string(&Beginning { began_at })?)?;
        Ok(Self(Arc::new(Inner {
            began,
            began_at,
            good: watch::Sender::new(Good::default()),
            kept: Mutex::new(Kept { file, events: Vec::new() }),
        })))
    }

    /// How long the run has lasted.
    pub fn now(&self) -> Micros {
        u64::try_from(self.0.began.elapsed().as_micros()).unwrap_or(Micros::MAX)
    }

    /// A moment of the run, to wait for.
    pub fn instant(&self, at: Duration) -> tokio::time::Instant {
        (self.0.began + at).into()
    }

    /// Writes down a request that began at `start` and was answered just now.
    pub fn record(&self, client: u32, start: Micros, ask: Ask, answer: Answer) {
        let end = self.now();
        // What only memory can answer does not show that the database is back.
        if matches!(answer, Answer::Placed { .. } | Answer::Seen { .. }) {
            self.0.good.send_if_modified(|good| {
                let later = start > good.start;
                if later {
                    *good = Good { start, end };
                }
                later
            });
        }
        let event = Event { client, start, end, ask, answer };
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if serde_json::to_writer(&mut kept.file, &event).is_ok() {
            // A full disk is noticed at the end.
            kept.file.write_all(b"\n").ok();
        }
        kept.events.push(event);
    }

    /// Waits for an answer that needed the database to a request that began after `moment`; how
    /// long after that moment it came.
    pub async fn recovered(&self, moment: Micros, patience: Duration) -> Option<Duration> {
        let mut good = self.0.good.subscribe();
        let waiting = good.wait_for(|good| good.start > moment);
        let good = tokio::time::timeout(patience, waiting).await.ok()?.ok()?;
        Some(Duration::from_micros(good.end - moment))
    }

    /// How much was recorded so far.
    pub fn len(&self) -> usize {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner).events.len()
    }

    /// The whole history. The recorder is empty afterwards.
    pub fn finish(&self) -> Result<History> {
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.file.flush().context("write the history")?;
        Ok(History { began_at: self.0.began_at, events: std::mem::take(&mut kept.events) })
    }
}
