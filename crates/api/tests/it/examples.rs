//! The examples of `docs/warehouse.md` are what they say: read as a shell would read them, and asked.

use std::collections::BTreeMap;

use axum::http::Method;
use identity::Role;
use serde_json::Value;

use crate::app::{Answer, TestApp};

const PAGE: &str = include_str!("../../../../docs/warehouse.md");

/// What the page asks, in its order, and how it is answered when all of it is done one after another.
/// Who cancels a transfer that is closed, or decides and posts while people count, is told so.
const ASKED: [&str; 21] = [
    "GET transfers/suggestions 200",
    "POST transfers/suggest 200",
    "POST transfers 201",
    "PATCH transfers/ID 200",
    "POST transfers/ID/dispatch 200",
    "POST transfers/ID/receive 200",
    "POST transfers/ID/close 200",
    "POST transfers/ID/cancel 409 INVALID_TRANSITION",
    "POST stocktakes 201",
    "POST stocktakes/ID/counts 200",
    "POST stocktakes/ID/counts/csv 200",
    "POST stocktakes/ID/skip 200",
    "POST stocktakes/ID/review 200",
    "GET stocktakes/ID/lines?only=differing 200",
    "POST stocktakes/ID/recount 200",
    "GET stocktakes/ID 200",
    "POST stocktakes/ID/decide 409 INVALID_TRANSITION",
    "POST stocktakes/ID/post 409 INVALID_TRANSITION",
    "POST stocktakes/ID/extend 200",
    "POST stocktakes/ID/cancel 200",
    "POST stocktakes/ID/thaw 409 INVALID_TRANSITION",
];

/// The blocks of shell in a page, but the one that says what `post` is.
fn scripts(page: &str) -> String {
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter(|block| !block.contains("post() {")).collect()
}

/// The commands of a script, in words. Pipes, line ends and the ends of `NAME=$(…)` end one.
fn commands(script: &str) -> Vec<Vec<String>> {
    let (mut found, mut words, mut word) = (Vec::new(), Vec::new(), None::<String>);
    let mut signs = script.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '\'' | '"' => {
                let text: String = signs.by_ref().take_while(|it| *it != sign).collect();
                word.get_or_insert_default().push_str(&text);
            }
            '\\' if signs.next_if_eq(&'\n').is_some() => {}
            '$' if signs.next_if_eq(&'(').is_some() => word = None,
            '|' | '\n' | ')' => {
                words.extend(word.take());
                found.push(std::mem::take(&mut words));
            }
            '#' if word.is_none() => {
                signs.by_ref().take_while(|it| *it != '\n').for_each(drop);
                found.push(std::mem::take(&mut words));
            }
            ' ' => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    found.retain(|words| !words.is_empty());
    found
}

/// What a command asks the API.
#[derive(Debug, Default)]
struct Request {
    method: Option<Method>,
    address: String,
    headers: BTreeMap<String, String>,
    body: Option<String>,
}

impl Request {
    /// Reads `curl`'s words, or those of the page's `post`.
    fn of(words: &[String]) -> Self {
        let mut asked = Self::default();
        let mut rest = words[1..].iter().cloned();
        let mut next = |what: &str| rest.next().unwrap_or_else(|| panic!("no {what}: {words:?}"));
        if words[0] == "post" {
            asked.method = Some(Method::POST);
            asked.address = format!("$API/{}", next("address"));
            asked.body = Some(next("body"));
            asked.headers.insert("content-type".into(), "application/json".into());
        }
        while let Some(word) = rest.next() {
            let mut value = || rest.next().unwrap_or_else(|| panic!("{word} what? {words:?}"));
            match word.as_str() {
                "-s" => {}
                "-o" | "-D" => drop(value()),
                "-X" => asked.method = Some(value().parse().unwrap()),
                "-d" | "--data-binary" => asked.body = Some(value()),
                "-H" => {
                    let header = value();
                    let (name, value) = header.split_once(": ").unwrap();
                    asked.headers.insert(name.to_lowercase(), value.to_owned());
                }
                _ => asked.address = word,
            }
        }
        asked
    }

