//! The house rules that a program can check. Each check is a function from what it looks at to its
//! findings, and its tests show that it can fail.

mod alerts;
mod budgets;
mod domain;
mod error_codes;
mod layers;
mod manifests;
mod migrations;
mod named_tests;
mod places;
mod schema_names;
mod sql;
mod walls;

use std::time::Instant;

use cargo_metadata::Metadata;

use crate::{events_page, tree::Tree};

pub use domain::publishes;
pub use error_codes::{codes, page_path};
pub use layers::is_module;
pub use sql::pattern;

/// Something that breaks a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, relative to the root.
    pub path: String,
    /// The line, counted from one; zero when the whole file is meant.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub advice: String,
    /// Shown, but not a failure.
    pub only_warning: bool,
}

impl Finding {
    /// A finding that fails the run.
    pub fn new(
        path: impl Into<String>,
        line: usize,
        what: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let (path, what, advice) = (path.into(), what.into(), advice.into());
        Self { path, line, what, advice, only_warning: false }
    }

    /// The same, but only shown.
    pub fn into_warning(self) -> Self {
        Self { only_warning: true, ..self }
    }
}

type Check<'a> = (&'static str, Box<dyn Fn() -> Vec<Finding> + 'a>);

/// Runs every check and prints what it found; true when nothing failed.
pub fn run(tree: &Tree, metadata: &Metadata) -> bool {
    let started = Instant::now();
    let crates = layers::crates(metadata);
    let checks: [Check<'_>; 13] = [
        ("layers", Box::new(|| layers::check(&crates))),
        ("manifests", Box::new(|| manifests::check(tree))),
        ("walls (sqlx, axum)", Box::new(|| walls::check(tree))),
        ("SQL (schemas, DDL)", Box::new(|| sql::check(tree))),
        ("budgets (files, functions)", Box::new(|| budgets::check(tree))),
        ("error codes", Box::new(|| error_codes::check(tree))),
        ("migrations", Box::new(|| migrations::check(tree))),
        ("places (paths, links)", Box::new(|| places::check(tree))),
        ("domain (events, states, terms)", Box::new(|| domain::check(tree))),
        ("events (docs/events.md)", Box::new(|| events_page::check(tree))),
        ("alerts (metrics)", Box::new(|| alerts::check(tree))),
        ("tests named in docs/security.md", Box::new(|| named_tests::check(tree))),
        ("names of schemas (OpenAPI)", Box::new(|| schema_names::check(tree))),
    ];
    let mut failures = 0_usize;
    let mut warnings = 0_usize;
    let count = checks.len();
    for (name, check) in checks {
        let mut findings = check();
        findings.sort();
        for finding in &findings {
            print(name, finding);
            if finding.only_warning {
                warnings += 1;
            } else {
                failures += 1;
            }
        }
    }
    println!(
        "tidy: {count} checks over {} files in {} ms: {failures} to fix, {warnings} warned of",
        tree.files.len(),
        started.elapsed().as_millis()
    );
    failures == 0
}

fn print(check: &str, finding: &Finding) {
    let Finding { path, line, what, advice, only_warning } = finding;
    let place = if *line == 0 { path.clone() } else { format!("{path}:{line}") };
    let kind = if *only_warning { "warning: " } else { "" };
    println!("{place}: {kind}{what} [{check}]\n    {advice}");
}
