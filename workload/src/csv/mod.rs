//! Reads files of counts as people and tools export them.
//!
//! ```text
//! bytes -> decode -> dialect -> sheet (records) -> header, layout (columns) or pivot
//!       -> rows (times, numbers, labels) -> tracks (series) -> cadence -> grid -> Series
//! ```
//!
//! What a column holds is judged over the whole column: the form of its times, the order of day and
//! month, the decimal mark. What is certain is read, with a note where a user may care; what is not
//! is refused with the option that says it ([`ReadOptions`]).

mod cadence;
mod counter;
mod decode;
mod dialect;
mod footer;
mod grid;
mod header;
mod layout;
mod names;
mod number;
mod options;
mod pivot;
mod read;
mod rows;
mod sheet;
mod slots;
mod suspect;
mod time;
mod tracks;
mod unit;

pub use number::DecimalMark;
pub use options::{Duplicates, Fill, ReadOptions};
pub use time::{DateOrder, NoSuchZone, Zone};
pub use unit::Unit;

/// A field as it is shown in a message: short and on one line.
fn shown(text: &str) -> String {
    const MAX_CHARS: usize = 40;
    let mut shown: String = text.chars().take(MAX_CHARS).flat_map(char::escape_debug).collect();
    if text.chars().count() > MAX_CHARS {
        shown.push_str("...");
    }
    shown
}
