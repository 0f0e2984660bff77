//! The files of a model's folder.

/// The card's file name.
pub const CARD_FILE: &str = "card.json";
/// The card's signature by Ed25519: 64 bytes. The card has the hashes of the other files, so it is over all.
pub const CARD_SIGNATURE: &str = "card.json.sig";
/// The quantized forecaster: what is run.
pub const FORECASTER_INT8: &str = "forecaster.int8.onnx";
/// The same forecaster before quantization.
pub const FORECASTER_F32: &str = "forecaster.f32.onnx";
/// The quantized Q-network.
pub const Q_NETWORK_INT8: &str = "q_network.int8.onnx";
/// The same Q-network before quantization: what tract runs (int8 is slower there).
pub const Q_NETWORK_F32: &str = "q_network.f32.onnx";
/// Both networks in int8 for the engine without `std`.
pub const PACK: &str = "model.pack";
/// The pack's signature by Ed25519, 64 bytes, for a device that knows nothing of cards.
pub const PACK_SIGNATURE: &str = "model.pack.sig";
