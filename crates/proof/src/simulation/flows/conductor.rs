//! The conductor: decides, by the seed, what happens next, and waits until it has happened.
//!
//! A decision is taken when nothing moves: every command waits for a statement that has not been
//! let through, or for PostgreSQL, which waits for a lock. Then the seed chooses one of the waiting
//! statements, or the next command to begin.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Result, bail};
use pg::Connection;
use tokio::{
    task::{AbortHandle, JoinError, JoinSet},
    time::timeout,
};

use super::{
    audit,
    board::Board,
    commands::{self, Names},
    process::App,
};
use crate::simulation::{
    answer::{Answer, Happening},
    rng::Rng,
    scenario::{Cut, Step},
};

/// Turns of the runtime without any movement until nothing is going to move.
const QUIET_TURNS: u32 = 6;
/// How long PostgreSQL may take before it is asked whether it waits for a lock.
const ANSWER_TIME: Duration = Duration::from_micros(1500);
/// Nothing takes longer than this, locks that time out included.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a group of steps ended.
pub struct Ended {
    /// What became of the steps that began.
    pub happened: Vec<Happening>,
    /// The program was killed.
    pub crashed: bool,
    /// What was let through, in order: two runs of a seed can be compared by it.
    pub trace: Vec<String>,
}

/// What the conductor works with.
pub struct Stage<'a> {
    /// What commands are given to.
    pub app: &'a App,
    /// What lets statements through.
    pub board: &'a Board,
    /// The way to PostgreSQL past it.
    pub observer: &'a mut Connection,
    /// The commands that are going on.
    pub commands: &'a mut JoinSet<(usize, Answer)>,
}

/// Conducts one group of steps that may overlap.
pub struct Conductor<'a> {
    first: usize,
    steps: &'a [Step],
    rng: Rng,
    board: &'a Board,
    app: &'a App,
    observer: &'a mut Connection,
    commands: &'a mut JoinSet<(usize, Answer)>,
    begun: Vec<Begun>,
    /// Statements let through so far.
    requests: u32,
    /// The moment: one more with everything that happens.
    moment: u32,
    /// Lines known to wait for a lock.
    blocked: BTreeSet<usize>,
    trace: Vec<String>,
}

/// A step that has begun.
struct Begun {
    began: u32,
    /// Statements let through before it began.
    requests: u32,
    handle: Option<AbortHandle>,
    ended: Option<(u32, Answer)>,
}

enum Choice {
    Begin,
    Call(usize, String),
}

impl<'a> Conductor<'a> {
    /// A conductor for `steps`, the first of which is number `first` in the scenario.
    pub fn new(stage: Stage<'a>, first: usize, steps: &'a [Step], seed: u64) -> Self {
        let no = steps.first().map_or(0, |step| step.no);
        let Stage { app, board, observer, commands } = stage;
        Self {
            first,
            steps,
            rng: Rng::of(seed, 1000 + u64::from(no)),
            board,
            app,
            observer,
            commands,
            begun: Vec::new(),
            requests: 0,
            moment: 0,
            blocked: BTreeSet::new(),
            trace: Vec::new(),
        }
    }

    /// Plays the steps, until all have ended or the program is killed.
    pub async fn conduct(mut self, names: &mut Names) -> Result<Ended> {
        self.begin(names);
        let crashed = loop {
            self.settle().await?;
            self.collect(names);
            self.send_callers_away().await?;
            let mut choices: Vec<Choice> =
                self.board.asking().into_iter().map(|(line, it)| Choice::Call(line, it)).collect();
            if self.begun.len() < self.steps.len() {
                choices.push(Choice::Begin);
            }
            if choices.is_empty() {
                if self.is_over() {
                    break false;
                }
                self.wait().await?;
                continue;
            }
            let choice = self.rng.index(choices.len());
            match choices.swap_remove(choice) {
                Choice::Begin => self.begin(names),
                Choice::Call(..) if self.is_due(|cut| matches!(cut, Cut::Crash(_))) => break true,
                Choice::Call(line, statement) => {
                    let mute = self.is_due(|cut| matches!(cut, Cut::CrashUnanswered(_)));
                    self.call(line, &statement, mute);
                    if mute {
                        self.until_muted().await?;
                        break true;
                    }
                }
            }
        };
        Ok(self.end(crashed))
    }

    fn begin(&mut self, names: &Names) {
        let place = self.begun.len();
        let step = &self.steps[place];
        self.moment += 1;
        let mut begun =
            Begun { began: self.moment, requests: self.requests, handle: None, ended: None };
        match commands::begin(self.app, names, &step.act) {
            Some(command) => {
                let command = async move { (place, command.await) };
                begun.handle = Some(self.commands.spawn(command));
            }
            None => begun.ended = Some((self.moment, Answer::Skipped)),
        }
        self.trace.push(format!("begin {}", step.no));
        self.begun.push(begun);
    }

    fn call(&mut self, line: usize, statement: &str, mute: bool) {
        self.requests += 1;
        let first = statement.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        // The end of a transaction may set others free.
        if ["COMMIT", "ROLLBACK"].iter().any(|word| statement.starts_with(word)) {
            self.blocked.clear();
        }
        self.trace.push(format!("line {line}: {first}"));
        self.board.call(line, mute);
    }

