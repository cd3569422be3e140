//! Carries out the plan, and measures how long the shop takes to come back after each kill.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Write as _,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use nix::sys::signal::Signal;
use pg::private::PrivateServer;
use tokio::{
    task::JoinSet,
    time::{sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    audit,
    processes::{Program, family, is_there, send},
    proxy::Lever,
    recorder::Recorder,
    schedule::{Fault, Planned},
    stage::Stage,
};

/// How long to wait for somebody to kill.
const VICTIM_TIME: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// A shop that is not back by then has not recovered.
pub const RECOVERY_TIME: Duration = Duration::from_mins(2);

/// What happened.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Faults that took place.
    pub faults: BTreeMap<Fault, u32>,
    /// How long it took after each kill until an order was placed or read again.
    pub recoveries: BTreeMap<Fault, Vec<Duration>>,
    /// Kills the shop did not recover from.
    pub without_recovery: u32,
}

impl Tally {
    /// Kills that took place.
    pub fn kills(&self) -> u32 {
        self.faults.iter().filter(|(fault, _)| fault.is_kill()).map(|(_, count)| count).sum()
    }
}

/// Whoever does it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Injector {
    recorder: Recorder,
    program: Program,
    database: Arc<PrivateServer>,
    url: String,
    clients: Lever,
    wire: Lever,
    tally: Arc<Mutex<Tally>>,
    log: Arc<Mutex<File>>,
}

impl Injector {
    /// For this stage; `log` gets a line for each fault.
    pub fn new(stage: &Stage, recorder: &Recorder, log: &Path) -> Result<Self> {
        Ok(Self {
            recorder: recorder.clone(),
            program: stage.program.clone(),
            database: Arc::clone(&stage.database),
            url: stage.url.clone(),
            clients: stage.clients.clone(),
            wire: stage.wire.clone(),
            tally: Arc::default(),
            log: Arc::new(Mutex::new(File::create(log).context("make the log of faults")?)),
        })
    }

    /// What has happened so far.
    pub fn tally(&self) -> Tally {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (unacknowledged, lost) = self.wire.dropped();
        for (fault, count) in
            [(Fault::CommitUnacknowledged, unacknowledged), (Fault::CommitLost, lost)]
        {
            if count > 0 {
                tally.faults.insert(fault, count);
            }
        }
        tally
    }

    /// Does everything in the plan at its time, or stops.
    pub async fn carry_out(self, plan: Vec<Planned>, stop: CancellationToken) {
        let mut faults = JoinSet::new();
        for planned in plan {
            let due = sleep_until(self.recorder.instant(planned.at));
            if stop.run_until_cancelled(due).await.is_none() {
                break;
            }
            faults.spawn(self.clone().inflict(planned));
        }
        while faults.join_next().await.is_some() {}
    }

    async fn inflict(self, planned: Planned) {
        let lasts = planned.lasts;
        match planned.fault {
            Fault::KillProgram | Fault::KillBackend | Fault::KillPostmaster => {
                return self.kill(planned).await;
            }
            Fault::PauseProgram => pause(&[self.program.pid()], lasts).await,
            Fault::PausePostgres => {
                if let Some(pid) = self.database.pid().await {
                    pause(&family(pid), lasts).await;
                }
            }
            Fault::ClientsDelayed => delay(&self.clients, planned).await,
            Fault::ClientsReset => self.clients.reset(),
            Fault::ClientsHalfOpen => hold(&self.clients, lasts).await,
            Fault::DatabaseDelayed => delay(&self.wire, planned).await,
            Fault::DatabaseReset => self.wire.reset(),
            Fault::DatabaseHalfOpen => hold(&self.wire, lasts).await,
            // These are counted by the proxy, when they take place.
            Fault::CommitUnacknowledged => self.wire.drop_acknowledgement(),
            Fault::CommitLost => self.wire.drop_commit(),
        }
        if !matches!(planned.fault, Fault::CommitUnacknowledged | Fault::CommitLost) {
            self.count(planned.fault);
        }
        self.say(&planned.to_string());
    }

    async fn kill(self, planned: Planned) {
        let Some((pid, doomed)) = self.strike(planned).await else {
            self.say(&format!("{planned}: there was nobody to kill"));
            return;
        };
        let moment = self.recorder.now();
        self.count(planned.fault);
        let began = Instant::now();
        while doomed.iter().any(|pid| is_there(*pid)) && began.elapsed() < RECOVERY_TIME {
            sleep(LOOK_AGAIN).await;
        }
        let gone = self.recorder.now();
        let recovery = self.recorder.recovered(gone, RECOVERY_TIME).await;
        let recovery = recovery.map(|time| time + Duration::from_micros(gone - moment));
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let said = if let Some(time) = recovery {
            tally.recoveries.entry(planned.fault).or_default().push(time);
            format!("{planned} (process {pid}): back after {} ms", time.as_millis())
        } else {
            tally.without_recovery += 1;
            format!("{planned} (process {pid}): NOT back after {} s", RECOVERY_TIME.as_secs())
        };
        drop(tally);
        self.say(&said);
    }

    /// Kills; whom, and whoever dies with it. PostgreSQL's other processes take a moment to notice,
    /// and may still answer meanwhile: that is no recovery.
    async fn strike(&self, planned: Planned) -> Option<(i32, Vec<i32>)> {
        let began = Instant::now();
        while began.elapsed() < VICTIM_TIME {
            let pid = self.victim(planned).await?;
            let doomed = match planned.fault {
                Fault::KillProgram => vec![pid],
                Fault::KillPostmaster => family(pid),
                _ => self.backends().await,
            };
            // It may just have ended by itself: then it is somebody else's turn.
            if send(pid, Signal::SIGKILL) {
                return Some((pid, doomed));
            }
        }
        None
    }

    /// Whom to kill; when there is nobody, the next one is waited for.
    async fn victim(&self, planned: Planned) -> Option<i32> {
        let began = Instant::now();
        while began.elapsed() < VICTIM_TIME {
            let found = match planned.fault {
                Fault::KillProgram => Some(self.program.pid()),
                Fault::KillPostmaster => self.database.pid().await,
                _ => {
                    let pids = self.backends().await;
                    let place = usize::try_from(planned.choice).unwrap_or(0);
                    place.checked_rem(pids.len()).map(|place| pids[place])
                }
            };
            if let Some(pid) = found.filter(|pid| is_there(*pid)) {
                return Some(pid);
            }
            sleep(LOOK_AGAIN).await;
        }
        None
    }

    async fn backends(&self) -> Vec<i32> {
        let Ok(mut conn) = audit::connect(&self.url).await else { return Vec::new() };
        audit::backends(&mut conn).await.unwrap_or_default()
    }

    fn count(&self, fault: Fault) {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        *tally.faults.entry(fault).or_default() += 1;
    }

    fn say(&self, line: &str) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(log, "{line}").ok();
    }
}

async fn pause(pids: &[i32], lasts: Duration) {
    for pid in pids {
        send(*pid, Signal::SIGSTOP);
    }
    sleep(lasts).await;
    for pid in pids {
        send(*pid, Signal::SIGCONT);
    }
}

async fn delay(lever: &Lever, planned: Planned) {
    lever.delay(Duration::from_millis(1 + planned.choice % 80));
    sleep(planned.lasts).await;
    lever.delay(Duration::ZERO);
}

/// Nothing gets through, nobody is told; in the end the connections are found to be dead.
async fn hold(lever: &Lever, lasts: Duration) {
    lever.hold();
    sleep(lasts).await;
    lever.reset();
    lever.carry();
}
