//! Writes the built-in sample as a CSV file, without building the trainer:
//! `cargo run --release -p scaleiq-workload --example sample -- sample.csv 20000`.

use scaleiq_workload::traffic::builtin::{SampleSpec, generate};
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let file = PathBuf::from(args.next().ok_or("usage: sample FILE [ROWS]")?);
    let mut spec = SampleSpec::default();
    if let Some(rows) = args.next() {
        spec.rows = rows.parse().map_err(|_| format!("{rows:?} is no number of rows"))?;
    }
    let series = generate(&spec);
    series.write_csv(&file)?;
    println!("wrote {} rows to {}", series.rows.len(), file.display());
    Ok(())
}