    /// Lets everything run until nothing moves any more.
    async fn settle(&mut self) -> Result<()> {
        let mut waited = Duration::ZERO;
        loop {
            let mut quiet = 0;
            while quiet < QUIET_TURNS {
                let before = self.board.moves();
                tokio::task::yield_now().await;
                quiet = if self.board.moves() == before { quiet + 1 } else { 0 };
            }
            let running = self.board.running();
            self.blocked.retain(|line| running.iter().any(|(other, _)| other == line));
            if running.iter().all(|(line, _)| self.blocked.contains(line)) {
                return Ok(());
            }
            let moves = self.board.moves();
            if timeout(ANSWER_TIME, self.board.moved()).await.is_ok() || self.board.moves() != moves
            {
                continue;
            }
            waited += ANSWER_TIME;
            if waited > PATIENCE {
                bail!("PostgreSQL did not answer in time: {running:?}");
            }
            let pids: Vec<i32> = running.iter().map(|(_, pid)| *pid).collect();
            let blocked = audit::blocked(self.observer, &pids).await?;
            let is_blocked = |pid: &i32| blocked.contains(pid);
            self.blocked =
                running.iter().filter(|(_, pid)| is_blocked(pid)).map(|(line, _)| *line).collect();
        }
    }

    /// Waits for what the conductor does not decide: a pause before a transaction is tried again.
    async fn wait(&mut self) -> Result<()> {
        let moved = timeout(PATIENCE, async {
            tokio::select! {
                () = self.board.moved() => {}
                Some(done) = self.commands.join_next() => note(&mut self.begun, done, self.moment),
            }
        });
        if moved.await.is_err() {
            bail!("nothing moves any more, but commands are still going on: {:?}", self.trace);
        }
        // Somebody's lock may have timed out, or PostgreSQL may have ended a deadlock.
        self.blocked.clear();
        Ok(())
    }

    async fn until_muted(&mut self) -> Result<()> {
        let muted = async {
            while !self.board.is_muted() {
                self.board.moved().await;
            }
        };
        // A statement that waits for somebody's lock does not come back: then it is not carried out.
        let _ = timeout(Duration::from_millis(20), muted).await;
        Ok(())
    }

    fn collect(&mut self, names: &mut Names) {
        while let Some(done) = self.commands.try_join_next() {
            self.moment += 1;
            note(&mut self.begun, done, self.moment);
        }
        for (begun, step) in self.begun.iter().zip(self.steps) {
            if let Some((_, answer)) = &begun.ended {
                names.learn(&step.act, answer);
            }
        }
    }

    /// Callers whose patience is over go away; what they asked for may still be done.
    async fn send_callers_away(&mut self) -> Result<()> {
        for place in 0..self.begun.len() {
            let begun = &mut self.begun[place];
            let Some(Cut::CallerGone(after)) = self.steps[place].cut else { continue };
            if begun.ended.is_none() && self.requests - begun.requests >= u32::from(after) {
                if let Some(handle) = begun.handle.take() {
                    handle.abort();
                }
                // When it ended, nobody knows: not before all is quiet.
                begun.ended = Some((u32::MAX, Answer::Lost));
                self.board.touch();
                self.settle().await?;
            }
        }
        Ok(())
    }

    /// Whether a step's cut is due with the next request.
    fn is_due(&self, kind: impl Fn(Cut) -> bool) -> bool {
        self.begun.iter().zip(self.steps).any(|(begun, step)| {
            let requests = self.requests - begun.requests;
            begun.ended.is_none()
                && step.cut.is_some_and(|cut| kind(cut) && requests >= u32::from(cut.requests()))
        })
    }

    fn is_over(&self) -> bool {
        self.begun.iter().all(|begun| begun.ended.is_some()) && self.board.running().is_empty()
    }

    fn end(self, crashed: bool) -> Ended {
        let happened = self.begun.into_iter().enumerate().map(|(place, begun)| {
            let (ended, answer) = begun.ended.unwrap_or((u32::MAX, Answer::Lost));
            Happening { step: self.first + place, began: begun.began, ended, answer }
        });
        Ended { happened: happened.collect(), crashed, trace: self.trace }
    }
}

type Joined = Result<(usize, Answer), JoinError>;

fn note(begun: &mut [Begun], done: Joined, moment: u32) {
    match done {
        Ok((place, answer)) => {
            if begun[place].ended.is_none() {
                begun[place].ended = Some((moment, answer));
            }
        }
        Err(error) if error.is_cancelled() => {}
        Err(error) => {
            let broken = Answer::Broken(format!("a flow panicked: {error}"));
            if let Some(begun) = begun.iter_mut().find(|it| it.is(&error)) {
                begun.ended = Some((moment, broken));
            }
        }
    }
}

impl Begun {
    fn is(&self, error: &JoinError) -> bool {
        self.handle.as_ref().is_some_and(|handle| handle.id() == error.id())
    }
}

impl Cut {
    /// The requests after which it is due.
    const fn requests(self) -> u8 {
        match self {
            Self::CallerGone(n) | Self::Crash(n) | Self::CrashUnanswered(n) => n,
        }
    }
}
