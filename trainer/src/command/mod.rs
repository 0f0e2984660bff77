//! One module per subcommand.

pub mod ablate;
pub mod bench_policies;
pub mod doctor;
pub mod evaluate;
pub mod forecast;
pub mod pack;
pub mod sample_data;
pub mod train;
