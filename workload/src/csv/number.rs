//! Numbers as people and programs write them: decimal marks, thousands, units, words for nothing.

use super::number_fault::NumberFault;
use super::unit::{self, Unit};
use serde::{Deserialize, Serialize};

/// The mark before a number's decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum DecimalMark {
    /// 1,234.5
    Dot,
    /// 1.234,5
    Comma,
}

impl DecimalMark {
    fn other(self) -> Self {
        match self {
            Self::Dot => Self::Comma,
            Self::Comma => Self::Dot,
        }
    }

    fn char(self) -> char {
        match self {
            Self::Dot => '.',
            Self::Comma => ',',
        }
    }
}

/// Words for "not measured".
const NULLS: [&str; 14] = [
    "",
    "nan",
    "null",
    "none",
    "nil",
    "na",
    "n/a",
    "#n/a",
    "\\n",
    "undefined",
    "missing",
    "-",
    "--",
    "?",
];
/// Marks between thousands beside the dot and the comma.
const SPACERS: [char; 6] = ['\'', '\u{2019}', '_', ' ', '\u{a0}', '\u{202f}'];

/// So many numbers that all have three digits behind their mark have them for a reason.
const MANY: usize = 20;

/// Whether a text says that nothing was measured.
pub(super) fn is_null(text: &str) -> bool {
    NULLS.iter().any(|null| text.eq_ignore_ascii_case(null)) || text == "\u{2013}"
}

/// Whether a text is a number, whatever its marks.
pub(super) fn is_number(text: &str) -> bool {
    let is_unit = |suffix| !matches!(unit::of_suffix(suffix), Err(NumberFault::NotANumber));
    [DecimalMark::Dot, DecimalMark::Comma]
        .into_iter()
        .any(|mark| parse(text, mark).is_some_and(|(_, suffix)| is_unit(suffix)))
}

/// Whether a text is a number without a unit.
pub(super) fn is_bare(text: &str) -> bool {
    [DecimalMark::Dot, DecimalMark::Comma]
        .into_iter()
        .any(|mark| parse(text, mark).is_some_and(|(_, suffix)| suffix.is_empty()))
}

/// A number and the unit behind it; `None` if it is none or not with this mark.
pub(super) fn parse(text: &str, mark: DecimalMark) -> Option<(f64, &str)> {
    let (body, suffix) = split(text)?;
    if mark == DecimalMark::Dot
        && let Ok(value) = body.parse()
    {
        return Some((value, suffix));
    }
    Some((plain(body, mark)?.parse().ok()?, suffix))
}

/// A number and what stands behind it, or `None` for a gap.
fn parse_measured(text: &str, mark: DecimalMark) -> Result<Option<(f64, &str)>, NumberFault> {
    if is_null(text) {
        return Ok(None);
    }
    match (parse(text, mark), text.parse::<f64>()) {
        (Some(parsed), _) => Ok(Some(parsed)),
        (None, Ok(value)) if value.is_nan() => Ok(None),
        (None, Ok(_)) => Err(NumberFault::Infinite),
        (None, Err(_)) => Err(NumberFault::NotANumber),
    }
}

/// A measured number and its unit, or `None` for a gap.
pub(super) fn read(text: &str, mark: DecimalMark) -> Result<Option<(f64, Unit)>, NumberFault> {
    // Counts are never negative, so that exporters use -1 where they know nothing.
    if text == "-1" {
        return Ok(None);
    }
    let Some((value, suffix)) = parse_measured(text, mark)? else { return Ok(None) };
    let unit = unit::of_suffix(suffix)?;
    if value < 0.0 {
        return Err(NumberFault::Negative);
    }
    // `+ 0.0` turns -0 into 0, so that equal values have equal bits.
    if value.is_finite() { Ok(Some((value + 0.0, unit))) } else { Err(NumberFault::TooLarge) }
}

/// A number of anything, which may be below 0, or whether something is so; and what stands behind it.
pub(super) fn read_any(text: &str, mark: DecimalMark) -> Result<Option<(f32, &str)>, NumberFault> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" => return Ok(Some((1.0, ""))),
        "false" | "no" => return Ok(Some((0.0, ""))),
        _ => {}
    }
    let Some((value, suffix)) = parse_measured(text, mark)? else { return Ok(None) };
    match unit::of_suffix(suffix) {
        Ok(_) | Err(NumberFault::NoCount(_)) if (value as f32).is_finite() => {
            Ok(Some((value as f32, suffix)))
        }
        Ok(_) | Err(NumberFault::NoCount(_)) => Err(NumberFault::TooLarge),
        Err(fault) => Err(fault),
    }
}

/// The size of what is planned: a number, or whether there is anything; 0 for a gap.
pub(super) fn size(text: &str, mark: DecimalMark) -> Result<f32, NumberFault> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" => Ok(1.0),
        "false" | "no" => Ok(0.0),
        "-1" => Err(NumberFault::Negative),
        _ => read(text, mark).map(|size| size.map_or(0.0, |(value, _)| value as f32)),
    }
}