    fn method(&self) -> Method {
        let usual = if self.body.is_some() { Method::POST } else { Method::GET };
        self.method.clone().unwrap_or(usual)
    }
}

/// Asks, as somebody who has not asked before and may do everything.
async fn ask(app: &TestApp, request: &Request) -> Answer {
    let mut staff = app.staff(Role::Admin);
    if let Some(tag) = request.headers.get("if-match") {
        staff = staff.with("if-match", tag);
    }
    match (&request.body, request.headers.get("content-type").map(String::as_str)) {
        (Some(text), Some("application/json")) => {
            let body = serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            staff.send(request.method(), &request.address, Some(body)).await
        }
        (Some(text), Some(other)) => staff.post_text(&request.address, other, text).await,
        (Some(text), None) => panic!("of which type is {text}?"),
        (None, _) => staff.send(request.method(), &request.address, None).await,
    }
}

#[tokio::test]
async fn the_examples_of_the_warehouse_page_are_understood() {
    let app = TestApp::new().await;
    let mut names = BTreeMap::from([
        ("$API", "/api/admin".to_owned()),
        ("$MUG", app.shop.mug_white.to_string()),
        ("$TOTE", app.shop.tote_large.to_string()),
        ("$TAIPEI", app.shop.taipei.to_string()),
        ("$KAOHSIUNG", app.shop.kaohsiung.to_string()),
        ("$TOKEN", "not looked at here".to_owned()),
    ]);
    let (mut asked, mut piped, mut planned) = (Vec::new(), String::new(), None);
    for words in commands(&scripts(PAGE)) {
        let means = |word: &String| {
            names.iter().fold(word.clone(), |text, (name, value)| text.replace(name, value))
        };
        let words: Vec<String> = words.iter().map(means).collect();
        match words[0].as_str() {
            "printf" => piped = words[1].replace("\\n", "\n"),
            "curl" | "post" => {
                let mut request = Request::of(&words);
                request.address = means(&request.address);
                match request.body.as_deref() {
                    Some("@-") => request.body = Some(std::mem::take(&mut piped)),
                    Some("@changed.json") => request.body = planned.clone(),
                    _ => {}
                }
                let answer = ask(&app, &request).await;
                let path = request.address.trim_start_matches("/api/admin/");
                let path = names.get("$ID").map_or(path.to_owned(), |id| path.replace(id, "ID"));
                let code = answer.body.get("code").and_then(Value::as_str).unwrap_or_default();
                let line = format!("{} {path} {} {code}", request.method(), answer.status.as_u16());
                asked.push(line.trim_end().to_owned());
                if let Some(tag) = answer.headers.get("etag") {
                    names.insert("$ETAG", tag.to_str().unwrap().to_owned());
                }
                if answer.status.as_u16() == 201 {
                    names.insert("$ID", answer.body["id"].as_str().unwrap().to_owned());
                    planned = request.body;
                }
            }
            "jq" | "tr" | "sed" => {}
            other => panic!("{other} is not known here"),
        }
    }
    assert_eq!(asked, ASKED);
}

#[test]
fn a_script_is_read_as_a_shell_reads_it() {
    let script = "ID=$(post a '{\"b\": \"'$C'\",\n  \"d\": 1}' | jq -r .id)\n\
                  curl -s \"$API/x y\" \\\n  -H 'E: \"1\"'   # and so on\n\nprintf 'f\\n' |\n  curl g\n";
    let expected = [
        vec!["post", "a", "{\"b\": \"$C\",\n  \"d\": 1}"],
        vec!["jq", "-r", ".id"],
        vec!["curl", "-s", "$API/x y", "-H", "E: \"1\""],
        vec!["printf", "f\\n"],
        vec!["curl", "g"],
    ];
    assert_eq!(commands(script), expected);
}
