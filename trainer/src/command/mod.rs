//! One module per subcommand.

pub mod doctor;
pub mod forecast;
pub mod sample_data;
pub mod train;
