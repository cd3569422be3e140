//! The alert rules speak of metrics that exist, and each says what to do: a rule about a metric that
//! was renamed never fires, and nobody misses it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::Finding;
use super::sql::pattern;
use crate::rust;
use crate::tree::{TextFile, Tree};

/// The rules.
const RULES: &str = "deploy/alerts.yml";

static METRIC: LazyLock<Regex> = LazyLock::new(|| pattern(r"\boxcart_[a-z_]+\b"));
/// What Prometheus makes of one histogram.
const PARTS: [&str; 3] = ["_bucket", "_sum", "_count"];
/// What every rule has, besides its name.
const PARTS_OF_A_RULE: [&str; 5] = ["expr:", "for:", "severity:", "summary:", "description:"];

/// Looks up every metric that the rules name, and that no rule is half a rule.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(file) = tree.find(RULES) else { return Vec::new() };
    let known = metrics(tree);
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        for found in METRIC.find_iter(line) {
            let name = found.as_str();
            let whole = PARTS.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
            if !known.contains(name) && !known.contains(whole) {
                findings.push(Finding::new(
                    RULES,
                    index + 1,
                    format!("no such metric: `{name}`"),
                    "name one that the program registers",
                ));
            }
        }
    }
    findings.extend(half_rules(file));
    findings
}

/// The metrics that the program registers: texts of its sources that are nothing but such a name.
fn metrics(tree: &Tree) -> BTreeSet<String> {
    tree.rust_files()
        .filter(|file| !file.is_test())
        .filter_map(|file| rust::tokens(&file.text).ok())
        .flat_map(|tokens| {
            let texts = rust::texts(&tokens).map(|(_, text)| text.to_owned());
            texts
                .filter(|text| METRIC.find(text).is_some_and(|it| it.as_str() == text))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Rules that lack a part.
fn half_rules(file: &TextFile) -> Vec<Finding> {
    let lines: Vec<&str> = file.text.lines().collect();
    let starts: Vec<usize> =
        (0..lines.len()).filter(|&it| lines[it].trim_start().starts_with("- alert:")).collect();
    let mut findings = Vec::new();
    for (place, &start) in starts.iter().enumerate() {
        let end = starts.get(place + 1).copied().unwrap_or(lines.len());
        for part in PARTS_OF_A_RULE {
            if !lines[start..end].iter().any(|line| line.trim_start().starts_with(part)) {
                let what = format!("the rule has no `{part}`");
                findings.push(Finding::new(RULES, start + 1, what, "write it"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "fn f() { gauge(\"oxcart_age_seconds\"); histogram(\"oxcart_wait\"); \
        say(\"see oxcart_other_thing for more\"); }";
    const RULE: &str = "  - alert: Old\n    expr: oxcart_age_seconds > 5\n    for: 5m\n    labels:\n      \
        severity: page\n    annotations:\n      summary: old\n      description: look\n";

    fn what(rules: &str) -> Vec<String> {
        let files = [("crates/oxcart/src/a.rs", SOURCE), (RULES, rules)];
        check(&Tree::of(&files)).into_iter().map(|it| format!("{}: {}", it.line, it.what)).collect()
    }

    #[test]
    fn metrics_that_exist_are_fine() {
        assert!(what(RULE).is_empty());
        assert!(
            what(&RULE.replace("oxcart_age_seconds", "rate(oxcart_wait_bucket[5m])")).is_empty()
        );
        assert!(check(&Tree::of(&[])).is_empty());
    }

    #[test]
    fn metrics_that_do_not_exist_and_half_rules_are_found() {
        let renamed = RULE.replace("oxcart_age_seconds", "oxcart_age");
        assert_eq!(what(&renamed), ["2: no such metric: `oxcart_age`"]);
        let other = RULE.replace("oxcart_age_seconds", "oxcart_other_thing");
        assert_eq!(what(&other), ["2: no such metric: `oxcart_other_thing`"]);
        let half = RULE.replace("    for: 5m\n", "");
        assert_eq!(what(&half), ["1: the rule has no `for:`"]);
    }
}
