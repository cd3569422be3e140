//! Every crate inherits the workspace's lints, package data and shared dependencies.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::Finding;
use crate::tree::{TextFile, Tree};

const INHERITED: &[&str] = &["version", "edition", "rust-version", "license"];

/// Checks each `crates/*/Cargo.toml` against the root's.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(root) = tree.find("Cargo.toml").and_then(|file| parse(file, &mut findings)) else {
        return findings;
    };
    let shared = root
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies"))
        .and_then(Value::as_table)
        .cloned()
        .unwrap_or_default();
    let mut own: BTreeMap<String, Vec<(&TextFile, usize)>> = BTreeMap::new();
    for file in tree.files.iter().filter(|file| is_member(file)) {
        let Some(manifest) = parse(file, &mut findings) else { continue };
        check_inheritance(file, &manifest, &mut findings);
        for (name, value) in dependencies(&manifest) {
            if value.get("workspace").and_then(Value::as_bool) != Some(true) {
                own.entry(name.clone()).or_default().push((file, line_of(file, &name)));
            }
        }
    }
    for (name, places) in own {
        if !shared.contains_key(&name) && places.len() == 1 {
            continue;
        }
        for (file, line) in places {
            findings.push(Finding::new(
                &file.path,
                line,
                format!("`{name}` is shared but not inherited"),
                format!(
                    "list it in the root's [workspace.dependencies]; `{name}.workspace = true`"
                ),
            ));
        }
    }
    findings
}

fn is_member(file: &TextFile) -> bool {
    file.crate_name().is_some_and(|name| file.path == format!("crates/{name}/Cargo.toml"))
}

fn parse(file: &TextFile, findings: &mut Vec<Finding>) -> Option<Table> {
    match file.text.parse() {
        Ok(table) => Some(table),
        Err(error) => {
            findings.push(Finding::new(
                &file.path,
                0,
                format!("cannot be read: {error}"),
                "write valid TOML",
            ));
            None
        }
    }
}

fn check_inheritance(file: &TextFile, manifest: &Table, findings: &mut Vec<Finding>) {
    let inherits = |value: Option<&Value>| {
        value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
    };
    if !inherits(manifest.get("lints")) {
        findings.push(Finding::new(
            &file.path,
            0,
            "does not inherit the workspace's lints",
            "add `[lints]` with `workspace = true`",
        ));
    }
    let package = manifest.get("package");
    for key in INHERITED {
        if !inherits(package.and_then(|package| package.get(key))) {
            findings.push(Finding::new(
                &file.path,
                line_of(file, key),
                format!("sets its own `{key}`"),
                format!("write `{key}.workspace = true`"),
            ));
        }
    }
}

fn dependencies(manifest: &Table) -> Vec<(String, Value)> {
    let mut tables: Vec<&Table> = vec![manifest];
    if let Some(targets) = manifest.get("target").and_then(Value::as_table) {
        tables.extend(targets.values().filter_map(Value::as_table));
    }
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    tables
        .iter()
        .flat_map(|table| kinds.iter().filter_map(|kind| table.get(*kind)?.as_table()))
        .flat_map(|table| table.iter().map(|(name, value)| (name.clone(), value.clone())))
        .collect()
}

fn line_of(file: &TextFile, key: &str) -> usize {
    file.text
        .lines()
        .position(|line| {
            line.trim_start()
                .strip_prefix(key)
                .is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
        })
        .map_or(0, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "[workspace.dependencies]\nserde = \"1\"\n";
    const HEAD: &str = "[package]\nname = \"orders\"\nversion.workspace = true\n\
        edition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\n";

    fn findings(manifest: &str) -> Vec<Finding> {
        check(&Tree::of(&[("Cargo.toml", ROOT), ("crates/orders/Cargo.toml", manifest)]))
    }

    #[test]
    fn a_manifest_that_inherits_is_fine() {
        let manifest = format!(
            "{HEAD}[lints]\nworkspace = true\n[dependencies]\nserde.workspace = true\nitoa = \"1\"\n"
        );
        assert_eq!(findings(&manifest), []);
    }

    #[test]
    fn missing_lints_own_edition_and_own_version_are_found() {
        let manifest = HEAD.replace("edition.workspace = true", "edition = \"2021\"");
        let manifest = format!("{manifest}[dev-dependencies]\nserde = \"1\"\n");
        let what: Vec<_> = findings(&manifest).into_iter().map(|it| (it.line, it.what)).collect();
        assert_eq!(
            what,
            [
                (0, "does not inherit the workspace's lints".to_owned()),
                (4, "sets its own `edition`".to_owned()),
                (8, "`serde` is shared but not inherited".to_owned()),
            ]
        );
    }

    #[test]
    fn a_dependency_that_two_crates_spell_out_is_shared() {
        let manifest = format!("{HEAD}[lints]\nworkspace = true\n[dependencies]\nitoa = \"1\"\n");
        let tree = Tree::of(&[
            ("Cargo.toml", ROOT),
            ("crates/orders/Cargo.toml", &manifest),
            ("crates/cart/Cargo.toml", &manifest),
        ]);
        assert_eq!(check(&tree).len(), 2);
    }

    #[test]
    fn broken_toml_is_found() {
        assert_eq!(findings("[package\n").len(), 1);
    }
}
