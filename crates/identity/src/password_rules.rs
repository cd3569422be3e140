//! Passwords that are tried first: those everybody has, those a finger slides along the keyboard,
//! and those that are little more than the account's own name.
//!
//! The list, `common_passwords.txt`, holds words and phrases rather than whole passwords. It is
//! looked up in many dresses: in capitals, with digits for letters, with digits and signs around or
//! between, twice over, two words in one. So four thousand lines stand for far more passwords.

use std::{
    collections::{BTreeSet, HashSet},
    sync::LazyLock,
};

/// What is looked up.
static LISTED: LazyLock<HashSet<String>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().map(undressed).collect());

/// What people put around a word without making it a better password.
const MOST_AROUND: usize = 8;
/// What people put beside their name without making it a better password.
const MOST_BESIDE: usize = 4;
/// Fewer different characters than this are a rattle.
const FEWEST_DIFFERENT: usize = 4;
/// So many characters one after the other on a line are a slide of the finger.
const SHORTEST_RUN: usize = 3;
/// So many characters may lie between the slides.
const MOST_BETWEEN: usize = 2;

/// What fingers slide along, forwards and backwards: the alphabet, the digits, the rows, the
/// columns, two rows at once, the number pad, and the digits with shift.
const LINES: &[&str] = &[
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
    "7ujm",
    "8ik",
    "9ol",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "qawsedrftgyhujikolp",
    "147",
    "258",
    "369",
    "159",
    "357",
    "!@#$%^&*()",
];

/// Whether a password is one of those that are tried first.
pub fn is_easy(password: &str) -> bool {
    let letters: Vec<char> = password.to_lowercase().chars().collect();
    letters.iter().collect::<BTreeSet<_>>().len() < FEWEST_DIFFERENT
        || is_slide(&letters)
        || is_woven(&letters)
        || is_refrain(&letters)
        || is_listed(&letters)
}

/// Whether a password is little more than the e-mail or the name of its account.
pub fn is_personal(password: &str, email: &str, name: &str) -> bool {
    let password = plain(password);
    let local = email.split('@').next().unwrap_or_default();
    [email, local, name].into_iter().chain(name.split_whitespace()).map(plain).any(|own| {
        own.chars().count() >= 3
            && password.contains(&own)
            && password.replace(&own, "").chars().count() <= MOST_BESIDE
    })
}

