//! The mutation check: a checker that never fails proves nothing. In a test build one guard at a
//! time is removed from the program, and a short run must find exactly what that guard is for; the
//! same build with all its guards must pass.

use std::{path::Path, time::Duration};

use anyhow::Result;
use serde::Serialize;

use super::run::{Setup, prove};
use crate::checker::Kind;

/// A guard that can be removed, and what must be found then.
const MUTANTS: &[(Option<&str>, Option<Kind>)] = &[
    (None, None),
    (Some("oversell"), Some(Kind::Oversold)),
    (Some("lost"), Some(Kind::LostOrder)),
    (Some("double"), Some(Kind::DoubleOrder)),
];

/// What came of one mutant.
#[derive(Clone, Debug, Serialize)]
pub struct Caught {
    /// Its name; `none` with all guards in place.
    pub mutant: &'static str,
    /// What had to be found.
    pub wanted: Option<Kind>,
    /// Whether it was; without a mutant, whether nothing was.
    pub right: bool,
    /// What was found.
    pub found: String,
}

/// Runs every mutant.
pub async fn check(binary: &Path, out: &Path, seed: u64, length: Duration) -> Result<Vec<Caught>> {
    let mut caught = Vec::new();
    for (mutant, wanted) in MUTANTS {
        let name = mutant.unwrap_or("none");
        let setup = Setup {
            binary: binary.to_owned(),
            seed,
            length,
            kills: 2,
            shoppers: 24,
            mutant: *mutant,
            out: out.to_owned(),
            name: format!("mutant-{name}"),
        };
        let report = prove(&setup).await?;
        let right = match wanted {
            Some(kind) => report.verdict.count(*kind) > 0,
            None => report.verdict.is_clean(),
        };
        let found = report.verdict.summary();
        let found = if found.is_empty() { "nothing".to_owned() } else { found };
        println!("  {name:<9} {}: found {found}", if right { "ok  " } else { "WRONG" });
        caught.push(Caught { mutant: name, wanted: *wanted, right, found });
    }
    Ok(caught)
}
