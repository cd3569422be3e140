//! The processes of the benchmark, for a moment each.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::{
    fs::Permissions,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use bench::load::{
    outcome::{Load, Outcome, Rhythm, Sources},
    random::Spread,
    request::Ask,
};
use serde_json::Value;

struct Server(Child);

impl Server {
    fn start(name: &str) -> (Self, u16) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
        let mut child = command.arg(name).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("listening on ").unwrap().parse().unwrap();
        (Self(child), port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn load(port: u16, pace: Rhythm) -> Outcome {
    let variants = bench::seed::variants();
    let load = Load {
        server: ([127, 0, 0, 1], port).into(),
        ask: Ask::Orders { variants, spread: Spread::Zipf(1.0), lines: 3 },
        connections: 20,
        pace,
        expected: 201,
        seed: 1,
        watched: Vec::new(),
        sources: Some(Sources { first: [127, 9, 0, 1].into(), count: 3 }),
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_bench"))
        .arg("load")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{}", serde_json::to_string(&load).unwrap()).unwrap();
    let output = child.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn requests_are_whole_and_valid_and_every_answer_is_counted() {
    let (_server, port) = Server::start("serve-bare");
    let outcome = load(port, Rhythm::Number { requests: 500, on_command: false });
    assert_eq!(outcome.example, None);
    assert_eq!((outcome.sent, outcome.statuses.of(201), outcome.measured), (500, 500, 500));
    assert_eq!((outcome.unanswered, outcome.broken), (0, 0));
}

#[test]
fn a_closed_loop_goes_on_until_its_time_is_over() {
    let (_server, port) = Server::start("serve-trivial");
    let outcome = load(port, Rhythm::Closed { warm_up_ms: 100, measure_ms: 300 });
    assert!(outcome.measured > 100, "{outcome:?}");
    assert_eq!(outcome.statuses.of(201), outcome.sent);
    assert!(outcome.rate() > 100.0 && outcome.latency.p50 > 0.0, "{outcome:?}");
}

#[test]
fn an_open_loop_sends_what_its_schedule_says() {
    let (_server, port) = Server::start("serve-trivial");
    let outcome = load(port, Rhythm::Open { rate: 1000.0, warm_up_ms: 100, measure_ms: 400 });
    assert_eq!((outcome.sent, outcome.measured), (500, 400));
    assert_eq!(outcome.unanswered, 0);
}

/// The real program, for a second a row. It is there when the whole workspace is tested.
#[test]
fn rows_are_measured_and_checked() {
    let oxcart = PathBuf::from(env!("CARGO_BIN_EXE_bench")).with_file_name("oxcart");
    if !oxcart.is_file() {
        eprintln!("not run: {} is not built", oxcart.display());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // PostgreSQL never runs as root: whoever it runs as has to get to its files.
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let report = folder.path().join("report.json");
    let rows = "limit_sql_only,limit_sql_only_spread,orders_three_lines,naive_guarded_update,\
                naive_for_update";
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["--rows", rows, "--rounds", "1", "--seconds", "1", "--warm-up", "0.1"])
        .args(["--connections", "50", "--crowd", "50"])
        .arg("--data")
        .arg(folder.path().join("data"))
        .arg("--output")
        .arg(&report)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    for row in report["rows"].as_array().unwrap() {
        let wanted = rows.split(',').any(|name| row["name"] == name);
        assert_eq!(row["median"].as_f64().is_some_and(|rate| rate > 1.0), wanted, "{row}");
        assert_eq!(row["runs"].as_array().unwrap().len(), usize::from(wanted));
    }
    assert_eq!(report["settings"]["postgresql"]["fsync"], "on");
}