/// Letters and digits only, in lower case.
fn plain(text: &str) -> String {
    text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

/// A word as it was before digits and signs took the place of letters. `1` stands for two letters,
/// so those two become one.
fn undressed(word: &str) -> String {
    let letter = |c| match c {
        '0' => 'o',
        '1' | 'l' | '!' | '|' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        other => other,
    };
    word.chars().map(letter).collect()
}

/// Whether it is made of slides along some lines.
fn is_slide(letters: &[char]) -> bool {
    let (mut rest, mut between) = (letters, 0);
    while !rest.is_empty() {
        let run = longest_run(rest);
        if run >= SHORTEST_RUN {
            rest = &rest[run..];
        } else {
            (rest, between) = (&rest[1..], between + 1);
        }
    }
    between <= MOST_BETWEEN
}

/// How many of the first letters lie one after the other on a line, or are the same.
fn longest_run(letters: &[char]) -> usize {
    let same = letters.iter().take_while(|c| **c == letters[0]).count();
    let along = |line: &[char]| {
        let starts = (0..line.len()).filter(|start| line[*start] == letters[0]);
        let run = |start: usize| {
            line[start..].iter().zip(letters).take_while(|(on_line, c)| on_line == c).count()
        };
        starts.map(run).max().unwrap_or(0)
    };
    let longest = LINES.iter().map(|line| {
        let mut line: Vec<char> = line.chars().collect();
        let forwards = along(&line);
        line.reverse();
        forwards.max(along(&line))
    });
    longest.max().unwrap_or(0).max(same)
}

/// Whether every other letter is a slide, and the letters between are one: `1a2a3a4a5a`,
/// `1029384756`.
fn is_woven(letters: &[char]) -> bool {
    let half = |first| letters.iter().skip(first).step_by(2).copied().collect::<Vec<char>>();
    letters.len() >= 2 * SHORTEST_RUN && is_slide(&half(0)) && is_slide(&half(1))
}

/// Whether it is the same few letters, or the same easy thing, over and over.
fn is_refrain(letters: &[char]) -> bool {
    (1..=letters.len() / 2).any(|length| {
        let repeats = letters.iter().skip(length).zip(letters).all(|(a, b)| a == b);
        let unit = &letters[..length];
        repeats && (length <= FEWEST_DIFFERENT || is_slide(unit) || is_listed(unit))
    })
}

/// Whether it is a listed word, or two in one, in some dress.
fn is_listed(letters: &[char]) -> bool {
    let whole: String = letters.iter().collect();
    let joined = plain(&whole);
    let no_letter = |c: char| !c.is_alphabetic();
    [
        whole.as_str(),
        &joined,
        whole.trim_end_matches(no_letter),
        whole.trim_matches(no_letter),
        joined.trim_matches(no_letter),
    ]
    .into_iter()
    .any(|core| {
        letters.len() - core.chars().count().min(letters.len()) <= MOST_AROUND
            && is_word_or_two(&undressed(core))
    })
}

fn is_word_or_two(core: &str) -> bool {
    let pair = |(at, _): (usize, char)| {
        let (first, second) = core.split_at(at);
        LISTED.contains(first) && LISTED.contains(second)
    };
    LISTED.contains(core) || core.char_indices().any(pair)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_tried_first_is_refused() {
        for easy in [
            "password12",
            "Password123!",
            "P@ssw0rd2024",
            "p4$$w0rd!!",
            "123password321",
            "Welcome1234",
            "iloveyou520",
            "I love you 1314",
            "qwertyuiop",
            "1234567890",
            "0987654321a",
            "1qaz2wsx3edc",
            "1q2w3e4r5t",
            "q1w2e3r4t5",
            "zaq1xsw2cde3",
            "!@#$%^&*()",
            "abcdefghijk",
            "112233445566",
            "1029384756",
            "1a2a3a4a5a",
            "aaaaaaaaaa",
            "ababababab",
            "abcabcabcabc",
            "passwordpassword",
            "dragondragon",
            "dragonmaster99",
            "correcthorsebatterystaple",
            "ji32k7au4a83",
            "woaini520520",
            "administrator",
            "Letmein-2026",
            "５５５５５５５５５５",
            "短短短短短短短短短短",
        ] {
            assert!(is_easy(easy), "{easy}");
        }
    }

    #[test]
    fn what_is_not_is_accepted() {
        for good in [
            "correct horse battery",
            "the real password",
            "tea on a rainy roof",
            "Wq8-vJ2p-Lk5z",
            "我家的貓每天五點叫我起床",
            "k3lp-under-moon",
            "a test's administrator",
            "zgxq myvhp",
        ] {
            assert!(!is_easy(good), "{good}");
        }
    }

    #[test]
    fn ones_own_name_is_no_password() {
        let personal = |password| is_personal(password, "wang.xm@example.com", "Ann Lee");
        for own in [
            "wang.xm@example.com",
            "wangxm1990",
            "Wang-XM-2026",
            "1990wangxm!",
            "wangxmwangxm",
            "Ann Lee 1990",
            "annannannann",
        ] {
            assert!(personal(own), "{own}");
        }
        for other in ["correct horse battery", "wangxm likes long tea", "ann and the cat"] {
            assert!(!personal(other), "{other}");
        }
        assert!(is_personal("王小明王小明王小明1", "a@b.cd", "王小明"));
        assert!(!is_personal("anything at all", "a@b.cd", ""));
    }

    #[test]
    fn the_list_is_in_order_and_each_line_counts() {
        let lines: Vec<&str> = include_str!("common_passwords.txt").lines().collect();
        assert!(lines.len() > 4_000, "{}", lines.len());
        for pair in lines.windows(2) {
            assert!(pair[0] < pair[1], "{} comes before {}", pair[0], pair[1]);
        }
        for line in &lines {
            assert_eq!(*line, line.trim().to_lowercase());
            assert!(line.chars().count() >= 3, "{line}");
        }
        assert_eq!(LISTED.len(), lines.len(), "two lines are the same in other dress");
    }

    /// A word of the list, as somebody might wear it.
    fn dressed() -> impl Strategy<Value = String> {
        let lines = include_str!("common_passwords.txt").lines();
        let words: Vec<&str> =
            lines.filter(|line| line.bytes().all(|b| b.is_ascii_lowercase())).collect();
        let word = prop::sample::select(words);
        (word, "[0-9]{0,3}", "[0-9!.]{0,4}", any::<bool>()).prop_map(
            |(word, before, after, loud)| {
                let (inner, last) = word[1..].split_at(word.len() - 2);
                let inner = inner.replace('o', "0").replace('e', "3").replace('s', "$");
                let word = format!("{}{inner}{last}", &word[..1]);
                let word = if loud { word.to_uppercase() } else { word };
                format!("{before}{word}{after}")
            },
        )
    }

    proptest! {
        #[test]
        fn a_listed_word_is_known_in_every_dress(password in dressed()) {
            prop_assert!(is_easy(&password), "{}", password);
        }

        #[test]
        fn random_letters_are_never_called_easy(password in "[a-z0-9]{20,40}") {
            prop_assert!(!is_easy(&password), "{}", password);
        }

        #[test]
        fn no_text_breaks_the_rules(password in any::<String>(), email in any::<String>(), name in any::<String>()) {
            is_easy(&password);
            is_personal(&password, &email, &name);
        }

        #[test]
        fn the_e_mail_itself_is_always_personal(local in "[a-z]{3,20}", beside in "[0-9]{0,4}") {
            let email = format!("{local}@example.com");
            let own = format!("{local}{beside}");
            prop_assert!(is_personal(&own, &email, "Somebody"));
            prop_assert!(is_personal(&email, &email, "Somebody"));
        }
    }
}
