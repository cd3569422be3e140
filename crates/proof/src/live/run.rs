//! A run from beginning to end.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, bail};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    audit,
    client::Client,
    dice::Dice,
    finish::finish,
    inject::{Injector, RECOVERY_TIME},
    recorder::Recorder,
    report::{Report, recovery, write},
    schedule::plan,
    shopper::{Keeper, Market, Shopper},
    stage::{ADMIN, Stage},
};
use crate::checker::{Kind, Snapshot, Verdict, judge};

/// How many variants are sold.
const GOODS: i64 = 6;
/// How often something is printed.
const PROGRESS: Duration = Duration::from_secs(10);
/// How long clients may take to come to their end.
const END_TIME: Duration = Duration::from_mins(4);

/// What kind of run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The program.
    pub binary: PathBuf,
    /// Decides what goes wrong and what shoppers want.
    pub seed: u64,
    /// For how long there are faults.
    pub length: Duration,
    /// How many kills.
    pub kills: u32,
    /// How many shoppers.
    pub shoppers: u32,
    /// Which guard is removed: a test build only.
    pub mutant: Option<&'static str>,
    /// Where the histories go.
    pub out: PathBuf,
    /// The run's directory in there.
    pub name: String,
}

/// Runs, checks, reports.
pub async fn prove(setup: &Setup) -> Result<Report> {
    let dir = setup.out.join(&setup.name);
    std::fs::create_dir_all(&dir).with_context(|| format!("make {}", dir.display()))?;
    for old in ["oxcart.log", "commands.log"] {
        std::fs::remove_file(dir.join(old)).ok();
    }
    let mut dice = Dice::new(setup.seed, 2);
    let mut stage = Stage::set(&setup.binary, setup.mutant, &dir, &mut dice).await?;
    let outcome = tokio::select! {
        outcome = play(setup, &mut stage, &dir) => outcome,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    stage.close().await;
    outcome
}

async fn play(setup: &Setup, stage: &mut Stage, dir: &std::path::Path) -> Result<Report> {
    let mut conn = audit::connect(&stage.url).await?;
    let goods = audit::goods(&mut conn, GOODS).await?;
    if goods.is_empty() {
        bail!("the demonstration shop has nothing to sell");
    }
    let stock_before = audit::stock(&mut conn).await?;
    drop(conn);
    let history_path = dir.join("history.jsonl");
    let recorder = Recorder::begin(&history_path)?;
    let client = Client::new(0, &stage.address, &recorder)?;
    stage.open(&client).await?;
    // The run begins when the shop is open.
    let recorder = Recorder::begin(&history_path)?;
    let client = Client::new(0, &stage.address, &recorder)?;
    let market = Market::new(goods, format!("p{:x}", setup.seed));
    let injector = Injector::new(stage, &recorder, &dir.join("faults.log"))?;

    let mut verdict = Verdict::default();
    let (mut crowd, closing) = (JoinSet::new(), CancellationToken::new());
    invite(setup, stage, &recorder, &market, &mut crowd, &closing)?;
    run_faults(setup, &injector, &recorder).await;
    stage.calm();
    closing.cancel();
    let ended = async { while crowd.join_next().await.is_some() {} };
    if timeout(END_TIME, ended).await.is_err() {
        verdict.add(Kind::Stuck, "clients did not come to their end");
        crowd.shutdown().await;
    }
    let tally = injector.tally();
    if tally.without_recovery > 0 {
        let what = format!("no recovery within {} s of a kill", RECOVERY_TIME.as_secs());
        verdict.add(Kind::Stuck, what);
    }
    let sold_to_the_last = finish(stage, &market, &client, &mut verdict).await?;
    if let Err(error) = stage.shut().await {
        verdict.add(Kind::Stuck, format!("{error:#}"));
    }
    let (clean, said) = stage.commands.ask("audit").await?;
    if !clean {
        verdict.add(Kind::AuditFailed, said);
    }
    let mut conn = audit::connect(&stage.url).await?;
    let snapshot = audit::snapshot(&mut conn).await?;
    let snapshot = Snapshot { stock_before, sold_to_the_last, ..snapshot };
    drop(conn);
    let snapshot_path = dir.join("snapshot.json");
    write(&snapshot_path, &snapshot)?;
    let history = recorder.finish()?;
    let mut judged = judge(&history, &snapshot);
    for violation in verdict.violations {
        judged.add(violation.kind, violation.what);
    }
    let report = Report {
        seed: setup.seed,
        seconds: setup.length.as_secs(),
        clients: setup.shoppers,
        kills: tally.kills(),
        faults: tally.faults.iter().map(|(fault, count)| (fault.as_str(), *count)).collect(),
        recovery: recovery(&tally),
        program_starts: stage.program.starts(),
        postgres_restarts: stage.database.restarts(),
        verdict: judged,
        history: history_path.display().to_string(),
        snapshot: snapshot_path.display().to_string(),
        faults_log: dir.join("faults.log").display().to_string(),
    };
    write(&dir.join("report.json"), &report)?;
    Ok(report)
}

/// Lets the shoppers and the stock keeper in.
fn invite(
    setup: &Setup,
    stage: &Stage,
    recorder: &Recorder,
    market: &std::sync::Arc<Market>,
    crowd: &mut JoinSet<()>,
    closing: &CancellationToken,
) -> Result<()> {
    for number in 1..=setup.shoppers {
        let shopper = Shopper {
            client: Client::new(number, &stage.address, recorder)?,
            dice: Dice::new(setup.seed, 100 + u64::from(number)),
            market: std::sync::Arc::clone(market),
            number,
        };
        crowd.spawn(shopper.shop(closing.clone()));
    }
    let keeper = Keeper {
        client: Client::new(setup.shoppers + 1, &stage.address, recorder)?,
        dice: Dice::new(setup.seed, 3),
        market: std::sync::Arc::clone(market),
        credentials: (ADMIN.0.to_owned(), ADMIN.1.to_owned()),
    };
    crowd.spawn(keeper.work(closing.clone()));
    Ok(())
}

/// The plan, with a line now and then.
async fn run_faults(setup: &Setup, injector: &Injector, recorder: &Recorder) {
    let plan = plan(setup.seed, setup.length, setup.kills);
    let stop = CancellationToken::new();
    let end = recorder.instant(setup.length);
    let faults = async {
        injector.clone().carry_out(plan, stop.clone()).await;
        tokio::time::sleep_until(end).await;
    };
    tokio::pin!(faults);
    loop {
        tokio::select! {
            () = &mut faults => return,
            () = sleep(PROGRESS) => {
                let tally = injector.tally();
                let faults: u32 = tally.faults.values().sum();
                println!(
                    "  {:>4} s  {:>7} requests  {:>3} kills  {faults:>3} faults",
                    Duration::from_micros(recorder.now()).as_secs(),
                    recorder.len(),
                    tally.kills(),
                );
            }
        }
        if Instant::now() > end + RECOVERY_TIME * 2 {
            return;
        }
    }
}
