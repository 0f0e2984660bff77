//! One module per subcommand.

pub mod ablate;
pub mod doctor;
pub mod evaluate;
pub mod forecast;
pub mod pack;
pub mod sample_data;
pub mod train;
