//! `oxcart reconcile`.

use std::{process::ExitCode, sync::Arc};

use anyhow::{Context as _, Result, bail, ensure};
use checkout::{OrderAccess, PaymentMetrics, Reconciler};
use jiff::civil::Date;
use payments::reconciliation::{self, Reconciliation, ReconciliationStatus};
use telemetry::Metrics;

use super::with_database;
use crate::{
    compose::{self, Base, check_schema},
    config::Config,
    keys::Keys,
    supervise::lifecycle::say,
};

/// Compares a day, again if it was compared before, and says what differs.
pub async fn run(config: &Config, day: Date) -> Result<ExitCode> {
    with_database(config, async |database| {
        check_schema(&database.url).await?;
        let base = Base::open(config, &database.url)?;
        let today = reconciliation::day_of(base.clock.now());
        ensure!(day < today, "{day} is not over yet in Taipei");
        let ecpay = compose::ecpay_provider(config)?;
        let access = OrderAccess::new(Keys::read(&base).await?.order);
        let metrics = PaymentMetrics::new(&Metrics::new())?;
        let checkout = compose::checkout(config, &base, &ecpay, access, metrics)?;
        let reconciler = Reconciler::new(checkout, Arc::new(ecpay));
        let report = reconciler.reconcile(day, true).await;
        base.db.close().await;
        tell(&report?.context("another node is comparing that day at this moment")?)
    })
    .await
}

fn tell(report: &Reconciliation) -> Result<ExitCode> {
    let day = report.day;
    if report.status != ReconciliationStatus::Done {
        let why = report.failure.as_deref().unwrap_or("another node has begun anew");
        bail!("{day} could not be compared: {why}");
    }
    say(&format!(
        "{day}: {} payments in our books, {} rows in the statements of {}.",
        report.ours, report.theirs, report.provider
    ));
    for it in &report.differences {
        let (ours, theirs) = (it.ours.as_deref(), it.theirs.as_deref());
        say(&format!(
            "✗ {} {}: ours {}, theirs {}",
            it.merchant_trade_no,
            it.kind.as_str(),
            ours.unwrap_or("nothing"),
            theirs.unwrap_or("nothing")
        ));
    }
    if report.differences.is_empty() {
        say("The books agree.");
        return Ok(ExitCode::SUCCESS);
    }
    say("Each difference is a task in the back office (GET /api/admin/payment-tasks).");
    Ok(ExitCode::FAILURE)
}
