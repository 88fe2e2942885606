//! A small stroke font for labels, drawn for this library: printable ASCII, `×` and `°`, legible from 8 pixels up.
//!
//! A glyph is a set of pen strokes on a grid: `|` separates strokes, `xy` is a point the pen is drawn to, `~xyXY` a
//! quadratic curve with control point `xy` that ends in `XY`. Digits are hexadecimal. Capitals stand from y = 0 to the
//! baseline y = 9, small letters begin at y = 3, descenders reach y = 12.

/// Height of a capital in grid units.
pub const CAP_HEIGHT: f32 = 9.0;
/// Depth of a descender below the baseline, in grid units.
pub const DESCENT: f32 = 3.0;
/// Thickness of the pen in grid units.
pub const PEN: f32 = 1.15;
/// Space between the pen's outlines of two letters, in grid units.
const SPACING: f32 = 2.4;
/// Width of the blank.
const BLANK: f32 = 2.6;
/// Shown for characters that the font lacks.
const UNKNOWN: &str = "00 50 59 09 00|04 54";

/// One step of the pen, in grid units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pen {
    /// Begin a stroke.
    Move([f32; 2]),
    /// Straight on to a point.
    Line([f32; 2]),
    /// A quadratic curve: control point, end.
    Curve([f32; 2], [f32; 2]),
}

/// The strokes of a character; empty for a blank.
pub fn strokes(character: char) -> Vec<Pen> {
    let mut pens = Vec::new();
    for stroke in glyph(character).split('|').filter(|s| !s.is_empty()) {
        for (i, token) in stroke.split(' ').enumerate() {
            let at = |from: usize| {
                let digit = |i: usize| token.chars().nth(i).and_then(|c| c.to_digit(16)).unwrap_or(0) as f32;
                [digit(from), digit(from + 1)]
            };
            pens.push(match (i, token.starts_with('~')) {
                (0, _) => Pen::Move(at(0)),
                (_, false) => Pen::Line(at(0)),
                (_, true) => Pen::Curve(at(1), at(3)),
            });
        }
    }
    pens
}

/// Distance to the origin of the next character, in grid units.
pub fn advance(character: char) -> f32 {
    let right = strokes(character).into_iter().map(|pen| match pen {
        Pen::Move(p) | Pen::Line(p) => p[0],
        // The curve stays left of the control point; its middle is a good bound for the round letters.
        Pen::Curve(c, p) => p[0].max((c[0] + p[0]) / 2.0),
    });
    right.reduce(f32::max).map_or(BLANK + SPACING, |right| right + PEN + SPACING)
}

/// Width of a line of text in grid units, without the space after the last letter.
pub fn width(text: &str) -> f32 {
    (text.chars().map(advance).sum::<f32>() - SPACING).max(0.0)
}

