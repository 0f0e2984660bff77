//! What asks servers over HTTP.

use std::time::Duration;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

/// A connection that rested longer is not used again. Servers close theirs after a while, and what reaches them
/// just then is lost: MLflow's does so after 5 s, which is how often a run is told to it.
const IDLE: Duration = Duration::from_secs(1);

/// One that waits for an answer as long as `patience`, and trusts whom the system trusts. It follows no redirect:
/// whoever it would be pointed to is not told who asks.
#[must_use]
pub fn client(patience: Duration) -> Agent {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let settings = Agent::config_builder()
        .timeout_global(Some(patience))
        .max_idle_age(IDLE)
        .http_status_as_error(false)
        .max_redirects(0)
        .tls_config(tls)
        .build();
    settings.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::thread;
    use std::time::Instant;

    /// Answers each request of a connection, and is about to close one that rested for 2 s when the next comes:
    /// that one is lost.
    fn answer(mut connection: TcpStream) -> io::Result<()> {
        let mut rests = Instant::now();
        let mut request = [0; 4096];
        while connection.read(&mut request)? > 0 && rests.elapsed() < Duration::from_secs(2) {
            connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")?;
            rests = Instant::now();
        }
        Ok(())
    }

    #[test]
    fn a_connection_that_rested_is_not_used_again() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        // What is asked at once goes over one; the last thread ends with the test.
        let server = thread::spawn(move || {
            for _ in 0..2 {
                let (connection, _) = listener.accept().unwrap();
                thread::spawn(move || answer(connection));
            }
        });
        let client = client(Duration::from_secs(10));
        for rest_ms in [0, 0, 2100, 0] {
            thread::sleep(Duration::from_millis(rest_ms));
            let text = client.get(&url).call().unwrap().body_mut().read_to_string().unwrap();
            assert_eq!(text, "{}");
        }
        server.join().unwrap();
    }
}
