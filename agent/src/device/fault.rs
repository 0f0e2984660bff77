//! What can go wrong between this program and a device, in words that say what to do.

use scaleiq_core::wire::{Refusal, VERSION};
use std::fmt;
use std::io;

/// Why a device cannot be opened, asked or followed.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The port cannot be opened.
    #[error("it cannot be opened: {0}")]
    Closed(String),
    /// The line broke while it was used.
    #[error("the line broke ({0}): was the device unplugged?")]
    Broken(io::Error),
    /// Nothing came back.
    #[error(
        "no answer, asked {0} times: is the device running, and are this its port and its baud rate?"
    )]
    Silent(u32),
    /// Only damaged frames came back, or the device got only such.
    #[error("only damaged frames, asked {0} times: is the baud rate the device's?")]
    Damaged(u32),
    /// The device speaks another version of the messages.
    #[error(
        "the device speaks version {0} of the messages and this program version {VERSION}: the two \
         have to be of one release"
    )]
    Version(u8),
    /// The device refused.
    #[error("{}", refused(*.0))]
    Refused(Refusal),
    /// An answer that the device cannot have given to what it was asked.
    #[error("the device does not answer what it is asked: {0}")]
    Senseless(&'static str),
    /// Another model decides there than at the start.
    #[error(
        "the device runs the model pack {found:08x} and no longer {expected:08x}: upload that again \
         with `agent flash-model`, or start the agent anew to take the other one"
    )]
    OtherPack {
        /// CRC of the pack at the start.
        expected: u32,
        /// CRC of the one that is in force now.
        found: u32,
    },
}

/// What a refusal means to who sent the message.
fn refused(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Frame => "the device gets only damaged frames",
        Refusal::Kind => "the device does not know such a message: is its firmware older?",
        Refusal::SampleTime => {
            "the device has taken a later sample already, as from another host; \
             `firmware/clients/client.py PORT forget` lets it begin anew"
        }
        Refusal::SampleValue => "the device refused the sample's numbers",
        Refusal::Config => "the device refused the settings",
        Refusal::Upload => "the device lost the upload on the way, as by a reset: try again",
        Refusal::Pack => "the device checked the model pack and cannot run it",
        Refusal::Storage => "the device has no memory for another model pack, or writing it failed",
        Refusal::Version => "the device speaks another version of the messages",
        Refusal::Signature => {
            "the device takes only models that were signed with its key: put the signature beside the \
             pack, as `model.pack.sig`"
        }
        Refusal::SampleJump => {
            "the sample is weeks after the last one that the device took: is a clock wrong? If it is not, \
             `firmware/clients/client.py PORT forget` lets the device begin anew"
        }
        Refusal::Learned => "the device cannot take what another one has learned",
    }
}

/// A [`Fault`] and the port where it came up.
#[derive(Debug, thiserror::Error)]
pub struct DeviceError {
    /// The port's path.
    pub port: String,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for DeviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "device on port {}: {}", self.port, self.fault)
    }
}
