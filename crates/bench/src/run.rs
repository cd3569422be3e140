//! The whole benchmark: rounds of measurements, then the figures.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::{
    machine,
    measure::{Bench, Effort, Figures, Skipped},
    plan::{self, Measure, Planned, ROWS, additive},
    report::{NOT_ASKED, Report, Row, figure},
    sql,
    stage::{Setting, Stage},
};

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Rows; all when empty.
    pub rows: Vec<String>,
    /// How often each is measured.
    pub rounds: usize,
    /// Only the main rows, and briefly.
    pub quick: bool,
    /// How much.
    pub effort: Effort,
    /// Where.
    pub setting: Setting,
    /// Whether the data stay for the next run.
    pub keep: bool,
    /// Where the JSON goes.
    pub output: PathBuf,
}

impl Wish {
    /// How often a row is measured.
    fn rounds_of(&self, row: &Planned) -> usize {
        if !self.rows.is_empty() {
            let named = self.rows.iter().any(|name| name == row.name);
            return if named { self.rounds } else { 0 };
        }
        if self.quick { row.quick.min(self.rounds) } else { self.rounds }
    }
}

/// Measures, prints the table, writes the JSON.
pub async fn run(wish: Wish) -> Result<()> {
    for name in &wish.rows {
        let known = ROWS.iter().any(|row| row.name == name);
        anyhow::ensure!(known, "there is no row {name}; `bench rows` lists them");
    }
    let began = Instant::now();
    println!("Preparing: a private PostgreSQL, a shop with {} variants", crate::seed::VARIANTS);
    let stage = Stage::open(wish.setting.clone(), wish.keep).await?;
    let mut report = describe(&wish, &stage).await?;
    let mut bench = Bench { stage, effort: wish.effort, top_rate: None, loads: 0 };
    let outcome = tokio::select! {
        outcome = rounds(&wish, &mut bench, &mut report) => outcome,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    let closed = bench.stage.close(wish.keep).await;
    report.settings.insert("seconds_altogether".into(), json!(began.elapsed().as_secs()));
    if let Some(folder) = wish.output.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if outcome.is_ok() {
        report.write(&wish.output)?;
    }
    println!("\n{}", report.table());
    outcome?;
    println!("Written to {}, after {:.0?}.", wish.output.display(), began.elapsed());
    closed
}

async fn describe(wish: &Wish, stage: &Stage) -> Result<Report> {
    let machine = machine::describe(stage.data())?;
    let mut admin = stage.admin().await?;
    let postgres: Map<String, Value> =
        sql::server_settings(&mut admin).await?.into_iter().map(|(k, v)| (k, v.into())).collect();
    for name in ["fsync", "synchronous_commit", "full_page_writes"] {
        anyhow::ensure!(postgres.get(name) == Some(&json!("on")), "{name} is off");
    }
    let Effort { warm_up, measure, connections, crowd, backlog } = wish.effort;
    let settings = json!({
        "quick": wish.quick, "rounds": wish.rounds, "warm_up_s": warm_up.as_secs_f64(),
        "measure_s": measure.as_secs_f64(), "connections": connections, "crowd": crowd, "backlog": backlog,
        "variants": crate::seed::VARIANTS, "postgresql": postgres,
        "shop_environment": wish.setting.environment.iter().map(|(k, v)| (k.clone(), json!(v))).collect::<Map<_, _>>(),
    });
    let rows = ROWS.iter().map(|row| Row::empty(row.name, row.unit)).collect();
    let settings = settings.as_object().cloned().unwrap_or_default();
    Ok(Report { machine, settings, rows, runs: Vec::new() })
}

async fn rounds(wish: &Wish, bench: &mut Bench, report: &mut Report) -> Result<()> {
    let mut impossible: Vec<Measure> = Vec::new();
    for round in 0..wish.rounds {
        println!("\nRound {} of {}", round + 1, wish.rounds);
        bench.top_rate = None;
        for by in plan::measures(|row| wish.rounds_of(row) > round) {
            if impossible.contains(&by) {
                continue;
            }
            let began = Instant::now();
            let measured = bench.measure(by).await.with_context(|| format!("{by:?}"))?;
            match measured {
                Ok(figures) => note(report, by, round, &figures, began.elapsed()),
                Err(Skipped::Impossible(why)) => {
                    println!("  {by:?}: {why}");
                    impossible.push(by);
                    report.rows.iter_mut().zip(ROWS).for_each(|(row, planned)| {
                        if planned.by == by {
                            row.note = Some(why.clone());
                        }
                    });
                }
            }
        }
        derive(report, round);
    }
    finish(wish, report);
    Ok(())
}

/// Takes a run's figures down, and says them.
fn note(report: &mut Report, by: Measure, round: usize, figures: &Figures, took: Duration) {
    for (name, value) in &figures.rows {
        if let Some(row) = report.row(name) {
            row.add(*value);
            println!(
                "  {name:<26}{:>12} {:<10} {}",
                figure(*value),
                row.unit,
                cost(&figures.detail)
            );
        }
    }
    report.runs.push(json!({
        "round": round + 1, "measurement": format!("{by:?}"), "detail": figures.detail,
        "took_s": (took.as_secs_f64() * 10.0).round() / 10.0,
    }));
}

/// What an answer cost, in a few words.
fn cost(detail: &Value) -> String {
    let Some(cpu) = detail.get("cpu_us") else { return String::new() };
    let part = |name: &str| cpu[name].as_f64().unwrap_or_default();
    format!(
        "cpu µs: load {:.1}, server {:.1}, rest {:.1}; busy {} cores, stolen {} %; p50 {} ms, \
         p99 {} ms",
        part("load"),
        part("server"),
        part("rest"),
        detail["busy_cores"],
        detail["stolen_percent"],
        detail["latency_ms"]["p50"],
        detail["latency_ms"]["p99"],
    )
}

/// Rows made of others, of the same round.
fn derive(report: &mut Report, round: usize) {
    let mut run = |name: &str| report.row(name).and_then(|row| row.runs.get(round).copied());
    let a = run("limit_bare_handler");
    let mut with = |b| a.zip(run(b)).map(|(a, b)| additive(a, b));
    let (limit, limit_spread) = (with("limit_sql_only"), with("limit_sql_only_spread"));
    let (hot, uniform) = (run("orders_hot"), run("orders_uniform"));
    let (sold_out, stored) = (run("sold_out"), run("orders_hot_10m_stored"));
    let hot_page = run("hot_page");
    let percent = |part: Option<f64>, of: Option<f64>| {
        part.zip(of).filter(|(_, of)| *of > 0.0).map(|(part, of)| part / of * 100.0)
    };
    for (name, value) in [
        ("limit_additive", limit),
        ("orders_hot_of_additive", percent(hot, limit)),
        ("limit_additive_spread", limit_spread),
        ("orders_uniform_of_additive", percent(uniform, limit_spread)),
        ("sold_out_of_bare_handler", percent(sold_out, a)),
        ("hot_page_of_bare_handler", percent(hot_page, a)),
        ("orders_hot_10m_of_empty", percent(stored, hot)),
    ] {
        if let (Some(value), Some(row)) = (value, report.row(name)) {
            row.add(value);
        }
    }
}

/// The additive limits are of the medians, as agreed; and every row without a figure says why.
fn finish(wish: &Wish, report: &mut Report) {
    let mut median = |name: &str| report.row(name).and_then(|row| row.median);
    let a = median("limit_bare_handler");
    let pairs = [
        ("limit_additive", median("limit_sql_only")),
        ("limit_additive_spread", median("limit_sql_only_spread")),
    ];
    for (limit, b) in pairs {
        if let (Some((a, b)), Some(row)) = (a.zip(b), report.row(limit)) {
            row.median = Some(additive(a, b).round());
        }
    }
    for (row, planned) in report.rows.iter_mut().zip(ROWS) {
        if row.median.is_none() && row.note.is_none() {
            let quick = wish.rows.is_empty() && wish.quick && planned.quick == 0;
            let why = if quick { "left out by QUICK=1" } else { NOT_ASKED };
            row.note = Some(why.to_owned());
        }
    }
}
