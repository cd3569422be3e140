//! What a shopper sees while the storefront's server is away for longer than a moment.

use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};

/// It looks again by itself.
const PAGE: &str = r#"<!doctype html>
<html lang="zh-Hant-TW">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="3">
<meta name="robots" content="noindex">
<title>馬上回來 · Back in a moment</title>
<style>
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #faf7f2;
  color: #2b2622; font: 1rem/1.7 system-ui, "Noto Sans TC", sans-serif; text-align: center; }
main { padding: 2rem; max-width: 30rem; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
p { margin: .25rem 0; color: #6b6158; }
</style>
</head>
<body>
<main>
<h1>馬上回來</h1>
<p>商店頁面正在重新啟動，幾秒後會自動重新整理。您的購物車與訂單都不受影響。</p>
<p lang="en">The shop’s pages are starting again; this page reloads by itself in a few seconds.
Your cart and your orders are safe.</p>
</main>
</body>
</html>
"#;

/// Its style and nothing else.
const POLICY: &str = "default-src 'none'; style-src \
                      'sha256-0dm28Zjh6RuvvZkqGCtJ8P+Pl2CBPVOIqeawCfQsvik='; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// 503, with the page.
pub fn response() -> Response {
    let headers = [
        (header::RETRY_AFTER, "3"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (StatusCode::SERVICE_UNAVAILABLE, headers, Html(PAGE)).into_response()
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64;
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn the_policy_lets_its_own_style_through() {
        let (_, rest) = PAGE.split_once("<style>").unwrap();
        let (style, _) = rest.split_once("</style>").unwrap();
        let hash = BASE64.encode(&Sha256::digest(style));
        assert!(POLICY.contains(&format!("'sha256-{hash}'")), "{hash}");
    }
}