/// The part that a number may be, and what stands behind it.
fn split(text: &str) -> Option<(&str, &str)> {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let mut end = 0;
    for (at, c) in text.char_indices() {
        let mut next = text.get(at + c.len_utf8()..)?.chars();
        let belongs = match c {
            '0'..='9' => true,
            '+' | '-' => at == 0 || text.get(..at)?.ends_with(['e', 'E']),
            '.' | ',' | '\'' | '\u{2019}' | '_' => true,
            'e' | 'E' => {
                at > 0
                    && (next.by_ref().find(|c| !matches!(c, '+' | '-')))
                        .is_some_and(|c| c.is_ascii_digit())
            }
            c if SPACERS.contains(&c) => (0..3).all(|_| digit(next.next())) && !digit(next.next()),
            _ => false,
        };
        if !belongs {
            break;
        }
        end = at + c.len_utf8();
    }
    let (body, suffix) = text.split_at(end);
    body.contains(|c: char| c.is_ascii_digit()).then(|| (body, suffix.trim()))
}

/// `body` as a program writes it, if its thousands are grouped as thousands are.
fn plain(body: &str, mark: DecimalMark) -> Option<String> {
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => body.split_at(at),
        None => (body, ""),
    };
    let (whole, decimals) = mantissa.split_once(mark.char()).unwrap_or((mantissa, ""));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let (sign, whole) = whole.split_at(usize::from(whole.starts_with(['+', '-'])));
    let parted = |c: char| c == mark.other().char() || SPACERS.contains(&c);
    let groups: Vec<&str> = whole.split(parted).collect();
    let grouped = match groups.as_slice() {
        [_] => true,
        // India groups by two above the thousands.
        [first, middle @ .., last] => {
            (1..=3).contains(&first.len())
                && last.len() == 3
                && middle.iter().all(|group| (2..=3).contains(&group.len()))
        }
        [] => false,
    };
    let sound = grouped && groups.iter().all(|group| digits(group)) && digits(decimals);
    sound.then(|| format!("{sign}{}.{decimals}{exponent}", groups.concat()))
}

/// What was seen of the marks in the numbers of a file, each with the line of the first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    dot: Option<u64>,
    comma: Option<u64>,
    /// Three digits behind the only mark: thousands, or as many decimals.
    open_dot: Option<u64>,
    open_comma: Option<u64>,
    /// How many numbers of either kind there are.
    open: usize,
    /// Four digits in a row without a mark: thousands are not grouped.
    ungrouped: bool,
    /// Whole numbers below a thousand, as there are beside thousands that are grouped. Beside
    /// numbers with three decimals each they would have them, too.
    small: bool,
}

impl Marks {
    pub(super) fn see(&mut self, text: &str, line: u64) {
        if text.bytes().all(|b| b.is_ascii_digit()) {
            self.ungrouped |= text.len() > 3;
            self.small |= text.len() <= 3 && text != "0";
            return;
        }
        let Some((body, _)) = split(text) else { return };
        let body = body.split(['e', 'E']).next().unwrap_or(body).trim_start_matches(['+', '-']);
        let count = |mark: char| body.matches(mark).count();
        let place = match (count('.'), count(',')) {
            (0, 0) => return,
            (1, 0) => &mut self.of(body, '.'),
            (0, 1) => &mut self.of(body, ','),
            (_, 0) => &mut self.comma,
            (0, _) => &mut self.dot,
            _ if body.rfind('.') > body.rfind(',') => &mut self.dot,
            _ => &mut self.comma,
        };
        place.get_or_insert(line);
        self.open += usize::from(Self::is_open(body));
    }

    /// Whether a number's only mark has three digits behind it, and one to three before it.
    fn is_open(body: &str) -> bool {
        let Some((whole, decimals)) = body.split_once(['.', ',']) else { return false };
        decimals.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0')
    }

    /// Where the only mark of a number is noted.
    fn of(&mut self, body: &str, mark: char) -> &mut Option<u64> {
        match (mark, Self::is_open(body)) {
            ('.', false) => &mut self.dot,
            ('.', true) => &mut self.open_dot,
            (_, false) => &mut self.comma,
            (_, true) => &mut self.open_comma,
        }
    }

    /// Whether the open numbers are thousands: there are many, smaller ones have no mark, and
    /// larger ones none without.
    fn grouped(&self) -> bool {
        self.open >= MANY && self.small && !self.ungrouped
    }

