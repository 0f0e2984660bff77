//! tract's reader of ONNX files, without the kernels that may crash.

use tract_onnx::Onnx;
use tract_onnx::prelude::TractResult;

/// tract's reader of ONNX files: to be had here alone.
///
/// tract 0.23.9 multiplies int8 by AMX where a processor has it, and its kernel reads up to a KiB behind a packed
/// input, which crashes the process where a mapping ends there. Without it, tract takes AVX-512's or AVX2's, to the same
/// sums. `TRACT_CPU_ISA` in the environment goes before this.
///
/// # Errors
/// If something else in this process chose tract's kernels.
#[expect(clippy::disallowed_methods, reason = "this is where")]
pub fn onnx() -> TractResult<Onnx> {
    #[cfg(target_arch = "x86_64")]
    tract_onnx::tract_core::knobs::set_config_global("TRACT_CPU_ISA", "-amx-int8")?;
    Ok(tract_onnx::onnx())
}
