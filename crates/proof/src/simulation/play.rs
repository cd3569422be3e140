//! Plays a scenario on a system under test, beside the auditor.

use std::fmt;

use anyhow::Result;

use super::{
    answer::{Happening, Observed},
    auditor::{Auditor, Done},
    scenario::{Act, Scenario, Step},
};

/// Something a scenario can be played on.
pub trait System {
    /// Plays steps that may overlap, `first` being the place of the first one in the scenario. It
    /// may stop after some of them (a crash ends what was going on); at least one is played.
    fn play(&mut self, first: usize, epoch: &[Step]) -> Result<Vec<Happening>>;

    /// Looks at everything, while nothing is going on.
    fn observe(&mut self) -> Result<Observed>;

    /// A second opinion at the end; what is wrong.
    fn finish(&mut self) -> Result<Vec<String>>;
}

/// Why a scenario failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The steps being played when it showed.
    pub during: Vec<String>,
    /// What is wrong.
    pub wrong: Vec<String>,
}

/// What a run of a scenario came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Steps played, those of the end included.
    pub steps: usize,
    /// Groups of steps that overlapped.
    pub overlaps: usize,
    /// Steps whose answer was lost.
    pub lost: usize,
    /// Orders in the books at the end.
    pub orders: usize,
}

/// Plays a scenario to its end, or until the auditor objects. `Err` is trouble with the machinery,
/// not with the product.
pub fn play(scenario: &Scenario, system: &mut dyn System) -> Result<Result<Tally, Failure>> {
    let mut auditor = Auditor::open(&scenario.world);
    let mut tally = Tally::default();
    let steps = with_the_end(scenario);
    let mut next = 0;
    while next < steps.len() {
        let beside = steps[next + 1..].iter().take_while(|step| step.beside).count();
        let epoch = &steps[next..=next + beside];
        let happened = system.play(next, epoch)?;
        let seen = system.observe()?;
        let done: Vec<Done<'_>> = happened
            .iter()
            .map(|happening| Done { step: &steps[happening.step], happening })
            .collect();
        if let Err(wrong) = auditor.judge(&done, &seen) {
            return Ok(Err(Failure { during: describe(&done), wrong }));
        }
        tally.note(&done);
        next += done.len();
    }
    tally.orders = auditor.books().orders.len();
    let mut wrong = system.finish()?;
    wrong.extend(auditor.books().left_over());
    if !wrong.is_empty() {
        return Ok(Err(Failure { during: vec!["at the end".into()], wrong }));
    }
    Ok(Ok(tally))
}

/// Every scenario ends the same way: stocktakes end, time passes, what was not paid runs out. Then
/// nothing may be held any more.
fn with_the_end(scenario: &Scenario) -> Vec<Step> {
    let mut steps = scenario.steps.clone();
    let mut no = 1000;
    let mut add = |act| {
        no += 1;
        steps.push(Step { no, beside: false, cut: None, act });
    };
    let variants = u8::try_from(scenario.world.prices.len()).unwrap_or(0);
    let frozen = |variant, house| {
        let freezes = |step: &Step| step.act == Act::Freeze { variant, house };
        scenario.steps.iter().any(freezes)
    };
    for variant in 0..variants {
        for house in (0..scenario.world.houses).filter(|house| frozen(variant, *house)) {
            add(Act::Thaw { variant, house });
        }
    }
    add(Act::Wait { minutes: 31 });
    add(Act::Expire);
    steps
}

fn describe(done: &[Done<'_>]) -> Vec<String> {
    let line = |done: &Done<'_>| {
        let Happening { began, ended, answer, .. } = done.happening;
        format!("{}  [{began}–{ended}] → {answer:?}", done.step)
    };
    done.iter().map(line).collect()
}

impl Tally {
    fn note(&mut self, done: &[Done<'_>]) {
        use super::answer::Answer;
        self.steps += done.len();
        self.overlaps += usize::from(done.len() > 1);
        self.lost += done.iter().filter(|it| it.happening.answer == Answer::Lost).count();
    }

    /// Adds another run's.
    pub const fn add(&mut self, other: Self) {
        self.steps += other.steps;
        self.overlaps += other.overlaps;
        self.lost += other.lost;
        self.orders += other.orders;
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.during {
            writeln!(f, "  {line}")?;
        }
        for line in &self.wrong {
            writeln!(f, "  ✗ {line}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { steps, overlaps, lost, orders } = self;
        write!(f, "{steps} steps, {overlaps} groups at once, {lost} answers lost, {orders} orders")
    }
}
