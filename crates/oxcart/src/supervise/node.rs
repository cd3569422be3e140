//! Finding Node.js and the built storefront.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;

use crate::config::Config;

/// SvelteKit needs this one.
const OLDEST: (u32, u32) = (22, 17);
/// Where the project puts its own.
const PINNED: &str = ".tools/node/bin/node";

/// What it takes to run the storefront.
#[derive(Clone, Debug)]
pub struct Node {
    /// The program.
    pub program: PathBuf,
    /// The script it runs.
    pub script: PathBuf,
}

impl Node {
    /// Looks for both, and says what to do when one is missing.
    pub async fn find(config: &Config) -> Result<Self> {
        let script = config.web_dir.join("server.js");
        let built = config.web_dir.join("build/handler.js");
        ensure!(
            script.is_file() && built.is_file(),
            "the storefront is not built (there is no {}). Run `make up`, or `scripts/web.sh \
             build`; OXCART_WEB_DIR says where it is.",
            if script.is_file() { built } else { script }.display()
        );
        let script = script.canonicalize().context("find the storefront")?;
        let program = program(config);
        let version = version(&program).await?;
        ensure!(
            version >= OLDEST,
            "{} is Node.js {}.{}, and the storefront needs {}.{} or newer. Run `make up`, which \
             gets one, or set OXCART_NODE.",
            program.display(),
            version.0,
            version.1,
            OLDEST.0,
            OLDEST.1
        );
        Ok(Self { program, script })
    }
}

fn program(config: &Config) -> PathBuf {
    let pinned = || Path::new(PINNED).canonicalize().ok().filter(|path| path.is_file());
    let configured = config.node.clone();
    configured.or_else(pinned).unwrap_or_else(|| PathBuf::from("node"))
}

async fn version(program: &Path) -> Result<(u32, u32)> {
    let output = Command::new(program).arg("--version").output().await.with_context(|| {
        format!(
            "could not run {}: the storefront needs Node.js. Run `make up`, which gets one, or \
             set OXCART_NODE",
            program.display()
        )
    })?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    parse_version(&text).with_context(|| format!("{} says {text:?}", program.display()))
}

/// `v24.1.0`.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(parse_version("v24.1.0").unwrap() > OLDEST);
        assert!(parse_version("v22.9.0").unwrap() < OLDEST);
        assert_eq!(parse_version("24.1.0"), None);
        assert_eq!(parse_version("v24"), None);
    }

    #[tokio::test]
    async fn what_is_missing_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config { web_dir: dir.path().to_owned(), ..Config::default() };
        let error = Node::find(&config).await.unwrap_err().to_string();
        assert!(error.contains("make up"), "{error}");

        std::fs::create_dir(dir.path().join("build")).unwrap();
        std::fs::write(dir.path().join("server.js"), "").unwrap();
        std::fs::write(dir.path().join("build/handler.js"), "").unwrap();
        let config = Config { node: Some("/no/such/node".into()), ..config };
        let error = format!("{:#}", Node::find(&config).await.unwrap_err());
        assert!(error.contains("OXCART_NODE"), "{error}");
    }
}
