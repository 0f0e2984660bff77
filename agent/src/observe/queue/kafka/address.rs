//! Where a broker listens.

use std::fmt;

/// A host and a port, as the configuration or the cluster names them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address {
    /// Name or number, without the brackets of IPv6.
    pub(super) host: String,
    /// Port.
    pub(super) port: u16,
}

impl Address {
    /// Reads `host:port`.
    ///
    /// # Errors
    /// What is wrong with it, behind "which".
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let lacks_port = || "lacks its port: kafka-1:9092".to_owned();
        let (host, port) = text.trim().rsplit_once(':').ok_or_else(lacks_port)?;
        let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(lacks_port)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = bare.unwrap_or(host);
        if host.is_empty() || host.contains('/') || (bare.is_none() && host.contains(':')) {
            return Err("is no address of a broker: kafka-1:9092 or [::1]:9092".into());
        }
        Ok(Self { host: host.into(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_with_a_port_is_an_address() {
        for text in ["kafka-1:9092", "10.0.0.1:1", "[::1]:9092"] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
        for text in ["kafka-1", "kafka:0", "kafka:99999", ":9092", "::1:9092", "tcp://kafka:9092"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }
}