    /// The decimal mark. `continental` says that the file's delimiter leaves the comma free, and
    /// `dotted` that its dates have dots: where both hold, commas are decimal marks.
    ///
    /// # Errors
    /// The line of a number that may be read in two ways.
    pub(super) fn decide(&self, continental: bool, dotted: bool) -> Result<DecimalMark, u64> {
        match (self.dot, self.comma, self.open_dot, self.open_comma) {
            (Some(dot), Some(comma), ..) => Err(dot.max(comma)),
            (Some(_), None, ..) => Ok(DecimalMark::Dot),
            (None, Some(_), ..) => Ok(DecimalMark::Comma),
            (None, None, None, None) => Ok(DecimalMark::Dot),
            (None, None, Some(_), None) if self.grouped() => Ok(DecimalMark::Comma),
            (None, None, None, Some(_)) if self.grouped() => Ok(DecimalMark::Dot),
            (None, None, Some(_), None) if continental && dotted && !self.ungrouped => {
                Ok(DecimalMark::Comma)
            }
            (None, None, Some(_), None) => Ok(DecimalMark::Dot),
            (None, None, None, Some(_)) if self.ungrouped || continental && dotted => {
                Ok(DecimalMark::Comma)
            }
            (None, None, None, Some(line)) if continental => Err(line),
            (None, None, None, Some(_)) => Ok(DecimalMark::Dot),
            (None, None, Some(dot), Some(comma)) => Err(dot.max(comma)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, mark: DecimalMark) -> Option<f64> {
        read(text, mark).unwrap().map(|(value, _)| value)
    }

    fn decide(texts: &[&str], continental: bool, dotted: bool) -> Result<DecimalMark, u64> {
        let mut marks = Marks::default();
        for (line, text) in texts.iter().enumerate() {
            marks.see(text, line as u64);
        }
        marks.decide(continental, dotted)
    }

    #[test]
    fn numbers_in_every_form() {
        use DecimalMark::{Comma, Dot};
        for (text, mark, wanted) in [
            ("73.5", Dot, 73.5),
            ("1e3", Dot, 1000.0),
            ("0.4179E+04", Dot, 4179.0),
            ("4,179", Dot, 4179.0),
            ("1,234,567.5", Dot, 1_234_567.5),
            ("12,34,567", Dot, 1_234_567.0),
            ("4.179,5", Comma, 4179.5),
            ("4179,0", Comma, 4179.0),
            ("4 179", Dot, 4179.0),
            ("4\u{202f}179,5", Comma, 4179.5),
            ("4'179.5", Dot, 4179.5),
            ("12 events", Dot, 12.0),
            ("13.9 ops/s", Dot, 13.9),
            ("+5", Dot, 5.0),
        ] {
            assert_eq!(value(text, mark), Some(wanted), "{text}");
        }
        assert_eq!(value("-0", Dot).map(f64::to_bits), Some(0));
    }

    #[test]
    fn gaps_and_faults_are_told_apart() {
        for gap in ["", "nan", "NaN", "null", "N/A", "-nan", "\\N", "undefined", "-", "-1"] {
            assert_eq!(read(gap, DecimalMark::Dot), Ok(None), "{gap}");
        }
        let fault = |text| read(text, DecimalMark::Dot).unwrap_err();
        assert_eq!(fault("-3"), NumberFault::Negative);
        assert_eq!(fault("-inf"), NumberFault::Infinite);
        assert_eq!(fault("many"), NumberFault::NotANumber);
        assert_eq!(fault("1,2,3"), NumberFault::NotANumber);
        assert_eq!(fault("4.18 K"), NumberFault::Formatted);
        assert!(matches!(fault("250 ms"), NumberFault::NoCount(_)));
    }

    #[test]
    fn numbers_of_anything_keep_their_sign_and_unit() {
        let value = |text| read_any(text, DecimalMark::Dot);
        assert_eq!(value("-3.5"), Ok(Some((-3.5, ""))));
        assert_eq!(value("-1"), Ok(Some((-1.0, ""))));
        assert_eq!(value("45 %"), Ok(Some((45.0, "%"))));
        assert_eq!((value("true"), value("No")), (Ok(Some((1.0, ""))), Ok(Some((0.0, "")))));
        assert_eq!((value("n/a"), value("")), (Ok(None), Ok(None)));
        assert_eq!(value("4.18 K"), Err(NumberFault::Formatted));
        assert_eq!(value("1e39"), Err(NumberFault::TooLarge));
        assert_eq!(value("idle"), Err(NumberFault::NotANumber));
    }

    #[test]
    fn the_decimal_mark_is_decided_over_all_numbers() {
        use DecimalMark::{Comma, Dot};
        assert_eq!(decide(&["4,179", "812"], false, false), Ok(Dot));
        assert_eq!(decide(&["4179,0", "812,5"], true, true), Ok(Comma));
        assert_eq!(decide(&["4.179", "812,5"], true, true), Ok(Comma));
        assert_eq!(decide(&["4.179", "812"], true, true), Ok(Comma));
        assert_eq!(decide(&["13.310", "12.500"], false, false), Ok(Dot));
        assert_eq!(decide(&["4,179", "0,125"], true, false), Ok(Comma));
        assert_eq!(decide(&["812", "4,179"], true, false), Err(1));
        assert_eq!(decide(&["1,234.5", "1.234,5"], true, false), Err(1));
    }
}
