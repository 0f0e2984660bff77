//! Connections at a door, within bounds: whoever connects and says nothing costs little and not for long.
//!
//! Who has shown a certificate has a place for as long as it speaks. Who is about to shares other places:
//! the newest takes that of the oldest, so that those who only knock cannot keep out one that comes in.

use super::certificate::Certificate;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::AbortHandle;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tonic::transport::server::Connected;

/// Most connections at a time.
pub(super) const MAX_CONNECTIONS: usize = 64;
/// Most that are about to show who they are.
const MAX_KNOCKING: usize = 64;
/// They have so long to do it.
const KNOCKING: Duration = Duration::from_secs(10);
/// A connection on which nothing was heard for so long is over. HTTP/2 answers to pings meanwhile, and
/// exporters of metrics come once a minute.
const SILENCE: Duration = Duration::from_secs(90);
/// Pause after an error of the listener, such as a lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes connections and hands them on until nobody takes them any more.
pub(super) async fn accept(
    listener: TcpListener,
    certificate: Option<Arc<Certificate>>,
    to: mpsc::Sender<io::Result<Connection>>,
) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut knocking: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = to.closed() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!("cannot take a connection: {error}");
                sleep(PAUSE).await;
                continue;
            }
        };
        knocking.retain(|knocks| !knocks.is_finished());
        if knocking.len() >= MAX_KNOCKING
            && let Some(oldest) = knocking.pop_front()
        {
            oldest.abort();
        }
        let (certificate, places, to) = (certificate.clone(), places.clone(), to.clone());
        let knocks = tokio::spawn(async move {
            match timeout(KNOCKING, enter(stream, certificate.as_deref(), places)).await {
                // The door may have been shut meanwhile.
                Ok(Ok(connection)) => drop(to.send(Ok(connection)).await),
                Ok(Err(error)) => tracing::debug!("a connection was not let in: {error}"),
                Err(_) => {}
            }
        });
        knocking.push_back(knocks.abort_handle());
    }
    knocking.iter().for_each(AbortHandle::abort);
}

/// Lets in whoever has what is needed, if there is a place.
async fn enter(
    stream: TcpStream,
    certificate: Option<&Certificate>,
    places: Arc<Semaphore>,
) -> io::Result<Connection> {
    stream.set_nodelay(true)?;
    let io: Box<dyn Stream> = match certificate {
        Some(certificate) => {
            Box::new(TlsAcceptor::from(certificate.config()).accept(stream).await?)
        }
        None => {
            // Who says nothing gets no place.
            stream.peek(&mut [0]).await?;
            Box::new(stream)
        }
    };
    let place = places.try_acquire_owned();
    let place = place.map_err(|_| io::Error::other("there are too many connections"))?;
    Ok(Connection { io, silence: Box::pin(sleep(SILENCE)), _place: place })
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A connection that was let in, and its place.
pub(super) struct Connection {
    io: Box<dyn Stream>,
    silence: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(read) = Pin::new(&mut self.io).poll_read(context, buffer) {
            self.silence.as_mut().reset(Instant::now() + SILENCE);
            return Poll::Ready(read);
        }
        ready!(self.silence.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