#[rustfmt::skip]
fn glyph(character: char) -> &'static str {
    match character {
        ' ' | '\u{a0}' => "",
        'A' => "09 30 69|16 56",
        'B' => "04 34 ~5452 ~5030 00 09 39 ~6967 66 ~6434",
        'C' => "62 ~6030 ~0003 06 ~0939 ~6967",
        'D' => "00 30 ~6063 66 ~6939 09 00",
        'E' => "50 00 09 59|04 44",
        'F' => "50 00 09|04 44",
        'G' => "62 ~6030 ~0003 06 ~0939 ~6966 65 35",
        'H' => "00 09|60 69|04 64",
        'I' => "00 09",
        'J' => "40 46 ~4929 ~0907",
        'K' => "00 09|60 06|24 69",
        'L' => "00 09 59",
        'M' => "09 00 46 80 89",
        'N' => "09 00 69 60",
        'O' => "30 ~0003 06 ~0939 ~6966 63 ~6030",
        'P' => "09 00 30 ~6062 63 ~6535 05",
        'Q' => "30 ~0003 06 ~0939 ~6966 63 ~6030|46 6a",
        'R' => "09 00 30 ~6062 63 ~6535 05|35 69",
        'S' => "62 ~6030 ~0002 ~0434 ~6467 ~6939 ~0907",
        'T' => "00 60|30 39",
        'U' => "00 06 ~0939 ~6966 60",
        'V' => "00 39 60",
        'W' => "00 29 42 69 80",
        'X' => "00 69|60 09",
        'Y' => "00 34 60|34 39",
        'Z' => "00 60 09 69",
        'a' => "53 59|55 ~5333 23 ~0305 07 ~0929 39 ~5957",
        'b' => "00 09|05 ~0323 33 ~5355 57 ~5939 29 ~0907",
        'c' => "55 ~5333 23 ~0305 07 ~0929 39 ~5957",
        'd' => "50 59|55 ~5333 23 ~0305 07 ~0929 39 ~5957",
        'e' => "06 56 55 ~5333 23 ~0305 07 ~0929 39 ~5958",
        'f' => "30 ~1012 19|03 33",
        'g' => "53 5a ~5c3c 2c ~0c0b|55 ~5333 23 ~0305 07 ~0929 39 ~5957",
        'h' => "00 09|05 ~0323 33 ~5355 59",
        'i' => "03 09|00 00",
        'j' => "23 2a ~2c0c|20 20",
        'k' => "00 09|43 07|25 49",
        'l' => "00 08 ~0919",
        'm' => "03 09|05 ~0323 ~4345 49|45 ~4363 ~8385 89",
        'n' => "03 09|05 ~0323 33 ~5355 59",
        'o' => "23 33 ~5355 57 ~5939 29 ~0907 05 ~0323",
        'p' => "03 0c|05 ~0323 33 ~5355 57 ~5939 29 ~0907",
        'q' => "53 5c|55 ~5333 23 ~0305 07 ~0929 39 ~5957",
        'r' => "03 09|05 ~0323 33",
        's' => "44 ~4323 ~0304 ~0626 ~4648 ~4929 ~0908",
        't' => "11 17 ~1939|03 33",
        'u' => "03 07 ~0929 39 ~5957|53 59",
        'v' => "03 29 43",
        'w' => "03 29 44 69 83",
        'x' => "03 49|43 09",
        'y' => "03 29|43 1c",
        'z' => "03 43 09 49",
        '0' => "20 30 ~5052 57 ~5939 29 ~0907 02 ~0020",
        '1' => "02 20 29",
        '2' => "02 ~0020 30 ~5052 53 09 59",
        '3' => "02 ~0020 30 ~5052 ~5434 24|34 ~5456 57 ~5939 29 ~0907",
        '4' => "30 06 56|44 49",
        '5' => "50 00 04 34 ~5456 57 ~5939 29 ~0907",
        '6' => "52 ~5030 20 ~0002 07 ~0929 39 ~5957 56 ~5434 24 ~0406",
        '7' => "00 50 29",
        '8' => "24 ~0402 ~0020 30 ~5052 ~5434 24 ~0406 07 ~0929 39 ~5957 56 ~5434",
        '9' => "07 ~0929 39 ~5957 52 ~5030 20 ~0002 03 ~0525 35 ~5553",
        '.' => "09 09",
        ',' => "19 0b",
        ':' => "04 04|09 09",
        ';' => "14 14|19 0b",
        '!' => "00 06|09 09",
        '?' => "02 ~0020 ~4042 ~4424 26|29 29",
        '\'' => "00 02",
        '"' => "00 02|20 22",
        '`' => "00 12",
        '-' | '\u{2013}' => "06 36",
        '_' => "0a 5a",
        '+' => "06 66|33 39",
        '=' => "04 54|07 57",
        '/' => "0a 40",
        '\\' => "00 4a",
        '|' => "00 0b",
        '(' => "20 ~0205 ~082a",
        ')' => "00 ~2225 ~280a",
        '[' => "20 00 0a 2a",
        ']' => "00 20 2a 0a",
        '{' => "30 ~1012 13 ~1505 ~1517 18 ~1a3a",
        '}' => "00 ~2022 23 ~2535 ~2527 28 ~2a0a",
        '<' => "43 06 49",
        '>' => "03 46 09",
        '#' => "20 19|50 49|03 63|06 66",
        '%' => "70 09|10 ~0001 ~0212 ~2221 ~2010|67 ~5758 ~5969 ~7978 ~7767",
        '&' => "69 12 ~1030 ~5042 06 ~0929 ~5965",
        '*' => "20 24|01 43|41 03",
        '@' => "69 29 ~0907 02 ~0020 50 ~7072 76 56 53 33 ~2324 25 ~2636 56",
        '$' => "62 ~6030 ~0002 ~0434 ~6467 ~6939 ~0907|30 39",
        '^' => "03 20 43",
        '~' => "07 ~1536 ~5765",
        '×' => "04 48|44 08",
        '°' => "10 ~0001 ~0212 ~2221 ~2010",
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_character_is_its_own_and_well_formed() {
        let mut seen = std::collections::HashMap::new();
        for c in (0x21..=0x7e_u8).map(char::from).chain(['×', '°']) {
            let text = glyph(c);
            assert_ne!(text, UNKNOWN, "{c:?}");
            if let Some(other) = seen.insert(text, c) {
                panic!("{c:?} looks like {other:?}");
            }
            for token in text.split(['|', ' ']) {
                let digits = token.strip_prefix('~');
                assert_eq!(digits.unwrap_or(token).len(), if digits.is_some() { 4 } else { 2 }, "{c:?} {token}");
                assert!(digits.unwrap_or(token).chars().all(|d| d.is_ascii_hexdigit()), "{c:?} {token}");
            }
            for stroke in text.split('|') {
                assert!(!stroke.starts_with('~') && stroke.contains(' '), "{c:?} {stroke}");
            }
            assert!(advance(c) > PEN && advance(c) < 13.0);
        }
        assert_eq!(strokes('語'), strokes('\u{1f600}'));
        assert!(strokes(' ').is_empty());
    }

    #[test]
    fn widths_add_up() {
        assert_eq!(width(""), 0.0);
        assert!((width("ab") - width("a") - width("b") - SPACING).abs() < 1e-5);
        assert_eq!(advance('0'), advance('8'));
    }
}
