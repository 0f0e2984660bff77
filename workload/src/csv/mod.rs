//! Reads files of counts as people and tools export them.
//!
//! ```text
//! source -> decode -> dialect, tidy -> sheet (records) -> header, layout (columns) or pivot
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
mod events;
mod extras;
mod footer;
mod grid;
mod header;
mod irregular;
mod layout;
mod names;
mod number;
mod number_fault;
mod options;
mod pivot;
mod read;
mod row;
mod rows;
mod sheet;
mod shown;
mod slots;
mod source;
mod suspect;
mod tidy;
mod time;
mod tracks;
mod unit;

pub use number::DecimalMark;
pub use options::{Duplicates, Extras, Fill, ReadOptions};
pub use time::{DateOrder, NoSuchZone, Zone};
pub use unit::Unit;
