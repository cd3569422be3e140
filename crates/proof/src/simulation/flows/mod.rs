//! Depth two: the real flows on a real PostgreSQL.
//!
//! **Decided by the seed:** what is asked of the program; the time; ids and trade numbers; the order
//! in which statements of commands that overlap reach PostgreSQL; when the program is killed (between
//! any two statements, or with a statement carried out and not answered) and when a caller goes away.
//!
//! **Not decided:** how long PostgreSQL takes, which of several waiting transactions it wakes first
//! when a lock comes free, and pauses before a transaction is tried again. So a seed nearly always
//! gives the same run, and a test holds this to account; where it does not, the auditor judges what
//! did happen.

mod audit;
mod audit_sabotage;
mod board;
mod commands;
mod conductor;
mod process;
mod till;
mod witness;

use std::{
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use jiff::SignedDuration;
use kernel::ManualClock;
use testkit::{TestDb, seed};
use tokio::runtime::Runtime;

pub use self::audit_sabotage::Sabotage;
use self::{
    commands::Names,
    conductor::{Conductor, Ended, Stage},
    process::{Address, Process},
};
use super::{
    answer::{Answer, Happening, Observed},
    models::{FEE, FREE_FROM, PLACES, POSTAL_CODES, START},
    play::{self, Failure, System, Tally},
    scenario::{Act, Scenario, Step},
};

/// A database to play scenarios in, one after the other.
pub struct Ground {
    address: Address,
    /// Dropped before its runtime.
    _test: TestDb,
    _runtime: Runtime,
}

impl Ground {
    /// Makes the database.
    pub fn new() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let test = runtime.block_on(async {
            let test = TestDb::new().await;
            for (house, (code, ..)) in (0_u8..).zip(PLACES) {
                let (id, postal) = (commands::house_id(house), POSTAL_CODES[usize::from(house)]);
                seed::warehouse(&test, id, code, postal, "臺北市", "中正區", i32::from(house))
                    .await;
            }
            let (category, product) = (seed::id(0x20, 0), seed::id(0x30, 0));
            seed::category(&test, category, "things", "東西", "Things").await;
            seed::product(&test, product, category, "thing", "東西", "Thing").await;
            for variant in 0..4 {
                let (id, sku) = (commands::variant_id(variant), format!("V{variant}"));
                seed::variant(&test, id, product, &sku, 1).await;
            }
            seed::shipping_method(&test, "home_delivery", FEE, Some(FREE_FROM)).await;
            audit::place_houses(&mut *test.owner().acquire().await?).await?;
            // From here on only programs that can be killed are connected.
            test.owner().close().await;
            anyhow::Ok(test)
        })?;
        let address = Address::of(test.owner_url())?;
        Ok(Self { address, _test: test, _runtime: runtime })
    }

    /// Plays a scenario.
    pub fn play(&self, scenario: &Scenario) -> Result<Result<Tally, Failure>> {
        Ok(self.watch(scenario, None)?.0)
    }

    /// Plays a scenario, with a mistake if one is given; also says what was let through, to compare
    /// two runs.
    pub fn watch(
        &self,
        scenario: &Scenario,
        sabotage: Option<Sabotage>,
    ) -> Result<(Result<Tally, Failure>, Vec<String>)> {
        let clock = Arc::new(ManualClock::at(START));
        let notes = Arc::default();
        let mut process = Process::start(&self.address, clock.clone(), &notes, scenario.seed)?;
        process.runtime.block_on(audit::open(&mut process.observer, &scenario.world))?;
        let names = Names { prices: scenario.world.prices.clone(), ..Names::default() };
        let mut flows = Flows {
            address: &self.address,
            clock,
            seed: scenario.seed,
            process: Some(process),
            deaths: 0,
            names,
            notes,
            sabotage,
            trace: Vec::new(),
        };
        let played = play::play(scenario, &mut flows)?;
        let trace = std::mem::take(&mut flows.trace);
        flows.kill()?;
        Ok((played, trace))
    }
}

