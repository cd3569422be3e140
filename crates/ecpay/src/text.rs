//! Making a shop's texts fit for a checkout form.
//!
//! What is signed must be what the browser posts and what ECPay stores, so everything that is
//! changed on the way (line ends, HTML, lengths) is changed here, before signing.

/// The most a whole `ItemName` is let grow to. ECPay's limit is 400, but what is longer has been
/// cut in the middle on its way, which breaks the signature or loses the order.
pub const ITEM_NAME_LIMIT: usize = 200;

/// Words that ECPay's firewall stops an order for (error 10400011) when they stand in a text.
const FIREWALL_WORDS: [&str; 6] = ["echo", "python", "cmd", "wget", "curl", "bash"];

/// The length of a text as ECPay's servers count it: in UTF-16 units.
///
/// ```
/// assert_eq!(ecpay::text::length("手機殼"), 3);
/// assert_eq!(ecpay::text::length("🌹"), 2);
/// ```
pub fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Cuts a text to at most `limit` UTF-16 units, on a character boundary, ending in `…` if cut.
pub fn cut(text: &str, limit: usize) -> String {
    if length(text) <= limit {
        return text.to_owned();
    }
    let Some(room) = limit.checked_sub(1) else { return String::new() };
    let mut used = 0;
    let mut short = String::new();
    for c in text.chars() {
        used += c.len_utf16();
        if used > room {
            break;
        }
        short.push(c);
    }
    // A joiner at the end would glue the `…` to half of an emoji.
    let kept = short.trim_end_matches(|c: char| c.is_whitespace() || c == '\u{200d}').len();
    short.truncate(kept);
    short.push('…');
    short
}

/// One item's name, ready to be joined with others by `#`.
///
/// Tags are taken out, control characters become spaces, runs of spaces one, and these are
/// replaced by their full-width twins: `#` (it separates items), `<` and `>` (HTML), a `%` that
/// looks like an escape, and the first letter of a word that ECPay's firewall stops orders for.
///
/// ```
/// assert_eq!(ecpay::text::item_name("<b>C#</b>\r\n curl"), "C＃ ｃurl");
/// ```
pub fn item_name(name: &str) -> String {
    let without_tags = strip_tags(name);
    let chars: Vec<char> = without_tags.chars().collect();
    let mut clean = String::with_capacity(without_tags.len());
    for (at, c) in chars.iter().copied().enumerate() {
        match c {
            '#' => clean.push('＃'),
            '<' => clean.push('＜'),
            '>' => clean.push('＞'),
            '%' if looks_like_escape(&chars[at..]) => clean.push('％'),
            c if c.is_whitespace() || c.is_control() => {
                if !clean.is_empty() && !clean.ends_with(' ') {
                    clean.push(' ');
                }
            }
            c => clean.push(c),
        }
    }
    let kept = clean.trim_end().len();
    clean.truncate(kept);
    pass_firewall(&clean)
}

/// Several items' names as one `ItemName` of at most [`ITEM_NAME_LIMIT`]. When they do not all
/// fit, as many as do are followed by one that counts the rest. Empty names are left out.
///
/// ```
/// assert_eq!(ecpay::text::item_names(["Mug x1", "Tee x2"]), "Mug x1#Tee x2");
/// ```
pub fn item_names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> =
        names.into_iter().map(item_name).filter(|name| !name.is_empty()).collect();
    let whole = names.join("#");
    if length(&whole) <= ITEM_NAME_LIMIT {
        return whole;
    }
    for shown in (1..names.len()).rev() {
        let candidate = format!("{}#+{}", names[..shown].join("#"), names.len() - shown);
        if length(&candidate) <= ITEM_NAME_LIMIT {
            return candidate;
        }
    }
    let rest = match names.len() {
        1 => String::new(),
        all => format!("#+{}", all - 1),
    };
    cut(&names[0], ITEM_NAME_LIMIT - length(&rest)) + &rest
}

/// A description without special characters: as [`item_name`], and of ASCII punctuation only
/// `- _ . , : / ( )` stays. At most 200 long.
pub fn description(text: &str) -> String {
    let plain: String = item_name(text)
        .chars()
        .map(|c| if c.is_ascii_punctuation() && !"-_.,:/()".contains(c) { ' ' } else { c })
        .collect();
    cut(&item_name(&plain), 200)
}

fn strip_tags(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, from) = rest.split_at(start);
        clean.push_str(before);
        let opens = from[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c));
        if let (true, Some(end)) = (opens, from.find('>')) {
            rest = &from[end + 1..];
        } else {
            clean.push('<');
            rest = &from[1..];
        }
    }
    clean.push_str(rest);
    clean
}

fn looks_like_escape(from: &[char]) -> bool {
    matches!(from, [_, a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
}

fn pass_firewall(text: &str) -> String {
    let mut passed = text.to_owned();
    let find = |text: &str| {
        let lower = text.to_ascii_lowercase();
        FIREWALL_WORDS.iter().find_map(|word| lower.find(word))
    };
    while let Some(at) = find(&passed) {
        let letter = u32::from(passed.as_bytes()[at]);
        // The full-width forms stand in Unicode in the order of ASCII.
        let wide = char::from_u32(letter + 0xfee0).unwrap_or('＿');
        passed.replace_range(at..=at, wide.encode_utf8(&mut [0; 4]));
    }
    passed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_harmless() {
        let table = [
            ("Apple iPhone 15", "Apple iPhone 15"),
            ("  多  餘\t空白\r\n ", "多 餘 空白"),
            ("C# 入門", "C＃ 入門"),
            ("<script>alert(1)</script>杯子", "alert(1)杯子"),
            ("1 < 2 > 0", "1 ＜ 2 ＞ 0"),
            ("a<b", "a＜b"),
            ("50% off", "50% off"),
            ("A%26B %3c", "A％26B ％3c"),
            ("\"quoted\" & 'single'", "\"quoted\" & 'single'"),
            ("Python Bash curl CMD", "Ｐython Ｂash ｃurl ＣMD"),
            ("echoecho", "ｅchoｅcho"),
            ("\u{0}", ""),
        ];
        for (name, clean) in table {
            assert_eq!(item_name(name), clean, "{name:?}");
        }
    }

    #[test]
    fn descriptions_keep_little_punctuation() {
        assert_eq!(description("Order #123 & more! (x=1)"), "Order ＃123 more (x 1)");
        assert_eq!(length(&description(&"長".repeat(300))), 200);
    }

    #[test]
    fn many_items_are_counted_instead_of_cut_in_the_middle() {
        let name = "很長的商品名稱".repeat(4);
        let joined = item_names([name.as_str(); 20]);
        assert!(length(&joined) <= ITEM_NAME_LIMIT);
        assert!(joined.ends_with("#+14"), "{joined}");
        assert_eq!(joined.matches('#').count(), 6);
    }

    #[test]
    fn one_endless_name_is_cut() {
        let endless = "玫瑰🌹".repeat(100);
        let one = item_names([endless.as_str()]);
        assert!(length(&one) <= ITEM_NAME_LIMIT && one.ends_with('…'));
        let three = item_names([endless.as_str(), "b", "c"]);
        assert!(length(&three) <= ITEM_NAME_LIMIT && three.ends_with("…#+2"), "{three}");
    }

    #[test]
    fn cutting_respects_surrogate_pairs() {
        assert_eq!(cut("🌹🌹", 4), "🌹🌹");
        assert_eq!(cut("🌹🌹", 3), "🌹…");
        assert_eq!(cut("🌹🌹", 2), "…");
        assert_eq!(cut("ab", 0), "");
    }
}
