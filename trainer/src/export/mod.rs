//! Networks to ONNX files, quantized, with their card.

mod calibrate;
mod folder;
mod forecaster;
mod graph;
mod pack;
mod q_network;
mod sign;

pub use calibrate::activation_scales;
pub use folder::{
    Facts, NetworkFiles, add_pack, engine, file, forecaster_files, q_network_files, runnable,
    write_folder,
};
pub use forecaster::{dense, floats, forecaster_graph};
pub use graph::{Graph, Precision};
pub use pack::{TooLarge, pack};
pub use q_network::q_network_graph;
pub use sign::SignKey;

#[cfg(test)]
mod weights_tests;
