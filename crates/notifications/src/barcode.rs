//! Code 39 barcodes as pictures, which is what the counters of convenience stores scan.
//!
//! A character is five bars and the four spaces between them, three of the nine wide; characters
//! are a narrow space apart, and `*` stands at both ends. A wide element is [`WIDE`] narrow ones:
//! at the ratio of 1 : 2 even the longest code fits the width of a telephone.

use std::io::Cursor;

use image::{GrayImage, ImageFormat, Luma};

/// The characters, and in nine bits which of their elements are wide, bar first.
const PATTERNS: [(char, u16); 44] = [
    ('0', 0b000_110_100),
    ('1', 0b100_100_001),
    ('2', 0b001_100_001),
    ('3', 0b101_100_000),
    ('4', 0b000_110_001),
    ('5', 0b100_110_000),
    ('6', 0b001_110_000),
    ('7', 0b000_100_101),
    ('8', 0b100_100_100),
    ('9', 0b001_100_100),
    ('A', 0b100_001_001),
    ('B', 0b001_001_001),
    ('C', 0b101_001_000),
    ('D', 0b000_011_001),
    ('E', 0b100_011_000),
    ('F', 0b001_011_000),
    ('G', 0b000_001_101),
    ('H', 0b100_001_100),
    ('I', 0b001_001_100),
    ('J', 0b000_011_100),
    ('K', 0b100_000_011),
    ('L', 0b001_000_011),
    ('M', 0b101_000_010),
    ('N', 0b000_010_011),
    ('O', 0b100_010_010),
    ('P', 0b001_010_010),
    ('Q', 0b000_000_111),
    ('R', 0b100_000_110),
    ('S', 0b001_000_110),
    ('T', 0b000_010_110),
    ('U', 0b110_000_001),
    ('V', 0b011_000_001),
    ('W', 0b111_000_000),
    ('X', 0b010_010_001),
    ('Y', 0b110_010_000),
    ('Z', 0b011_010_000),
    ('-', 0b010_000_101),
    ('.', 0b110_000_100),
    (' ', 0b011_000_100),
    ('$', 0b010_101_000),
    ('/', 0b010_100_010),
    ('+', 0b010_001_010),
    ('%', 0b000_101_010),
    ('*', 0b010_010_100),
];

/// Narrow elements in a wide one.
const WIDE: u32 = 2;
/// Light margin at both ends, in narrow elements: scanners want ten.
const QUIET: u32 = 10;
/// Pixels of a narrow element: enough for screens of high resolution.
const SCALE: u32 = 4;
/// Pixels from top to bottom.
const HEIGHT: u32 = 144;
/// The longest code; ECPay's have at most twenty characters.
const LENGTH_MAX: usize = 40;

const LIGHT: Luma<u8> = Luma([255]);
const DARK: Luma<u8> = Luma([0]);

/// Why something is no barcode.
#[derive(Debug, thiserror::Error)]
pub enum BarcodeError {
    /// Empty, too long, or with a character that Code 39 does not have.
    #[error("it cannot be written in Code 39")]
    Unwritable,
    /// The picture could not be made: a defect.
    #[error("the picture could not be made")]
    Picture(#[from] image::ImageError),
}

/// The barcode of `text` (upper-case letters, digits, `- . $ / + %` and space) as a PNG.
pub fn png(text: &str) -> Result<Vec<u8>, BarcodeError> {
    let elements = elements(text)?;
    let width: u32 = elements.iter().map(|it| it.width).sum::<u32>() + 2 * QUIET;
    let mut picture = GrayImage::from_pixel(width * SCALE, HEIGHT, LIGHT);
    let mut x = QUIET * SCALE;
    for element in elements {
        let end = x + element.width * SCALE;
        if element.is_bar {
            for column in x..end {
                for row in 0..HEIGHT {
                    picture.put_pixel(column, row, DARK);
                }
            }
        }
        x = end;
    }
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}

/// A bar or a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Element {
    is_bar: bool,
    width: u32,
}

