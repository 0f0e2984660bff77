//! Which device to train on, as `--device` and the config say it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A choice of device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceChoice {
    /// The first real GPU, or the CPU if there is none.
    #[default]
    Auto,
    /// The CPU (bit-reproducible).
    Cpu,
    /// A GPU: the first one, or the one of this number in `trainer doctor`.
    Gpu(Option<usize>),
}

/// Text that names no device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no device: {reason}")]
pub struct DeviceError {
    given: String,
    reason: &'static str,
}

impl FromStr for DeviceChoice {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |reason| DeviceError { given: text.into(), reason };
        match text.trim().to_ascii_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            // The driver is found by itself.
            "gpu" | "cuda" | "vulkan" | "metal" | "mps" | "wgpu" => Ok(Self::Gpu(None)),
            other => match other.strip_prefix("gpu:").or(other.strip_prefix("cuda:")) {
                Some(number) => match number.parse() {
                    Ok(number) => Ok(Self::Gpu(Some(number))),
                    Err(_) => {
                        Err(error("after `gpu:` comes a number; `trainer doctor` lists them"))
                    }
                },
                None => Err(error("use `auto`, `cpu`, `gpu` or `gpu:N`")),
            },
        }
    }
}

impl TryFrom<String> for DeviceChoice {
    type Error = DeviceError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<DeviceChoice> for String {
    fn from(choice: DeviceChoice) -> String {
        choice.to_string()
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Gpu(None) => f.write_str("gpu"),
            Self::Gpu(Some(number)) => write!(f, "gpu:{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_read_back_as_written() {
        for text in ["auto", "cpu", "gpu", "gpu:0", "gpu:3"] {
            assert_eq!(text.parse::<DeviceChoice>().map(|d| d.to_string()), Ok(text.to_string()));
        }
        for (text, gpu) in [("GPU:1", Some(1)), ("cuda:1", Some(1)), ("cuda", None), ("mps", None)]
        {
            assert_eq!(text.parse(), Ok(DeviceChoice::Gpu(gpu)));
        }
    }

    #[test]
    fn a_bad_device_says_what_is_possible() {
        let error = |text: &str| text.parse::<DeviceChoice>().unwrap_err().to_string();
        insta::assert_snapshot!(error("tpu"), @"`tpu` is no device: use `auto`, `cpu`, `gpu` or `gpu:N`");
        insta::assert_snapshot!(error("gpu:x"), @"`gpu:x` is no device: after `gpu:` comes a number; `trainer doctor` lists them");
    }
}
