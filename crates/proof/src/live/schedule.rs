//! What goes wrong, and when: all of it decided by the seed before the run begins.

use std::{fmt, time::Duration};

use super::dice::Dice;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// `kill -9` of the program; it is started again at once.
    KillProgram,
    /// `kill -9` of a process of PostgreSQL that serves the program. PostgreSQL then ends all of
    /// them and recovers.
    KillBackend,
    /// `kill -9` of PostgreSQL's main process.
    KillPostmaster,
    /// SIGSTOP of the program, SIGCONT afterwards.
    PauseProgram,
    /// The same for all of PostgreSQL.
    PausePostgres,
    /// Between clients and program: everything takes longer.
    ClientsDelayed,
    /// Between clients and program: every connection is reset.
    ClientsReset,
    /// Between clients and program: nothing arrives any more, and nobody is told; then a reset.
    ClientsHalfOpen,
    /// Between program and PostgreSQL, the same three.
    DatabaseDelayed,
    /// See [`DatabaseDelayed`](Self::DatabaseDelayed).
    DatabaseReset,
    /// See [`DatabaseDelayed`](Self::DatabaseDelayed).
    DatabaseHalfOpen,
    /// A commit takes place, and its acknowledgement does not arrive.
    CommitUnacknowledged,
    /// A commit does not arrive.
    CommitLost,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 13] = [
        Self::KillProgram,
        Self::KillBackend,
        Self::KillPostmaster,
        Self::PauseProgram,
        Self::PausePostgres,
        Self::ClientsDelayed,
        Self::ClientsReset,
        Self::ClientsHalfOpen,
        Self::DatabaseDelayed,
        Self::DatabaseReset,
        Self::DatabaseHalfOpen,
        Self::CommitUnacknowledged,
        Self::CommitLost,
    ];

    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KillProgram => "kill -9 of oxcart",
            Self::KillBackend => "kill -9 of a PostgreSQL backend",
            Self::KillPostmaster => "kill -9 of the postmaster",
            Self::PauseProgram => "SIGSTOP of oxcart",
            Self::PausePostgres => "SIGSTOP of PostgreSQL",
            Self::ClientsDelayed => "clients: delayed",
            Self::ClientsReset => "clients: reset",
            Self::ClientsHalfOpen => "clients: half-open",
            Self::DatabaseDelayed => "database: delayed",
            Self::DatabaseReset => "database: reset",
            Self::DatabaseHalfOpen => "database: half-open",
            Self::CommitUnacknowledged => "database: commit's answer dropped",
            Self::CommitLost => "database: commit dropped",
        }
    }

    /// Whether it kills.
    pub const fn is_kill(self) -> bool {
        matches!(self, Self::KillProgram | Self::KillBackend | Self::KillPostmaster)
    }

    /// How long it lasts, at least and at most, in milliseconds.
    const fn lasts(self) -> (u64, u64) {
        match self {
            Self::PauseProgram | Self::PausePostgres => (100, 2_500),
            Self::ClientsDelayed | Self::DatabaseDelayed => (500, 2_000),
            Self::ClientsHalfOpen | Self::DatabaseHalfOpen => (300, 3_000),
            _ => (0, 1),
        }
    }
}

/// A fault at its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// When, from the beginning of the run.
    pub at: Duration,
    /// What.
    pub fault: Fault,
    /// For how long, if it lasts.
    pub lasts: Duration,
    /// Whom it hits, where there is a choice.
    pub choice: u64,
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:7.2} s  {}", self.at.as_secs_f64(), self.fault.as_str())?;
        if self.lasts > Duration::ZERO {
            write!(f, " for {} ms", self.lasts.as_millis())?;
        }
        Ok(())
    }
}

/// The time before the first fault.
const BEGINNING: u64 = 1_500;

/// The plan of a run: `kills` kills spread over its time, and about as many other faults.
pub fn plan(seed: u64, length: Duration, kills: u32) -> Vec<Planned> {
    let mut dice = Dice::new(seed, 1);
    let end = u64::try_from(length.as_millis()).unwrap_or(u64::MAX).max(BEGINNING + 1);
    let kinds = [(Fault::KillProgram, 45), (Fault::KillBackend, 35), (Fault::KillPostmaster, 20)];
    let deadly = deal(&mut dice, kills, &kinds);
    // Two other faults on every three seconds.
    let count = u32::try_from((end - BEGINNING) / 1_500).unwrap_or(u32::MAX);
    let kinds = Fault::ALL.map(|fault| (fault, u32::from(!fault.is_kill())));
    let others = deal(&mut dice, count, &kinds);
    let mut plan = spread(&mut dice, &deadly, end);
    plan.extend(spread(&mut dice, &others, end));
    plan.sort_by_key(|planned| planned.at);
    plan
}

/// `count` faults in the given proportions: each kind occurs that can.
fn deal(dice: &mut Dice, count: u32, shares: &[(Fault, u32)]) -> Vec<Fault> {
    let whole: u32 = shares.iter().map(|(_, share)| share).sum();
    let mut faults = Vec::new();
    for (fault, share) in shares.iter().filter(|(_, share)| *share > 0) {
        let wanted = (count * share).div_ceil(whole);
        faults.extend(std::iter::repeat_n(*fault, usize::try_from(wanted).unwrap_or(0)));
    }
    dice.shuffle(&mut faults);
    faults.truncate(usize::try_from(count).unwrap_or(usize::MAX));
    faults
}

/// Spreads faults over the run: each at a random moment of its own stretch.
fn spread(dice: &mut Dice, faults: &[Fault], end: u64) -> Vec<Planned> {
    let count = u64::try_from(faults.len()).unwrap_or(1).max(1);
    let stretch = (end - BEGINNING) / count;
    (0..)
        .zip(faults)
        .map(|(number, fault)| {
            let from = BEGINNING + number * stretch;
            let (least, most) = fault.lasts();
            Planned {
                at: dice.millis(from, from + stretch.max(1)),
                fault: *fault,
                lasts: dice.millis(least, most),
                choice: dice.next(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_its_plan_again_and_another_seed_another() {
        let length = Duration::from_mins(5);
        assert_eq!(plan(7, length, 60), plan(7, length, 60));
        assert_ne!(plan(7, length, 60), plan(8, length, 60));
    }

    #[test]
    fn a_plan_holds_every_fault_as_many_kills_as_asked_for_and_ends_in_time() {
        let plan = plan(1, Duration::from_mins(5), 60);
        assert_eq!(plan.iter().filter(|planned| planned.fault.is_kill()).count(), 60);
        for fault in Fault::ALL {
            assert!(plan.iter().any(|planned| planned.fault == fault), "{fault:?}");
        }
        assert!(plan.is_sorted_by_key(|planned| planned.at));
        assert!(plan.iter().all(|p| p.at < Duration::from_mins(5)));
    }

    #[test]
    fn few_kills_are_of_every_kind() {
        let plan = plan(3, Duration::from_secs(12), 3);
        let kills: Vec<Fault> =
            plan.iter().map(|planned| planned.fault).filter(|fault| fault.is_kill()).collect();
        assert_eq!(kills.len(), 3);
    }
}
