//! Code 39, which the scanners at store counters read.

use std::fmt::Write as _;

/// Each character as nine bars and spaces in turn, `w` for wide.
const PATTERNS: [(char, &str); 44] = [
    ('0', "nnnwwnwnn"),
    ('1', "wnnwnnnnw"),
    ('2', "nnwwnnnnw"),
    ('3', "wnwwnnnnn"),
    ('4', "nnnwwnnnw"),
    ('5', "wnnwwnnnn"),
    ('6', "nnwwwnnnn"),
    ('7', "nnnwnnwnw"),
    ('8', "wnnwnnwnn"),
    ('9', "nnwwnnwnn"),
    ('A', "wnnnnwnnw"),
    ('B', "nnwnnwnnw"),
    ('C', "wnwnnwnnn"),
    ('D', "nnnnwwnnw"),
    ('E', "wnnnwwnnn"),
    ('F', "nnwnwwnnn"),
    ('G', "nnnnnwwnw"),
    ('H', "wnnnnwwnn"),
    ('I', "nnwnnwwnn"),
    ('J', "nnnnwwwnn"),
    ('K', "wnnnnnnww"),
    ('L', "nnwnnnnww"),
    ('M', "wnwnnnnwn"),
    ('N', "nnnnwnnww"),
    ('O', "wnnnwnnwn"),
    ('P', "nnwnwnnwn"),
    ('Q', "nnnnnnwww"),
    ('R', "wnnnnnwwn"),
    ('S', "nnwnnnwwn"),
    ('T', "nnnnwnwwn"),
    ('U', "wwnnnnnnw"),
    ('V', "nwwnnnnnw"),
    ('W', "wwwnnnnnn"),
    ('X', "nwnnwnnnw"),
    ('Y', "wwnnwnnnn"),
    ('Z', "nwwnwnnnn"),
    ('-', "nwnnnnwnw"),
    ('.', "wwnnnnwnn"),
    (' ', "nwwnnnwnn"),
    ('*', "nwnnwnwnn"),
    ('$', "nwnwnwnnn"),
    ('/', "nwnwnnnwn"),
    ('+', "nwnnnwnwn"),
    ('%', "nnnwnwnwn"),
];

/// A wide bar is three times a narrow one, and so much white stands on either side.
const QUIET: u32 = 10;
const HEIGHT: u32 = 60;

/// Where the black bars of a text stand and how wide they are, and how wide all of it is. Whatever
/// Code 39 does not know is left out.
fn bars(text: &str) -> (Vec<(u32, u32)>, u32) {
    let mut bars = Vec::new();
    let mut at = QUIET;
    for character in std::iter::once('*').chain(text.chars()).chain(std::iter::once('*')) {
        let known = PATTERNS.iter().find(|(known, _)| *known == character);
        let Some((_, pattern)) = known else { continue };
        for (place, element) in pattern.chars().enumerate() {
            let width = if element == 'w' { 3 } else { 1 };
            if place % 2 == 0 {
                bars.push((at, width));
            }
            at += width;
        }
        at += 1;
    }
    (bars, at - 1 + QUIET)
}

/// The text as a picture, black on white also where the page is dark. The text itself belongs beside
/// it, for people and for those who cannot see it.
pub(crate) fn svg(text: &str) -> String {
    let (bars, width) = bars(text);
    let mut path = String::new();
    for (at, bar) in bars {
        // Writing to a String cannot fail.
        let _ = write!(path, "M{at} 0h{bar}v{HEIGHT}h-{bar}z");
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {HEIGHT}\" \
         aria-hidden=\"true\" preserveAspectRatio=\"none\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{width}v{HEIGHT}H0z\"/><path d=\"{path}\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What a scanner sees.
    fn scan(text: &str) -> String {
        let (bars, _) = bars(text);
        let mut read = String::new();
        for five in bars.chunks(5) {
            let mut pattern = String::new();
            for (place, (at, width)) in five.iter().enumerate() {
                pattern.push(if *width == 3 { 'w' } else { 'n' });
                if let Some((next, _)) = five.get(place + 1) {
                    pattern.push(if next - at - width == 3 { 'w' } else { 'n' });
                }
            }
            let known = PATTERNS.iter().find(|(_, known)| *known == pattern);
            read.push(known.expect("a character of Code 39").0);
        }
        read
    }

    #[test]
    fn the_table_is_three_of_nine() {
        let different: BTreeSet<_> = PATTERNS.iter().map(|(_, pattern)| pattern).collect();
        assert_eq!(different.len(), PATTERNS.len());
        for (character, pattern) in PATTERNS {
            assert_eq!(pattern.len(), 9, "{character}");
            assert_eq!(pattern.matches('w').count(), 3, "{character}");
        }
    }

    #[test]
    fn what_is_drawn_can_be_read() {
        for text in ["1105036EA", "3453011539919569", "042677000001500", "A-Z. $/+%"] {
            assert_eq!(scan(text), format!("*{text}*"));
        }
        assert!(svg("1").starts_with("<svg"));
    }
}
