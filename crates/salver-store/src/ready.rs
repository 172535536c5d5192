//! Futures that are ready at once.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use salver_core::{Error, ErrorKind, Op, Result};

/// Polls once a future that never waits, as all of [`crate::Local`]'s.
///
/// # Errors
/// The future's own; [`ErrorKind::Internal`] for a future that had to wait.
pub fn ready<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => {
            let message = "a store of local files had to wait";
            Err(Error::new(ErrorKind::Internal, Op("store.ready"), message))
        }
    }
}
