//! One module per subcommand.

pub mod backtest;
pub mod check;
pub mod demo;
pub mod flash_model;
pub mod pipe;
pub mod replay;
pub mod run;
