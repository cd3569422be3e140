//! `cargo xtask update`: everything that is generated and committed, made anew.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use cargo_metadata::Metadata;
use clap::{Args, ValueEnum};

use crate::events_page;
use crate::postgres::PrivatePostgres;
use crate::tree::Tree;

/// Where sqlx's macros find the descriptions of the queries when no database is there.
const QUERY_DATA: &str = ".sqlx";
const OPENAPI: &str = "crates/api/openapi.json";

/// What to regenerate, and whether a difference is a failure.
#[derive(Args)]
pub struct Options {
    /// Only these parts; all of them without it.
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Fail when something that is committed was not up to date.
    #[arg(long)]
    check: bool,
}

/// A generated part.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// `.sqlx/`: what PostgreSQL says about each query.
    Sql,
    /// `docs/events.md`: the catalogue of events.
    Events,
    /// `crates/api/openapi.json`: the API's description.
    Openapi,
    /// The TypeScript client, from the API's description.
    Web,
}

/// Regenerates the parts; false when `--check` found a difference.
pub fn run(root: &Path, metadata: &Metadata, options: &Options) -> anyhow::Result<bool> {
    let before = Tree::load(root)?;
    let wanted = |part| options.parts.is_empty() || options.parts.contains(&part);
    if wanted(Part::Sql) {
        describe_queries(root, metadata)?;
    }
    if wanted(Part::Events) {
        write_events(root, &before)?;
    }
    if wanted(Part::Openapi) {
        write_openapi(root, metadata)?;
    }
    if wanted(Part::Web) {
        generate_client(root)?;
    }
    let changed = differences(&before, &Tree::load(root)?);
    for path in &changed {
        println!("changed: {path}");
    }
    if options.check && !changed.is_empty() {
        println!("not up to date: run `cargo xtask update` and commit what it changed");
        return Ok(false);
    }
    println!("update: {} files changed", changed.len());
    Ok(true)
}

/// Lets sqlx's macros run against a real database and save what it told them.
fn describe_queries(root: &Path, metadata: &Metadata) -> anyhow::Result<()> {
    println!("update: asking PostgreSQL about every query (a full check of the workspace)");
    let server;
    let url = if let Ok(url) = std::env::var("OXCART_UPDATE_DATABASE_URL") {
        url
    } else {
        server = PrivatePostgres::start()?;
        server.migrate(&root.join("crates/pg/migrations"))?;
        server.url()
    };
    let data = root.join(QUERY_DATA);
    let kept = root.join("target/sqlx-before-update");
    if kept.exists() {
        fs::remove_dir_all(&kept)?;
    }
    if data.exists() {
        fs::create_dir_all(root.join("target"))?;
        fs::rename(&data, &kept)?;
    }
    fs::create_dir_all(&data)?;
    // The compiler does not know that the macros read the environment: files that look changed are
    // compiled again, and their macros run again.
    for source in sources_with_queries(metadata) {
        File::options().append(true).open(&source)?.set_modified(now())?;
    }
    let checked = Command::new(cargo())
        .args(["check", "--workspace", "--all-targets"])
        .current_dir(root)
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", &data)
        .env("DATABASE_URL", &url)
        .status()
        .context("cargo could not be started")?;
    if !checked.success() && kept.exists() {
        fs::remove_dir_all(&data)?;
        fs::rename(&kept, &data)?;
    }
    ensure!(checked.success(), "the workspace does not compile; {QUERY_DATA} is as it was");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a file's time of change is real time")]
fn now() -> std::time::SystemTime {
    std::time::SystemTime::now()
}

/// The root source of every target of the crates that use sqlx.
fn sources_with_queries(metadata: &Metadata) -> BTreeSet<PathBuf> {
    metadata
        .workspace_packages()
        .iter()
        .filter(|package| package.dependencies.iter().any(|it| it.name == "sqlx"))
        .flat_map(|package| &package.targets)
        .map(|target| target.src_path.as_std_path().to_owned())
        .collect()
}

fn write_events(root: &Path, tree: &Tree) -> anyhow::Result<()> {
    println!("update: {}", events_page::PAGE);
    let (page, findings) = events_page::render(tree);
    if let Some(finding) = findings.first() {
        anyhow::bail!("{}: {}: {}", finding.path, finding.what, finding.advice);
    }
    fs::write(root.join(events_page::PAGE), page)?;
    Ok(())
}

fn write_openapi(root: &Path, metadata: &Metadata) -> anyhow::Result<()> {
    println!("update: {OPENAPI}");
    // The whole workspace, although one example is wanted: with other crates' features it would be
    // compiled a second time beside what `make test` has built.
    let built = Command::new(cargo())
        .args(["build", "--quiet", "--workspace", "--example", "openapi"])
        .current_dir(root)
        .env("SQLX_OFFLINE", "true")
        .status()
        .context("cargo could not be started")?;
    ensure!(built.success(), "the example `openapi` of crates/api does not compile");
    let program = metadata.target_directory.join("debug/examples/openapi");
    let output = Command::new(&program)
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{program} could not be started"))?;
    ensure!(output.status.success(), "{program} failed");
    ensure!(output.stdout.starts_with(b"{"), "{program} printed no JSON");
    fs::write(root.join(OPENAPI), output.stdout)?;
    Ok(())
}

fn generate_client(root: &Path) -> anyhow::Result<()> {
    println!("update: the TypeScript client");
    let status = Command::new("bash")
        .args(["scripts/web.sh", "run", "generate:api"])
        .current_dir(root)
        .status()
        .context("bash could not be started")?;
    ensure!(status.success(), "`npm run generate:api` failed");
    Ok(())
}

fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// The paths of the files that are not the same in both.
fn differences(before: &Tree, after: &Tree) -> Vec<String> {
    let paths: BTreeSet<&str> =
        before.files.iter().chain(&after.files).map(|file| file.path.as_str()).collect();
    paths
        .into_iter()
        .filter(|path| {
            let text = |tree: &Tree| tree.find(path).map(|file| file.text.clone());
            text(before) != text(after)
        })
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_changed_came_and_went() {
        let before = Tree::of(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let after = Tree::of(&[("a", "1"), ("b", "2"), ("d", "1")]);
        assert_eq!(differences(&before, &after), ["b", "c", "d"]);
    }
}
