//! The live proof in small: the real program, killed a few times. `make proof` does it in earnest.

use std::{path::Path, process::Command};

#[test]
fn a_short_run_keeps_every_promise() {
    let proof = Path::new(env!("CARGO_BIN_EXE_proof"));
    // Built by the same `cargo build --workspace`.
    let oxcart = proof.with_file_name("oxcart");
    assert!(oxcart.is_file(), "build it first: cargo build --package oxcart");
    let out = tempfile::tempdir().unwrap();
    let run = Command::new(proof)
        .args(["live", "--seconds", "6", "--kills", "3", "--clients", "8", "--oxcart"])
        .arg(&oxcart)
        .arg("--out")
        .arg(out.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    let last = said.lines().last().unwrap_or_default();
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && last.starts_with("proof: PASS"), "{said}\n{errors}");
    let latest = std::fs::read(out.path().join("latest.json")).unwrap();
    let latest: serde_json::Value = serde_json::from_slice(&latest).unwrap();
    assert_eq!((&latest["verdict"], &latest["kills"]), (&"PASS".into(), &3.into()));
    assert_eq!(latest["violations"], serde_json::json!([]));
    assert!(latest["counts"]["keys_acknowledged"].as_u64().unwrap() > 10, "{latest}");
}
