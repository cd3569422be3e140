//! The description as a page to read: plain HTML with one style and no script, so that nothing from
//! elsewhere runs in the shop's origin.

use std::fmt::Write as _;

use axum::{
    http::header,
    response::{Html, IntoResponse, Response},
};
use data_encoding::BASE64;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

const STYLE: &str = include_str!("page.css");
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The page, written once.
#[derive(Debug)]
pub struct Page {
    html: axum::body::Bytes,
    policy: String,
}

impl Page {
    /// Of this description, as JSON.
    pub fn of(description: &Value) -> Self {
        let hash = BASE64.encode(&Sha256::digest(STYLE));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'"
        );
        Self { html: html(description).into(), policy }
    }

    /// As an answer.
    pub fn answer(&self) -> Response {
        let policy = [(header::CONTENT_SECURITY_POLICY, self.policy.as_str())];
        (policy, Html(self.html.clone())).into_response()
    }
}

fn html(description: &Value) -> String {
    let info = &description["info"];
    let (title, about) = (text(&info["title"]), text(&info["description"]));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta \
         name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}: \
         API</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}: \
         API</h1>\n<p>{about}</p>\n<p><a href=\"/api/openapi.json\">openapi.json</a> (OpenAPI \
         3.1)</p>\n</header>\n<main>\n"
    );
    let mut tags: Vec<&str> = operations(description).map(|it| tag(it.2)).collect();
    tags.sort_unstable();
    tags.dedup();
    for name in tags {
        writeln!(page, "<section>\n<h2>{}</h2>", escape(name)).ok();
        for (path, method, operation) in operations(description) {
            if tag(operation) == name {
                put_operation(&mut page, path, method, operation);
            }
        }
        page.push_str("</section>\n");
    }
    page.push_str("<section>\n<h2>Schemas</h2>\n");
    for (name, schema) in members(&description["components"]["schemas"]) {
        put_schema(&mut page, name, schema);
    }
    page.push_str("</section>\n</main>\n</body>\n</html>\n");
    page
}

fn operations(description: &Value) -> impl Iterator<Item = (&str, &'static str, &Value)> {
    members(&description["paths"]).flat_map(|(path, item)| {
        METHODS.into_iter().filter_map(move |method| Some((path, method, item.get(method)?)))
    })
}

fn put_operation(page: &mut String, path: &str, method: &str, operation: &Value) {
    let (id, path) = (text(&operation["operationId"]), escape(path));
    let method = method.to_uppercase();
    let summary = text(&operation["summary"]);
    writeln!(
        page,
        "<details id=\"{id}\">\n<summary><b>{method}</b> <code>{path}</code> {summary}</summary>"
    )
    .ok();
    if let Some(more) = operation["description"].as_str() {
        writeln!(page, "<p>{}</p>", escape(more)).ok();
    }
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !parameters.is_empty() {
        page.push_str("<table>\n<tr><th>Parameter</th><th>In</th><th>What</th></tr>\n");
        for parameter in parameters {
            let star = if parameter["required"] == true { "*" } else { "" };
            let (name, place) = (text(&parameter["name"]), text(&parameter["in"]));
            let (shape, what) = (shape(&parameter["schema"]), text(&parameter["description"]));
            write!(page, "<tr><td><code>{name}</code>{star}</td><td>{place}</td>").ok();
            writeln!(page, "<td>{shape} {what}</td></tr>").ok();
        }
        page.push_str("</table>\n");
    }
    for (kind, body) in members(&operation["requestBody"]["content"]) {
        let (kind, shape) = (escape(kind), shape(&body["schema"]));
        writeln!(page, "<p>Body: <code>{kind}</code> {shape}</p>").ok();
    }
    page.push_str("<table>\n<tr><th>Answer</th><th>What</th></tr>\n");
    for (status, answer) in members(&operation["responses"]) {
        let what = text(&answer["description"]);
        let shapes: Vec<String> =
            members(&answer["content"]).map(|(_, body)| shape(&body["schema"])).collect();
        let (status, shapes) = (escape(status), shapes.join(", "));
        writeln!(page, "<tr><td>{status}</td><td>{what} {shapes}</td></tr>").ok();
    }
    page.push_str("</table>\n</details>\n");
}

fn put_schema(page: &mut String, name: &str, schema: &Value) {
    let (name, about) = (escape(name), text(&schema["description"]));
    write!(page, "<details id=\"schema-{name}\">\n<summary><code>{name}</code> {about}").ok();
    page.push_str("</summary>\n");
    let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut rows = members(&schema["properties"]).peekable();
    if rows.peek().is_none() {
        writeln!(page, "<p>{}</p>", shape(schema)).ok();
    } else {
        page.push_str("<table>\n<tr><th>Member</th><th>Type</th><th>What</th></tr>\n");
    }
    let mut any = false;
    for (member, of) in rows {
        any = true;
        let star = if required.iter().any(|it| it == member) { "*" } else { "" };
        let (member, what) = (escape(member), text(&of["description"]));
        write!(page, "<tr><td><code>{member}</code>{star}</td><td>{}</td>", shape(of)).ok();
        writeln!(page, "<td>{what}</td></tr>").ok();
    }
    page.push_str(if any { "</table>\n</details>\n" } else { "</details>\n" });
}

/// A type in a few words, with links to what it is made of.
fn shape(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|it| it.rsplit('/').next()) {
        let name = escape(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema[several].as_array() {
            return parts.iter().map(shape).collect::<Vec<_>>().join(" | ");
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        return values
            .iter()
            .map(|it| format!("<code>{}</code>", text(it)))
            .collect::<Vec<_>>()
            .join(" ");
    }
    let of = match &schema["type"] {
        Value::Array(several) => several.iter().map(text).collect::<Vec<_>>().join(" | "),
        one => text(one),
    };
    match schema.get("items") {
        Some(items) => format!("{of} of {}", shape(items)),
        None => of,
    }
}

fn tag(operation: &Value) -> &str {
    operation["tags"][0].as_str().unwrap_or("other")
}

fn members(object: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members = object.as_object().into_iter().flat_map(Map::iter);
    members.map(|(name, value)| (name.as_str(), value))
}

fn text(value: &Value) -> String {
    value.as_str().map(escape).unwrap_or_default()
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_is_there_once() {
        let description = serde_json::to_value(crate::openapi::description()).unwrap();
        let page = html(&description);
        for (path, _, operation) in operations(&description) {
            let id = format!("<details id=\"{}\">", operation["operationId"].as_str().unwrap());
            assert_eq!(page.matches(&id).count(), 1, "{id} {path}");
        }
        for (name, _) in members(&description["components"]["schemas"]) {
            assert!(page.contains(&format!("<details id=\"schema-{name}\">")), "{name}");
        }
        assert_eq!(page.matches("<details").count(), page.matches("</details>").count());
        assert_eq!(page.matches("<table>").count(), page.matches("</table>").count());
        assert!(!page.contains("<script") && !page.contains("http-equiv"));
    }

    #[test]
    fn what_is_written_stays_text() {
        let evil = "</style><script>alert(1)</script>\"'";
        let description = json!({
            "info": {"title": evil, "description": evil},
            "paths": {evil: {"get": {"tags": [evil], "operationId": evil, "responses": {
                evil: {"description": evil},
            }}}},
            "components": {"schemas": {evil: {"description": evil, "properties": {evil: {}}}}},
        });
        let page = html(&description);
        assert!(!page.contains("<script"), "{page}");
        assert_eq!(page.matches("</style>").count(), 1);
    }
}
