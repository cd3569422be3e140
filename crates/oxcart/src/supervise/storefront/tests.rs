//! With a real child process: a few lines of Node.js.

use std::path::{Path, PathBuf};

use super::*;

const SERVER: &str = r"
const http = require('node:http');
const server = http.createServer((request, response) => {
  if (request.url === '/die') process.exit(3);
  response.end(JSON.stringify({ pid: process.pid, environment: process.env }));
});
server.listen(Number(process.env.PORT), process.env.HOST);
process.stdin.on('end', () => process.exit(0)).resume();
";

fn settings(dir: &tempfile::TempDir) -> Settings {
    let script = dir.path().join("server.cjs");
    std::fs::write(&script, SERVER).unwrap();
    Settings {
        node: Node { program: node(), script },
        public_url: "http://localhost:8080".to_owned(),
        api_url: "http://127.0.0.1:8080".to_owned(),
        web_secret: Some("a secret between two programs".into()),
    }
}

/// The pinned Node.js, else the system's.
fn node() -> PathBuf {
    let pinned = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/node/bin/node");
    if pinned.is_file() { pinned } else { "node".into() }
}

async fn address(storefront: &Storefront) -> String {
    let deadline = Instant::now() + Duration::from_secs(10);
    storefront.upstream().wait(deadline).await.expect("it came up")
}

async fn get(address: &str, path: &str) -> Option<serde_json::Value> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(2)).build().unwrap();
    let answer = client.get(format!("http://{address}{path}")).send().await.ok()?;
    answer.json().await.ok()
}

#[tokio::test]
async fn it_is_started_again_when_it_dies_and_gone_when_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let storefront = Storefront::start(settings(&dir));
    let first = address(&storefront).await;
    let before = get(&first, "/").await.unwrap();
    assert_eq!(before["environment"]["OXCART_API_URL"], "http://127.0.0.1:8080");
    assert_eq!(before["environment"]["ORIGIN"], "http://localhost:8080");
    assert_eq!(before["environment"]["OXCART_WEB_SECRET"], "a secret between two programs");
    assert!(before["environment"]["CARGO_MANIFEST_DIR"].is_null(), "our environment is ours");

    assert!(get(&first, "/die").await.is_none());
    let mut again = None;
    for _ in 0..200 {
        sleep(Duration::from_millis(50)).await;
        again = get(&address(&storefront).await, "/").await;
        if again.is_some() {
            break;
        }
    }
    let again = again.unwrap();
    assert_ne!(again["pid"], before["pid"]);

    storefront.stop().await;
    let pid = again["pid"].as_i64().unwrap();
    let alive =
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(i32::try_from(pid).unwrap()), None);
    assert!(alive.is_err(), "the server is still there");
}