/// One scenario's shop.
struct Flows<'a> {
    address: &'a Address,
    clock: Arc<ManualClock>,
    seed: u64,
    process: Option<Process>,
    deaths: u64,
    names: Names,
    /// Notes the witness has taken.
    notes: Arc<AtomicI64>,
    sabotage: Option<Sabotage>,
    trace: Vec<String>,
}

impl Flows<'_> {
    /// Kills the program and waits until PostgreSQL has noticed.
    fn kill(&mut self) -> Result<()> {
        if let Some(process) = self.process.take() {
            process.kill();
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let url = self.address.url(&self.address.socket_dir);
            let mut conn = crate::sql::connect(&url).await?;
            for _ in 0..5000 {
                if audit::others(&mut conn).await? == 0 {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            bail!("PostgreSQL still works for a program that is dead")
        })
    }

    fn restart(&mut self) -> Result<()> {
        self.kill()?;
        self.deaths += 1;
        let seed = self.seed ^ (self.deaths << 48);
        self.process = Some(Process::start(self.address, self.clock.clone(), &self.notes, seed)?);
        Ok(())
    }

    fn process(&mut self) -> Result<&mut Process> {
        self.process.as_mut().context("the program is dead")
    }
}

impl System for Flows<'_> {
    fn play(&mut self, first: usize, epoch: &[Step]) -> Result<Vec<Happening>> {
        if let [Step { act: Act::Wait { minutes }, .. }] = epoch {
            self.clock.advance(SignedDuration::from_mins(i64::from(*minutes)));
            return Ok(vec![Happening { step: first, began: 0, ended: 0, answer: Answer::Done }]);
        }
        let process = self.process.as_mut().context("the program is dead")?;
        let Process { app, board, observer, commands, runtime, .. } = process;
        let conductor =
            Conductor::new(Stage { app, board, observer, commands }, first, epoch, self.seed);
        let ended = runtime.block_on(conductor.conduct(&mut self.names))?;
        let Ended { happened, crashed, trace } = ended;
        self.trace.extend(trace);
        if let Some(sabotage) = self.sabotage {
            let observer = &mut process.observer;
            for happening in &happened {
                let step = &epoch[happening.step - first];
                let order = self.names.order_of(&step.act);
                let answer = &happening.answer;
                process.runtime.block_on(sabotage.strike(observer, step, answer, order))?;
            }
        }
        if crashed {
            self.trace.push("crash".into());
            self.restart()?;
        }
        Ok(happened)
    }

    fn observe(&mut self) -> Result<Observed> {
        let process = self.process()?;
        let (runtime, observer) = (&process.runtime, &mut process.observer);
        let seen = runtime.block_on(audit::observe(observer))?;
        // Who lost an answer asks again, and so finds out what there is.
        for (key, orders) in &seen.orders {
            if let Some(order) = orders.first() {
                self.names.orders.insert(*key, uuid::Uuid::from_u128(order.id).into());
            }
        }
        for (attempt, row) in &seen.attempts {
            self.names.attempts.insert(*attempt, (row.trade_no.clone(), row.amount));
        }
        Ok(seen)
    }

    fn finish(&mut self) -> Result<Vec<String>> {
        let mut process = self.process.take().context("the program is dead")?;
        let url = self.address.url(&self.address.socket_dir);
        let app = &process.app;
        let wrong = process.runtime.block_on(async {
            let db = pg::Db::open(&pg::DbOptions::app(url))?;
            let report = queries::audit::run(&db).await?;
            let relay = app.relay(db.clone());
            while relay.drain_batch().await? > 0 {}
            db.close().await;
            let mut wrong = audit::mistold(&mut process.observer).await?;
            if !report.is_clean() {
                wrong.push(report.to_string());
            }
            anyhow::Ok(wrong)
        })?;
        self.process = Some(process);
        Ok(wrong)
    }
}
