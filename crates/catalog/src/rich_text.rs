//! Descriptions: plain text, or a small part of HTML that was cleaned before it is kept (ADR 0027).

use std::{collections::HashSet, sync::LazyLock};

use ammonia::{Builder, UrlRelative};
use kernel::LocalizedText;

/// What a product is said to be, in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    text: LocalizedText,
    html: LocalizedText,
}

impl Description {
    /// The most characters of HTML in one language, before it is cleaned.
    pub const HTML_MAX: usize = 60_000;

    /// Plain text; a blank line ends a paragraph.
    pub fn plain(text: LocalizedText) -> Self {
        Self { text, html: LocalizedText::default() }
    }

    /// HTML from anywhere: what is not harmless formatting is taken out of it. What then says nothing
    /// is no description.
    pub fn rich(html: &LocalizedText) -> Self {
        let (zh, en) = (clean(&html.zh_tw), clean(&html.en));
        let text = LocalizedText::new(text_of(&zh), text_of(&en));
        if text.zh_tw.is_empty() && text.en.is_empty() {
            return Self::default();
        }
        Self { text, html: LocalizedText::new(zh, en) }
    }

    /// As it was kept: this is not cleaned again.
    pub(crate) const fn kept(text: LocalizedText, html: LocalizedText) -> Self {
        Self { text, html }
    }

    /// Without any formatting.
    pub const fn text(&self) -> &LocalizedText {
        &self.text
    }

    /// With its formatting, ready to stand in a page; none: it is plain text.
    pub fn html(&self) -> Option<&LocalizedText> {
        let is_rich = !self.html.zh_tw.is_empty() || !self.html.en.is_empty();
        is_rich.then_some(&self.html)
    }

    pub(crate) const fn html_columns(&self) -> &LocalizedText {
        &self.html
    }
}

/// Tags that stay. The page's own headings are `h1` and `h2`.
const TAGS: [&str; 24] = [
    "a",
    "b",
    "blockquote",
    "br",
    "em",
    "h3",
    "h4",
    "hr",
    "i",
    "li",
    "ol",
    "p",
    "s",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
];
/// Tags after which the text goes on in another paragraph, or on another line.
const ENDS: [(&str, &str); 10] = [
    ("</p>", "\n\n"),
    ("</h3>", "\n\n"),
    ("</h4>", "\n\n"),
    ("</blockquote>", "\n\n"),
    ("</ul>", "\n"),
    ("</ol>", "\n"),
    ("</li>", "\n"),
    ("</tr>", "\n"),
    ("</td>", " "),
    ("<br>", "\n"),
];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::new();
    builder
        .tags(HashSet::from(TAGS))
        .tag_attributes([("a", HashSet::from(["href"]))].into())
        .generic_attributes(HashSet::from(["lang"]))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener"));
    builder
});

static STRIPPER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::new();
    builder.tags(HashSet::new()).clean_content_tags(HashSet::new());
    builder
});

fn clean(html: &str) -> String {
    CLEANER.clean(html).to_string().trim().to_owned()
}

/// The words of HTML that was cleaned.
fn text_of(html: &str) -> String {
    let mut broken = html.to_owned();
    for (tag, end) in ENDS {
        broken = broken.replace(tag, &format!("{tag}{end}"));
    }
    // What is left of tags is nothing, and what is left of text is escaped.
    let stripped = STRIPPER.clean(&broken).to_string();
    let plain = stripped
        .replace("&nbsp;", "\u{a0}")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&");
    let mut text = String::with_capacity(plain.len());
    let mut blank = 0;
    for line in plain.lines().map(str::trim) {
        if line.is_empty() {
            blank += 1;
            continue;
        }
        if !text.is_empty() {
            text.push_str(if blank > 0 { "\n\n" } else { "\n" });
        }
        text.push_str(line);
        blank = 0;
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rich(html: &str) -> (String, String) {
        let description = Description::rich(&LocalizedText::new(html, html));
        let kept = description.html().map(|html| html.en.to_string()).unwrap_or_default();
        (kept, description.text().en.to_string())
    }

    #[test]
    fn formatting_stays_and_the_words_are_its_text() {
        let html = "<h3>Bowl</h3><p>Red &amp; <strong>deep</strong>.<br>By hand.</p>\
            <ul><li>1 &lt; 2</li><li>washable</li></ul>";
        assert_eq!(
            rich(html),
            (html.to_owned(), "Bowl\n\nRed & deep.\nBy hand.\n\n1 < 2\nwashable".to_owned())
        );
    }

    #[test]
    fn what_could_do_something_is_taken_out() {
        for (dirty, kept) in [
            ("<p onclick=\"x()\">a</p>", "<p>a</p>"),
            ("<script>x()</script><p>a</p>", "<p>a</p>"),
            ("<p style=\"color:red\" class=\"big\" id=\"x\">a</p>", "<p>a</p>"),
            ("<a href=\"javascript:x()\">a</a>", "<a rel=\"noopener\">a</a>"),
            ("<a href=\"/products/mug\">a</a>", "<a href=\"/products/mug\" rel=\"noopener\">a</a>"),
            ("<h1>a</h1>", "a"),
            ("<img src=x onerror=x()>a", "a"),
            ("<iframe src=\"https://x\"></iframe>a", "a"),
            ("<!-- a -->a", "a"),
            ("<p>a", "<p>a</p>"),
            ("a < b", "a &lt; b"),
        ] {
            assert_eq!(rich(dirty).0, kept, "{dirty}");
        }
    }

    #[test]
    fn what_says_nothing_is_no_description() {
        for nothing in ["", "<p></p>", "<script>x()</script>", "<p> </p><hr>"] {
            let description = Description::rich(&LocalizedText::new(nothing, nothing));
            assert_eq!(description, Description::default(), "{nothing}");
        }
        let plain = Description::plain(LocalizedText::new("<b>", "<b>"));
        assert_eq!((plain.html(), &*plain.text().en), (None, "<b>"));
    }

    proptest! {
        #[test]
        fn nothing_that_is_kept_can_do_anything(dirty in "([a-z<>/\"'= &;!-]|<p>|</p>|<script|<a href=|<td>|&lt;|javascript:){0,60}") {
            let kept = clean(&dirty);
            prop_assert!(!kept.contains("<script"), "{}", kept);
            prop_assert!(!kept.contains("href=\"javascript"), "{}", kept);
        }
    }
}
