//! A connection that a probe keeps from one look to the next.

use super::probe::ProbeError;

/// A connection, while there is one. It is out of the way while it is in use: one that fails, or on which nobody
/// waited to the end, is not used again.
#[derive(Debug)]
pub struct Held<C>(Option<C>);

impl<C> Default for Held<C> {
    fn default() -> Self {
        Self(None)
    }
}

impl<C> Held<C> {
    /// Returns the connection that is held, if it `is_up`, or makes a new one.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn take(
        &mut self,
        is_up: impl FnOnce(&C) -> bool,
        connect: impl Future<Output = Result<C, ProbeError>>,
    ) -> Result<C, ProbeError> {
        match self.0.take().filter(is_up) {
            Some(connection) => Ok(connection),
            None => connect.await,
        }
    }

    /// Holds a connection that did what was asked of it.
    pub fn keep(&mut self, connection: C) {
        self.0 = Some(connection);
    }
}
