//! The pages a buyer sees: templates with everything escaped.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use minijinja::{Environment, State, Value};

/// What a page may do: nothing from elsewhere; its forms may go anywhere (back to the shop).
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// The templates, ready to be filled.
pub(crate) struct Pages(Environment<'static>);

impl Pages {
    pub(crate) fn new() -> Result<Self, minijinja::Error> {
        let mut environment = Environment::new();
        environment.add_function("say", say);
        environment.add_filter("twd", |amount: u64| format!("NT$ {}", grouped(amount)));
        for (name, source) in [
            ("base.html", include_str!("../templates/base.html")),
            ("index.html", include_str!("../templates/index.html")),
            ("pay.html", include_str!("../templates/pay.html")),
            ("three_d.html", include_str!("../templates/three_d.html")),
            ("return.html", include_str!("../templates/return.html")),
            ("result.html", include_str!("../templates/result.html")),
            ("code.html", include_str!("../templates/code.html")),
            ("error.html", include_str!("../templates/error.html")),
            ("console.html", include_str!("../templates/console.html")),
        ] {
            environment.add_template(name, source)?;
        }
        Ok(Self(environment))
    }

    /// A page; an error 500 in plain words if its template fails.
    pub(crate) fn show(&self, name: &str, values: Value) -> Response {
        match self.0.get_template(name).and_then(|template| template.render(values)) {
            Ok(page) => {
                let mut response = Html(page).into_response();
                let headers = response.headers_mut();
                headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                response
            }
            Err(error) => {
                tracing::error!(%error, name, "a page could not be rendered");
                (StatusCode::INTERNAL_SERVER_ERROR, "the page could not be rendered")
                    .into_response()
            }
        }
    }
}

/// A text in the language that the shop asked for: the page's `english` says which.
fn say(state: &State, chinese: String, english: String) -> String {
    let is_english = state.lookup("english").is_some_and(|value| value.is_true());
    if is_english { english } else { chinese }
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn templates_parse_and_escape() {
        let pages = Pages::new().unwrap();
        let values = minijinja::context! { code => 1, message => "<script>" };
        let page = pages.0.get_template("error.html").unwrap().render(values).unwrap();
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"), "{page}");
    }

    #[test]
    fn pages_speak_two_languages() {
        let pages = Pages::new().unwrap();
        let template = pages.0.get_template("error.html").unwrap();
        let chinese = template.render(minijinja::context! { code => 1 }).unwrap();
        assert!(chinese.contains("lang=\"zh-Hant-TW\"") && chinese.contains("交易無法進行"));
        let english = template.render(minijinja::context! { code => 1, english => true }).unwrap();
        assert!(english.contains("lang=\"en\"") && !english.contains("交易無法進行"));
    }
}
