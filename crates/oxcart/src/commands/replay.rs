//! `oxcart replay`: the second life of dead letters, from the command line.

use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use kernel::{Clock as _, SystemClock};
use outbox::letters::{self, Letter, LetterFilter, LetterSource};
use pg::{Db, DbOptions};

use super::with_database;
use crate::{
    cli::{ReplayArgs, ReplaySource},
    compose::check_schema,
    config::Config,
    supervise::lifecycle::say,
};

/// Letters that are shown at a time.
const PAGE: i64 = 500;

/// Lets dead letters be handed over or done again; with `--dry-run`, only shows them.
pub async fn run(config: &Config, args: &ReplayArgs) -> Result<ExitCode> {
    let filter = filter(args)?;
    with_database(config, async |database| {
        check_schema(&database.url).await?;
        let db = Db::open(&DbOptions::app(&database.url))?;
        let told = if args.dry_run {
            show(&db, &filter, args.limit).await
        } else {
            replay(&db, &filter, args.limit).await
        };
        db.close().await;
        told.map(|()| ExitCode::SUCCESS)
    })
    .await
}

/// Everything at once has to be asked for.
fn filter(args: &ReplayArgs) -> Result<LetterFilter> {
    let narrowed = args.kind.is_some() || args.id.is_some() || args.from.is_some();
    ensure!(
        narrowed || args.all || args.dry_run,
        "say which dead letters: --id, --kind, --from, or --all (--dry-run shows them)"
    );
    let source = args.source.map(|source| match source {
        ReplaySource::Event => LetterSource::Event,
        ReplaySource::Job => LetterSource::Job,
    });
    Ok(LetterFilter {
        source,
        id: args.id,
        kind: args.kind.clone(),
        from: args.from,
        until: args.until,
    })
}

async fn show(db: &Db, filter: &LetterFilter, limit: u32) -> Result<()> {
    let mut conn = db.acquire().await?;
    let (mut after, mut shown) = (None, 0_u32);
    while shown < limit {
        let left = i64::from(limit - shown).min(PAGE);
        let page = letters::letters(&mut conn, filter, after, left).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for letter in &page {
            say(&line(letter));
        }
        shown += u32::try_from(page.len()).unwrap_or(u32::MAX);
    }
    say(&format!("{shown} dead letters; nothing was changed."));
    Ok(())
}

fn line(letter: &Letter) -> String {
    let Letter { id, source, kind, at, attempts, last_error, .. } = letter;
    let source = source.as_str();
    format!("{id}  {source} {kind}  {at}  tried {attempts} times: {last_error}")
}

async fn replay(db: &Db, filter: &LetterFilter, limit: u32) -> Result<()> {
    let mut tx = db.begin().await?;
    let replayed = letters::replay_letters(&mut tx, filter, SystemClock.now(), limit).await?;
    tx.commit().await.context("could not write it down")?;
    for (source, id) in &replayed {
        say(&format!("{id}  {}", source.as_str()));
    }
    say(&format!("{} dead letters are on their way again.", replayed.len()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use testkit::TestDb;

    use super::*;
    use crate::cli::{Cli, Command};

    fn args(words: &[&str]) -> ReplayArgs {
        let line = ["oxcart", "replay"].iter().chain(words);
        let Command::Replay(args) = Cli::parse_from(line).command else { panic!("{words:?}") };
        args
    }

    #[test]
    fn everything_at_once_has_to_be_asked_for() {
        assert!(filter(&args(&[])).is_err());
        assert!(filter(&args(&["--source", "job"])).is_err());
        assert!(filter(&args(&["--until", "2026-01-01T00:00:00Z"])).is_err());
        for good in [
            &["--all"][..],
            &["--dry-run"],
            &["--kind", "order.paid"],
            &["--from", "2026-01-01T00:00:00Z"],
            &["--id", "01990000-0000-7000-8000-0000000000ff"],
        ] {
            assert!(filter(&args(good)).is_ok(), "{good:?}");
        }
    }

    #[tokio::test]
    async fn what_fits_is_replayed_and_a_dry_run_changes_nothing() {
        let test = TestDb::new().await;
        let mut conn = test.owner().acquire().await.unwrap();
        sqlx::raw_sql(
            "INSERT INTO outbox.jobs (id, kind, payload, run_at, dead, last_error)
             SELECT gen_random_uuid(), kind, '{}', '2026-01-01', true, 'no'
               FROM unnest(ARRAY['send_a', 'send_a', 'send_b']) AS kind",
        )
        .execute(&mut *conn)
        .await
        .unwrap();
        let mut dead = async || -> i64 {
            let count = "SELECT count(*) FROM outbox.jobs WHERE dead";
            sqlx::query_scalar(count).fetch_one(&mut *conn).await.unwrap()
        };
        let one_kind = filter(&args(&["--kind", "send_a"])).unwrap();
        show(test.db(), &one_kind, 10).await.unwrap();
        assert_eq!(dead().await, 3);
        replay(test.db(), &one_kind, 1).await.unwrap();
        assert_eq!(dead().await, 2);
        replay(test.db(), &one_kind, 10).await.unwrap();
        assert_eq!(dead().await, 1);
        replay(test.db(), &filter(&args(&["--all"])).unwrap(), 10).await.unwrap();
        assert_eq!(dead().await, 0);
    }
}
