//! Files of traffic in the forms that people have them in: text, and Parquet.

use super::parquet::Table;
use scaleiq_workload::csv::DecimalMark;
use scaleiq_workload::{DataError, ReadOptions, Series};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// How a Parquet file begins.
const MAGIC: [u8; 4] = *b"PAR1";

/// Reads a file of event counts: Parquet, or text as [`Series::read_csv_with`] does. Both have the same columns, and
/// what is wrong is told in the same words; of a Parquet file, line 1 is the names of its columns.
///
/// # Errors
/// If the file cannot be read, or something in it is wrong or may be read in two ways: see [`DataError`].
pub fn read(path: &Path, options: &ReadOptions) -> Result<Series, DataError> {
    let Some(file) = parquet(path) else { return Series::read_csv_with(path, options) };
    let name = path.display().to_string();
    let table =
        Table::open(file).map_err(|source| DataError::Unreadable { file: name.clone(), source })?;
    let notes = table.notes();
    let open = || Ok(Box::new(Table::open(File::open(path)?)?) as Box<dyn io::Read>);
    // Its numbers have no marks but points.
    let decimal_mark = options.decimal_mark.or(Some(DecimalMark::Dot));
    let options = ReadOptions { decimal_mark, ..options.clone() };
    let mut series = Series::from_source_with(&name, &open, &options)?;
    series.notes.splice(0..0, notes);
    Ok(series)
}

/// The file, if it is Parquet. What cannot be opened is told by who reads text.
fn parquet(path: &Path) -> Option<File> {
    let begin = || -> io::Result<[u8; 4]> {
        let mut begin = [0; 4];
        File::open(path)?.read_exact(&mut begin)?;
        Ok(begin)
    };
    let is_parquet = begin().is_ok_and(|begin| begin == MAGIC);
    if is_parquet { File::open(path).ok() } else { None }
}
