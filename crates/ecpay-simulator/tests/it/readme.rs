//! The manual's examples, run as they stand.

use ecpay_simulator::Config;
use serde_json::Value;

use crate::World;

/// Each shell command of the manual, and the JSON it says comes back, if it does.
fn examples(manual: &str) -> Vec<(String, Option<Value>)> {
    let mut examples: Vec<(String, Option<Value>)> = Vec::new();
    let mut lines = manual.lines();
    while let Some(line) = lines.next() {
        let mut block = || lines.by_ref().take_while(|line| *line != "```").collect::<Vec<_>>();
        match line {
            "```sh" => examples.push((block().join("\n"), None)),
            "```json" => {
                let text = block().join("\n");
                let told = serde_json::from_str(&text).expect("JSON in the manual");
                let (_, expected) = examples.last_mut().expect("a command before its answer");
                *expected = Some(told);
            }
            _ => {}
        }
    }
    examples
}

/// Whether an answer says everything that is expected; it may say more.
fn says(answer: &Value, expected: &Value) -> bool {
    match (answer, expected) {
        (Value::Object(answer), Value::Object(expected)) => expected
            .iter()
            .all(|(name, value)| answer.get(name).is_some_and(|told| says(told, value))),
        (Value::Array(answer), Value::Array(expected)) => {
            answer.len() == expected.len()
                && answer.iter().zip(expected).all(|(told, value)| says(told, value))
        }
        _ => answer == expected,
    }
}

#[tokio::test]
async fn every_example_of_the_manual_works() {
    let config = Config { file_interval: std::time::Duration::ZERO, ..Config::default() };
    let world = World::with(config).await;
    let examples = examples(include_str!("../../README.md"));
    assert!(examples.len() > 15, "{}", examples.len());
    for (command, expected) in examples {
        if !command.starts_with("curl ") {
            continue;
        }
        let ran = tokio::process::Command::new("sh")
            .args(["-c", &command])
            .env("SIM", world.url(""))
            .env("NO_PROXY", "*")
            .output()
            .await
            .expect("a shell");
        let answer = String::from_utf8_lossy(&ran.stdout);
        let error = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{command}\n{answer}\n{error}");
        if let Some(expected) = expected {
            let told: Value = serde_json::from_str(&answer).expect("JSON");
            assert!(says(&told, &expected), "{command}\n{told}");
        }
    }
    world.close().await;
}
