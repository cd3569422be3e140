//! What nothing can be faster than, and the usual ways.

use anyhow::{Result, ensure};
use serde_json::json;

use super::{Bench, Figures};
use crate::{
    children::{self, Server},
    limit_sql::Written,
    load::{outcome::Outcome, random::Spread, request::Ask},
    seed, sql,
    stage::RUN,
};

impl Bench {
    /// The load generator against a server that does nothing: its own cost.
    pub(super) async fn generator(&mut self) -> Result<Figures> {
        let server = Server::own(&["serve-trivial"]).await?;
        let outcome = children::load(&self.closed(&server, hot(), 201)).await?;
        answered(&outcome)?;
        Ok(Figures::of("load_generator", &outcome))
    }

    /// The same request read and checked, and nothing done.
    pub(super) async fn bare_handler(&mut self, row: &'static str) -> Result<Figures> {
        let layers: &[&str] = if row == "limit_bare_handler" { &["--layers"] } else { &[] };
        let server = Server::own(&[&["serve-bare"], layers].concat()).await?;
        let outcome = children::load(&self.closed(&server, hot(), 201)).await?;
        answered(&outcome)?;
        Ok(Figures::of(row, &outcome))
    }

    /// The same rows written in batches, without HTTP.
    pub(super) async fn sql_only(&mut self, row: &'static str, more: &[&str]) -> Result<Figures> {
        self.stage.copy(RUN).await?;
        let (warm_up, measure) = self.window();
        let (warm_up, measure) = (warm_up.to_string(), measure.to_string());
        let window = ["--warm-up-ms", &warm_up, "--measure-ms", &measure];
        let written = self.write(&[&window[..], more].concat()).await?;
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 orders")]
        let rate = written.measured as f64 / written.seconds;
        Ok(Figures { rows: vec![(row, rate)], detail: json!({"written": written}) })
    }

    /// Writes orders into the database of the run, and counts them there.
    pub(super) async fn write(&self, more: &[&str]) -> Result<Written> {
        let (database, samples) = (self.stage.url(RUN), self.stage.samples_url());
        let first = ["write-orders", "--database", &database, "--samples", &samples];
        let written: Written = children::own(&[&first[..], more].concat()).await?;
        let stored = sql::count_orders(&mut sql::connect(&database).await?).await?;
        ensure!(
            stored == written.total && stored > 0,
            "{} orders were written, and {stored} are in the database",
            written.total
        );
        Ok(written)
    }

    /// One transaction a request.
    pub(super) async fn naive(&mut self, row: &'static str) -> Result<Figures> {
        self.stage.copy(RUN).await?;
        let (database, samples) = (self.stage.url(RUN), self.stage.samples_url());
        let way = if row == "naive_for_update" { "for-update" } else { "guarded-update" };
        let arguments = ["serve-naive", way, "--database", &database, "--samples", &samples];
        let server = Server::own(&arguments).await?;
        let mut load = self.closed(&server, hot(), 201);
        // More would only wait longer for one of the pool's connections, and then in vain.
        load.connections = 64;
        let outcome = children::load(&load).await?;
        server.stop().await?;
        self.check(&outcome, 1).await?;
        Ok(Figures::of(row, &outcome))
    }
}

/// Everybody wants one unit of the same.
fn hot() -> Ask {
    Ask::Orders { variants: seed::variants(), spread: Spread::One, lines: 1 }
}

/// Every request was answered as expected.
pub(super) fn answered(outcome: &Outcome) -> Result<()> {
    let sound = outcome.measured > 0
        && outcome.statuses.other_than(first_status(outcome)) == 0
        && outcome.unanswered == 0;
    let example = outcome.example.as_deref().unwrap_or_default();
    ensure!(
        sound,
        "unexpected answers: {}, {} requests unanswered\n{example}",
        outcome.statuses,
        outcome.unanswered
    );
    Ok(())
}

/// The only status there should be: the one that was counted.
fn first_status(outcome: &Outcome) -> u16 {
    [200, 201, 409].into_iter().find(|status| outcome.statuses.of(*status) > 0).unwrap_or(0)
}
