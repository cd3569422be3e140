//! How text becomes words, the same way in the index and in a query.

use tantivy::tokenizer::{
    AsciiFoldingFilter, LowerCaser, RawTokenizer, TextAnalyzer, TokenStream as _,
};

/// Longer words are cut: nobody types them, and they cost room.
const WORD_MAX: usize = 40;

/// A stretch of text of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Letters and digits of a script that puts spaces between its words.
    Word(String),
    /// Characters of a script that does not.
    Run(Vec<char>),
}

/// Whether a character is of a script without spaces between words.
fn is_cjk(c: char) -> bool {
    matches!(
        u32::from(c),
        0x2E80..=0x2FDF // radicals
            | 0x3005..=0x3007
            | 0x3021..=0x302F
            | 0x3040..=0x31FF // kana, bopomofo
            | 0x3400..=0x4DBF
            | 0x4E00..=0x9FFF
            | 0xAC00..=0xD7AF // hangul
            | 0xF900..=0xFAFF
            | 0x20000..=0x323AF
    )
}

/// One way of writing where people use several: full-width forms as narrow ones, small letters,
/// letters without marks, and 臺 as 台.
pub fn fold(text: &str) -> String {
    let narrow: String = text
        .chars()
        .map(|c| match c {
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            '\u{3000}' => ' ',
            '臺' => '台',
            '裏' => '裡',
            _ => c,
        })
        .collect();
    let mut analyzer = TextAnalyzer::builder(RawTokenizer::default())
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .build();
    let mut folded = String::with_capacity(narrow.len());
    analyzer.token_stream(&narrow).process(&mut |token| folded.push_str(&token.text));
    folded
}

/// The pieces of folded text, in their order.
pub fn pieces(folded: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (mut word, mut run) = (String::new(), Vec::new());
    for c in folded.chars() {
        if c == '\'' && !word.is_empty() {
            continue; // grandma's = grandmas
        }
        if !(is_cjk(c) || run.is_empty()) {
            pieces.push(Piece::Run(std::mem::take(&mut run)));
        }
        if is_cjk(c) || !c.is_alphanumeric() {
            end_word(&mut pieces, &mut word);
        }
        if is_cjk(c) {
            run.push(c);
        } else if c.is_alphanumeric() {
            word.push(c);
        }
    }
    end_word(&mut pieces, &mut word);
    if !run.is_empty() {
        pieces.push(Piece::Run(run));
    }
    pieces
}

fn end_word(pieces: &mut Vec<Piece>, word: &mut String) {
    if !word.is_empty() {
        pieces.push(Piece::Word(cut(&std::mem::take(word))));
    }
}

fn cut(word: &str) -> String {
    word.chars().take(WORD_MAX).collect()
}

/// Two characters side by side, over the whole run.
pub fn pairs(run: &[char]) -> Vec<String> {
    run.windows(2).map(|two| two.iter().collect()).collect()
}

/// What a text is found by: its words, letters and figures apart where they touch, and of scripts
/// without spaces each character and each two side by side.
pub fn terms(text: &str, into: &mut Vec<String>) {
    for piece in pieces(&fold(text)) {
        match piece {
            Piece::Word(word) => {
                let parts = letters_and_figures(&word);
                if parts.len() > 1 {
                    into.extend(parts);
                }
                into.push(word);
            }
            Piece::Run(run) => {
                into.extend(run.iter().map(char::to_string));
                into.extend(pairs(&run));
            }
        }
    }
}

/// `500ml` → `500`, `ml`.
fn letters_and_figures(word: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut figures = None;
    for c in word.chars() {
        let is_figure = c.is_numeric();
        match parts.last_mut() {
            Some(part) if figures == Some(is_figure) => part.push(c),
            _ => parts.push(c.into()),
        }
        figures = Some(is_figure);
    }
    parts
}

/// A code without what separates its parts: `MUG-WHITE` → `mugwhite`.
pub fn compact(text: &str) -> String {
    cut(&fold(text).chars().filter(|c| c.is_alphanumeric()).collect::<String>())
}

/// The endings of a word, so that a beginning of one of them is a part of the word. Whole words are
/// found without it.
pub fn endings(word: &str, into: &mut Vec<String>) {
    const SHORTEST: usize = 3;
    let starts: Vec<usize> = word.char_indices().map(|(at, _)| at).collect();
    for (nth, at) in starts.iter().enumerate().skip(1) {
        if starts.len() - nth >= SHORTEST {
            into.push(word[*at..].to_owned());
        }
    }
}

/// Folded text with single spaces, to be compared as a whole.
pub fn plain(text: &str) -> String {
    let mut plain = String::new();
    for piece in pieces(&fold(text)) {
        if !plain.is_empty() {
            plain.push(' ');
        }
        match piece {
            Piece::Word(word) => plain.push_str(&word),
            Piece::Run(run) => plain.extend(run),
        }
    }
    plain
}

/// How addresses know a name: folded, with hyphens for whatever is neither letter nor figure.
pub fn key(text: &str) -> String {
    plain(text).replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        terms(text, &mut all);
        all
    }

    #[test]
    fn ways_of_writing_are_made_one() {
        assert_eq!(fold("ＣＡＦÉ　臺北"), "cafe 台北");
        assert_eq!(plain("Grandma’s  Noodle-Bowl！"), "grandmas noodle bowl");
        assert_eq!(key("Berry Red 莓紅"), "berry-red-莓紅");
        assert_eq!(compact("MUG-white_1"), "mugwhite1");
    }

    #[test]
    fn text_becomes_words_and_pairs() {
        assert_eq!(of("馬克杯 Mug"), ["馬", "克", "杯", "馬克", "克杯", "mug"]);
        assert_eq!(of("T恤500ml"), ["t", "恤", "500", "ml", "500ml"]);
        assert_eq!(of("…"), Vec::<String>::new());
    }

    #[test]
    fn endings_are_parts_of_a_word() {
        let mut all = Vec::new();
        endings("teapot", &mut all);
        assert_eq!(all, ["eapot", "apot", "pot"]);
    }

    #[test]
    fn words_without_end_are_cut() {
        assert_eq!(of(&"a".repeat(500)), ["a".repeat(WORD_MAX)]);
    }
}
