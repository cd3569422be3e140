//! The dependency matrix: crates lie in layers, and an arrow may only point down.

use cargo_metadata::{DependencyKind, Metadata};

use super::Finding;

/// The layers, lowest first. A crate that is in none of them and no helper is an error.
const LAYERS: &[(&str, &[&str])] = &[
    ("L0, the words", &["kernel", "ecpay"]),
    ("L1, the technical floor", &["pg", "outbox", "ports", "telemetry", "imaging", "csv-text"]),
    (
        "L2, business modules",
        &[
            "identity",
            "access",
            "audit",
            "catalog",
            "pricing",
            "inventory",
            "cart",
            "orders",
            "payments",
            "shipping",
            "notifications",
            "webhooks",
            "search",
        ],
    ),
    ("L3, flows", &["intake", "checkout", "queries", "product-files"]),
    ("L4, delivery", &["api", "page-cache"]),
    ("L5, the binary", &["oxcart"]),
];

/// Helpers of development.
const HELPERS: &[&str] = &["testkit", "ecpay-simulator", "proof", "bench", "fuzzing", "xtask"];

/// The edges within one layer that are meant: the floor stands on `pg`, and checkout places its
/// orders through the intake engine.
const WITHIN: &[(&str, &str)] =
    &[("outbox", "pg"), ("ports", "pg"), ("ports", "telemetry"), ("checkout", "intake")];

/// Edges within one layer that tests alone may have: the flows' tests end with an audit.
const WITHIN_IN_TESTS: &[(&str, &str)] = &[("checkout", "queries"), ("intake", "queries")];

/// A crate of ours and the crates of ours that it names.
pub struct Crate {
    name: String,
    manifest: String,
    edges: Vec<(String, DependencyKind)>,
}

/// Our crates, out of cargo's metadata.
pub fn crates(metadata: &Metadata) -> Vec<Crate> {
    let root = &metadata.workspace_root;
    let members = metadata.workspace_packages();
    let ours = |name: &str| members.iter().any(|package| package.name.as_str() == name);
    members
        .iter()
        .map(|package| Crate {
            name: package.name.to_string(),
            manifest: package
                .manifest_path
                .strip_prefix(root)
                .unwrap_or(&package.manifest_path)
                .to_string(),
            edges: package
                .dependencies
                .iter()
                .filter(|dependency| ours(&dependency.name))
                .map(|dependency| (dependency.name.clone(), dependency.kind))
                .collect(),
        })
        .collect()
}

/// Every edge of the matrix that may not be there.
pub fn check(crates: &[Crate]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for krate in crates {
        if layer(&krate.name).is_none() && !HELPERS.contains(&krate.name.as_str()) {
            findings.push(Finding::new(
                &krate.manifest,
                0,
                format!("crate `{}` lies in no layer", krate.name),
                "add it to LAYERS in crates/xtask/src/tidy/layers.rs and to docs/ARCHITECTURE.md",
            ));
        }
        if !krate.manifest.ends_with(&format!("crates/{}/Cargo.toml", krate.name)) {
            findings.push(Finding::new(
                &krate.manifest,
                0,
                format!("crate `{}` is not in the folder of its name", krate.name),
                "folder = crate name: rename one of them",
            ));
        }
        for (to, kind) in &krate.edges {
            if let Some((why, advice)) = forbidden(&krate.name, to, *kind) {
                findings.push(Finding::new(
                    &krate.manifest,
                    0,
                    format!("`{}` may not depend on `{to}`: {why}", krate.name),
                    advice,
                ));
            }
        }
    }
    findings
}

/// Whether the crate is a business module.
pub fn is_module(krate: &str) -> bool {
    layer(krate) == Some(2)
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|(_, crates)| crates.contains(&name))
}