/// The bars and spaces of `text`, with start and stop.
fn elements(text: &str) -> Result<Vec<Element>, BarcodeError> {
    let length = text.chars().count();
    // The asterisk is no character of its own: in the middle it would end the code.
    if length == 0 || length > LENGTH_MAX || text.contains('*') {
        return Err(BarcodeError::Unwritable);
    }
    let mut elements = Vec::new();
    for letter in format!("*{text}*").chars() {
        let known = PATTERNS.iter().find(|(known, _)| *known == letter);
        let (_, pattern) = known.ok_or(BarcodeError::Unwritable)?;
        if !elements.is_empty() {
            elements.push(Element { is_bar: false, width: 1 });
        }
        for place in 0..9_u32 {
            let is_wide = (pattern >> (8 - place)) & 1 == 1;
            let width = if is_wide { WIDE } else { 1 };
            elements.push(Element { is_bar: place % 2 == 0, width });
        }
    }
    Ok(elements)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a picture as a scanner does: bars and spaces of one line, from the widths alone.
    fn scan(png: &[u8]) -> String {
        let picture = image::load_from_memory(png).unwrap().to_luma8();
        let row: Vec<bool> =
            (0..picture.width()).map(|x| picture.get_pixel(x, 70).0[0] < 128).collect();
        let mut runs: Vec<(bool, usize)> = Vec::new();
        for dark in row {
            match runs.last_mut() {
                Some(run) if run.0 == dark => run.1 += 1,
                _ => runs.push((dark, 1)),
            }
        }
        let narrow = runs.iter().map(|run| run.1).min().unwrap();
        let margins = [runs.remove(0), runs.pop().unwrap()];
        assert!(margins.iter().all(|it| !it.0 && it.1 >= 10 * narrow), "{margins:?}");
        let widths: Vec<bool> = runs.iter().map(|run| run.1 > narrow * 3 / 2).collect();
        let letters = widths.chunks(10).map(|chunk| {
            let bits = chunk[..9].iter().fold(0, |bits, wide| (bits << 1) | u16::from(*wide));
            PATTERNS.iter().find(|it| it.1 == bits).unwrap().0
        });
        letters.collect()
    }

    #[test]
    fn what_is_drawn_is_what_is_read() {
        for code in ["041211001", "9800000000000123", "000010000001280", "ABCXYZ-. $/+%", "7"] {
            let png = png(code).unwrap();
            assert_eq!(scan(&png), format!("*{code}*"));
            assert!(png.len() < 4096, "{} bytes", png.len());
        }
    }

    /// The standard's own redundancy, by which a mistyped pattern would show: three of nine elements
    /// wide, two of them bars and one a space (the four signs: three spaces), and all different.
    #[test]
    fn the_patterns_are_those_of_the_standard() {
        let mut seen = std::collections::BTreeSet::new();
        for (letter, pattern) in PATTERNS {
            assert!(seen.insert(pattern), "{letter}");
            let bars = (pattern & 0b101_010_101).count_ones();
            let spaces = (pattern & 0b010_101_010).count_ones();
            let expected = if "$/+%".contains(letter) { (0, 3) } else { (2, 1) };
            assert_eq!((bars, spaces), expected, "{letter}");
        }
        // Two that are printed in every description of the code.
        let drawn = |text: &str| -> String {
            let elements = elements(text).unwrap();
            let one = &elements[10..19];
            one.iter().map(|it| if it.width > 1 { 'w' } else { 'n' }).collect()
        };
        assert_eq!(drawn("A"), "wnnnnwnnw");
        assert_eq!(drawn("0"), "nnnwwnwnn");
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        let long = "1".repeat(41);
        for text in ["", "abc", "12*34", "１２", "12\n", &long] {
            assert!(matches!(png(text), Err(BarcodeError::Unwritable)), "{text:?}");
        }
        assert!(png(&"1".repeat(40)).is_ok());
    }
}
