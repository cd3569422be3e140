//! `oxcart import products` and `oxcart export products`.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    os::fd::AsFd as _,
    path::Path,
    pin::pin,
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use audit::NewEntry;
use catalog::EditContext;
use futures::{TryStreamExt as _, future::BoxFuture};
use kernel::{Actor, Clock as _, Ids, Locale, SystemClock};
use pg::{Connection, Db, DbOptions, DbResult};
use product_files::{BadRow, Format, Import, Recorder, Report, Rules, Tally};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use uuid::Uuid;

use super::with_database;
use crate::{
    cli::{ImportProductsArgs, ProductFormat, ProductLanguage},
    compose::check_schema,
    config::Config,
    supervise::lifecycle::say,
};

/// How much of a file is read at a time.
const PIECE: usize = 256 * 1024;
/// Bad rows that are shown at the terminal; a report file has all of them.
const SHOWN: usize = 50;

impl From<ProductFormat> for Format {
    fn from(it: ProductFormat) -> Self {
        match it {
            ProductFormat::Csv => Self::Csv,
            ProductFormat::Jsonl => Self::Jsonl,
        }
    }
}

impl From<ProductLanguage> for Locale {
    fn from(it: ProductLanguage) -> Self {
        match it {
            ProductLanguage::ZhTw => Self::ZhTw,
            ProductLanguage::En => Self::En,
        }
    }
}

/// Takes a file; exits with 1 when products were refused.
pub async fn import(config: &Config, args: &ImportProductsArgs) -> Result<ExitCode> {
    let rules = rules(args);
    let is_stdin = args.file == Path::new("-");
    let (file, size): (Box<dyn AsyncRead + Send + Unpin>, u64) = if is_stdin {
        let file = File::from(std::io::stdin().as_fd().try_clone_to_owned()?);
        (Box::new(tokio::fs::File::from_std(file)), 0)
    } else {
        let name = || args.file.display().to_string();
        let file = tokio::fs::File::open(&args.file).await.with_context(name)?;
        let size = file.metadata().await.with_context(name)?.len();
        (Box::new(file), size)
    };
    let mut followed = match &args.report {
        Some(path) => Some(ReportFile::create(path)?),
        None => None,
    };
    with_database(config, async |database| {
        check_schema(&database.url).await?;
        let db = Db::open(&DbOptions::app(&database.url))?;
        let report = take(&db, file, size, rules, followed.as_mut()).await;
        db.close().await;
        let report = report?;
        if let Some(file) = followed {
            file.finish(&report)?;
        }
        tell(&report);
        Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
    .await
}

fn rules(args: &ImportProductsArgs) -> Rules {
    let ending = args.file.extension().and_then(|it| it.to_str()).map(str::to_ascii_lowercase);
    let is_json = matches!(ending.as_deref(), Some("jsonl" | "ndjson"));
    let guessed = if is_json { Format::Jsonl } else { Format::Csv };
    Rules {
        format: args.format.map_or(guessed, Format::from),
        language: args.language.into(),
        dry_run: args.dry_run,
        strict: args.strict,
        create_categories: args.create_categories,
        category: args.category.clone(),
    }
}

async fn take(
    db: &Db,
    mut file: impl AsyncRead + Unpin,
    size: u64,
    rules: Rules,
    mut followed: Option<&mut ReportFile>,
) -> Result<Report> {
    let (clock, ids) = (SystemClock, Ids::from_system());
    let context = EditContext { clock: &clock, ids: &ids };
    let recorder = AtTheTerminal { context };
    let follow = |bad: &BadRow| {
        if let Some(file) = &mut followed {
            file.line(bad);
        }
    };
    let mut import = Import::new(db, rules, context, &recorder).follow(follow);
    let (mut piece, mut read, mut told) = (vec![0; PIECE], 0_u64, 0);
    loop {
        let length = file.read(&mut piece).await?;
        if length == 0 {
            return Ok(import.finish().await?);
        }
        read += u64::try_from(length)?;
        import.push(&piece[..length]).await?;
        let products = import.so_far().products;
        if products >= told + 1_000 {
            told = products;
            progress(import.so_far(), read.checked_mul(100).and_then(|it| it.checked_div(size)));
        }
    }
}

/// For the person who waits; the standard output is for the sum.
fn progress(report: &Report, percent: Option<u64>) {
    let part = percent.map(|percent| format!("{percent} %, ")).unwrap_or_default();
    let (all, refused) = (report.products, report.refused);
    let line = format!("{part}{all} products, {refused} of them refused");
    writeln!(std::io::stderr(), "{line}").ok();
}

fn tell(report: &Report) {
    for bad in report.errors.iter().take(SHOWN) {
        say(&format!("line {}, {}: {} ({})", bad.line, bad.column, bad.message, bad.product));
    }
    let more = report.bad_rows.saturating_sub(SHOWN as u64);
    if more > 0 {
        say(&format!("… and {more} more: name a file with --report to have them all"));
    }
    for note in &report.notes {
        let (line, count) = (note.line, note.count);
        say(&format!("Note: {} {} (line {line}, {count} times)", note.column, note.message));
    }
    if !report.complete {
        say("The file could not be read to its end.");
    }
    let outcome = if report.written { "Written" } else { "Nothing was written" };
    say(&format!(
        "{outcome}: {} products, {} added, {} changed, {} unchanged, {} refused.",
        report.products, report.added, report.changed, report.unchanged, report.refused
    ));
}

/// Every bad row, then every note, a line each.
struct ReportFile(BufWriter<File>);

impl ReportFile {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| path.display().to_string())?;
        Ok(Self(BufWriter::new(file)))
    }

    /// What cannot be written is told at the end, when it is flushed.
    fn line(&mut self, line: &impl serde::Serialize) {
        serde_json::to_writer(&mut self.0, line).ok();
        self.0.write_all(b"\n").ok();
    }

    fn finish(mut self, report: &Report) -> Result<()> {
        for note in &report.notes {
            self.line(note);
        }
        self.0.flush().context("the report could not be written")
    }
}

/// Who works at the terminal is nobody the shop knows.
struct AtTheTerminal<'a> {
    context: EditContext<'a>,
}

impl Recorder for AtTheTerminal<'_> {
    fn record<'a>(
        &'a self,
        conn: &'a mut Connection,
        import_id: Uuid,
        done: &'a Tally,
    ) -> BoxFuture<'a, DbResult<()>> {
        let entry = NewEntry {
            id: self.context.ids.next(self.context.clock),
            at: self.context.clock.now(),
            actor: Actor::System,
            source: "command_line",
            action: access::Action::CatalogWrite.as_str(),
            target_kind: access::Kind::Product.as_str(),
            target_id: "*".to_owned(),
            before: None,
            after: Some(json!({"import_id": import_id, "products": done})),
            reason: None,
            ip: None,
            trace_id: import_id.simple().to_string(),
        };
        Box::pin(async move { audit::append(conn, &entry).await })
    }
}

/// Writes all products to the standard output.
pub async fn export(
    config: &Config,
    format: ProductFormat,
    language: ProductLanguage,
) -> Result<ExitCode> {
    with_database(config, async |database| {
        check_schema(&database.url).await?;
        let db = Db::open(&DbOptions::app(&database.url))?;
        let now = SystemClock.now();
        let products = product_files::export(db.clone(), format.into(), language.into(), now);
        let mut pieces = pin!(products);
        let mut out = std::io::stdout().lock();
        while let Some(piece) = pieces.try_next().await? {
            out.write_all(&piece)?;
        }
        out.flush()?;
        db.close().await;
        Ok(ExitCode::SUCCESS)
    })
    .await
}