/// Why this edge may not be there, and what to do instead.
fn forbidden(from: &str, to: &str, kind: DependencyKind) -> Option<(String, &'static str)> {
    let only_for_tests = kind == DependencyKind::Development;
    if layer(from) == Some(0) {
        return Some((
            format!("{} knows nothing of ours", LAYERS[0].0),
            "move what is needed down into it, or the caller up",
        ));
    }
    match to {
        "xtask" => return Some(("xtask is a tool".into(), "nothing depends on xtask")),
        "testkit" | "proof" | "bench" | "fuzzing"
            if !only_for_tests && !HELPERS.contains(&from) =>
        {
            return Some(("it serves tests only".into(), "move it to [dev-dependencies]"));
        }
        "ecpay-simulator" if !only_for_tests && from != "oxcart" && !HELPERS.contains(&from) => {
            return Some((
                "only the binary may start the simulator".into(),
                "move it to [dev-dependencies], or let crates/oxcart compose it",
            ));
        }
        _ => {}
    }
    if HELPERS.contains(&to) {
        return None;
    }
    match from {
        "ecpay-simulator" if to != "ecpay" => {
            return Some((
                "a stand-in for ECPay knows ECPay's protocol and nothing of Oxcart".into(),
                "put what both need into crates/ecpay",
            ));
        }
        "xtask" => {
            return Some((
                "xtask must build when nothing else does".into(),
                "read files and cargo metadata instead",
            ));
        }
        _ => {}
    }
    let (Some(from_layer), Some(to_layer)) = (layer(from), layer(to)) else { return None };
    let meant =
        WITHIN.contains(&(from, to)) || (only_for_tests && WITHIN_IN_TESTS.contains(&(from, to)));
    if to_layer < from_layer || meant {
        return None;
    }
    let (from_name, to_name) = (LAYERS[from_layer].0, LAYERS[to_layer].0);
    if to_layer == from_layer {
        return Some((
            format!("both are of {from_name}, and siblings do not know each other"),
            "what needs several modules is a flow above them (crates/checkout, crates/intake)",
        ));
    }
    Some((
        format!("{to_name} lies above {from_name}, and an arrow may only point down"),
        "let the caller pass what is needed, or move the shared part down",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: &str, to: &str, kind: DependencyKind) -> Vec<Finding> {
        check(&[Crate {
            name: from.to_owned(),
            manifest: format!("crates/{from}/Cargo.toml"),
            edges: vec![(to.to_owned(), kind)],
        }])
    }

    #[test]
    fn arrows_point_down() {
        use DependencyKind::{Development, Normal};
        for (from, to) in [
            ("orders", "pg"),
            ("checkout", "orders"),
            ("checkout", "intake"),
            ("api", "queries"),
            ("oxcart", "ecpay-simulator"),
            ("ecpay-simulator", "ecpay"),
            ("payments", "ecpay"),
            ("testkit", "pg"),
        ] {
            assert!(edge(from, to, Normal).is_empty(), "{from} -> {to}");
        }
        assert!(edge("orders", "testkit", Development).is_empty());
        assert!(edge("payments", "ecpay-simulator", Development).is_empty());
    }

    #[test]
    fn every_other_arrow_is_found() {
        use DependencyKind::{Development, Normal};
        for (from, to, kind) in [
            ("kernel", "pg", Normal),
            ("ecpay", "kernel", Normal),
            ("ecpay", "testkit", Development),
            ("pg", "orders", Normal),
            ("pg", "outbox", Normal),
            ("orders", "inventory", Normal),
            ("orders", "inventory", Development),
            ("orders", "checkout", Normal),
            ("intake", "checkout", Normal),
            ("checkout", "queries", Normal),
            ("queries", "api", Normal),
            ("orders", "testkit", Normal),
            ("api", "ecpay-simulator", Normal),
            ("ecpay-simulator", "kernel", Normal),
            ("xtask", "kernel", Normal),
            ("api", "xtask", Development),
        ] {
            assert_eq!(edge(from, to, kind).len(), 1, "{from} -> {to}");
        }
    }

    #[test]
    fn a_crate_outside_the_layers_or_its_folder_is_found() {
        let stray = |name: &str, manifest: &str| {
            check(&[Crate { name: name.into(), manifest: manifest.into(), edges: vec![] }])
        };
        assert_eq!(stray("utils", "crates/utils/Cargo.toml").len(), 1);
        assert_eq!(stray("orders", "crates/order/Cargo.toml").len(), 1);
    }
}
