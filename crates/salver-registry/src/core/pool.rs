//! The pool of sessions: one per thread that is inside a call, tagged with the process.
//!
//! **Invariant:** after a fork the child opens its own sessions. It never uses, closes or drops
//! the parent's; they are leaked on purpose, because SQLite's locks belong to the process.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::ThreadId;

use salver_core::{Error, ErrorKind, Op, Result};

use super::link::Link;
use crate::database::{Database, Session};

/// Idle sessions kept for later.
const IDLE: usize = 16;

/// Sessions of one database, for all threads and for the children of this process.
#[derive(Debug)]
pub(crate) struct Pool {
    database: Box<dyn Database>,
    /// Tells the calling process.
    process: fn() -> u32,
    head: Node,
}

/// The sessions of one process; a child appends its own.
#[derive(Debug)]
struct Node {
    process: u32,
    /// Sessions that are inside a call or a transaction.
    busy: AtomicUsize,
    state: Mutex<State>,
    child: OnceLock<Box<Node>>,
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<Link>,
    pinned: HashMap<ThreadId, Link>,
}

impl Node {
    fn new(process: u32) -> Self {
        Self {
            process,
            busy: AtomicUsize::new(0),
            state: Mutex::default(),
            child: OnceLock::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    /// The pool of a database, with a session that was opened on it.
    pub(crate) fn new(database: Box<dyn Database>, session: Box<dyn Session>) -> Self {
        Self::of_process(database, session, std::process::id)
    }

    fn of_process(
        database: Box<dyn Database>,
        session: Box<dyn Session>,
        process: fn() -> u32,
    ) -> Self {
        let head = Node::new(process());
        head.lock().idle.push(Link::new(session));
        Self { database, process, head }
    }

    pub(crate) fn database(&self) -> &dyn Database {
        &*self.database
    }

    /// The calling thread's session: that of its open transaction, else an idle or a new one.
    pub(crate) fn lease(&self) -> Result<Lease<'_>> {
        let node = self.node()?;
        let (link, pinned) = {
            let mut state = node.lock();
            let pinned = if state.pinned.is_empty() {
                None
            } else {
                state.pinned.remove(&std::thread::current().id())
            };
            match pinned {
                Some(link) => (Some(link), true),
                None => (state.idle.pop(), false),
            }
        };
        if !pinned {
            node.busy.fetch_add(1, Ordering::SeqCst);
        }
        let link = match link {
            Some(link) => Ok(link),
            None => self.database.session().map(Link::new),
        };
        match link {
            Ok(link) => Ok(Lease { node, link: Some(link) }),
            Err(error) => {
                node.busy.fetch_sub(1, Ordering::SeqCst);
                Err(error)
            }
        }
    }

    fn node(&self) -> Result<&Node> {
        let process = (self.process)();
        let mut node = &self.head;
        while node.process != process {
            if node.busy.load(Ordering::SeqCst) > 0 {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    Op("registry.fork"),
                    "this process was forked inside a call or a transaction of the registry",
                )
                .code_of("forked_in_transaction")
                .hint("end the transaction before forking, or start processes by spawning"));
            }
            node = node.child.get_or_init(|| Box::new(Node::new(process)));
        }
        Ok(node)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let process = (self.process)();
        let mut node = Some(&mut self.head);
        while let Some(current) = node {
            if current.process != process {
                leak(&mut current.state);
            }
            node = current.child.get_mut().map(|child| &mut **child);
        }
    }
}

#[expect(clippy::mem_forget, reason = "a child must not close its parent's sessions")]
fn leak(state: &mut Mutex<State>) {
    let state = std::mem::take(state.get_mut().unwrap_or_else(PoisonError::into_inner));
    std::mem::forget(state);
}

/// A session in use by the calling thread; it goes back when dropped, and stays with the
/// thread while its transaction is open.
pub(crate) struct Lease<'p> {
    node: &'p Node,
    link: Option<Link>,
}

impl Deref for Lease<'_> {
    type Target = Link;

    #[expect(clippy::expect_used, reason = "`link` is taken in `drop` alone")]
    fn deref(&self) -> &Link {
        self.link.as_ref().expect("a lease holds its link until it is dropped")
    }
}

impl DerefMut for Lease<'_> {
    #[expect(clippy::expect_used, reason = "`link` is taken in `drop` alone")]
    fn deref_mut(&mut self) -> &mut Link {
        self.link.as_mut().expect("a lease holds its link until it is dropped")
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let Some(link) = self.link.take() else { return };
        let mut state = self.node.lock();
        if link.depth() > 0 {
            state.pinned.insert(std::thread::current().id(), link);
            return;
        }
        if state.idle.len() < IDLE && link.is_sound() {
            state.idle.push(link);
        }
        drop(state);
        self.node.busy.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU32;

    use super::super::link::Level;
    use super::*;
    use crate::database::{Capabilities, Each, Feed, Mode, Value};

    /// Sessions opened and closed.
    #[derive(Debug, Default)]
    struct Counts {
        opened: AtomicUsize,
        closed: AtomicUsize,
    }

    #[derive(Debug, Default)]
    struct Fake(Arc<Counts>);

    #[derive(Debug)]
    struct FakeSession(Arc<Counts>);

    impl Drop for FakeSession {
        fn drop(&mut self) {
            self.0.closed.fetch_add(1, Ordering::SeqCst);
        }
    }

    impl Database for Fake {
        fn capabilities(&self) -> Capabilities {
            Capabilities { write: true, change_counter: false, max_parameters: 1 }
        }
        fn session(&self) -> Result<Box<dyn Session>> {
            self.0.opened.fetch_add(1, Ordering::SeqCst);
            Ok(Box::new(FakeSession(Arc::clone(&self.0))))
        }
        fn location(&self) -> String {
            "fake".to_owned()
        }
    }

    impl Session for FakeSession {
        fn begin(&self, _: Mode) -> Result<()> {
            Ok(())
        }
        fn end(&self, _: bool) -> Result<()> {
            Ok(())
        }
        fn savepoint(&self, _: usize) -> Result<()> {
            Ok(())
        }
        fn end_savepoint(&self, _: usize, _: bool) -> Result<()> {
            Ok(())
        }
        fn execute(&self, _: &str, _: &[Value<'_>]) -> Result<u64> {
            Ok(0)
        }
        fn execute_many(&self, _: &str, _: &mut Feed<'_, '_>) -> Result<u64> {
            Ok(0)
        }
        fn query(&self, _: &str, _: &[Value<'_>], _: &mut Each<'_>) -> Result<()> {
            Ok(())
        }
        fn snapshot(&self, body: &mut dyn FnMut(i64) -> Result<()>) -> Result<()> {
            body(0)
        }
    }

    fn pool(process: fn() -> u32) -> (Pool, Arc<Counts>) {
        let database = Fake::default();
        let counts = Arc::clone(&database.0);
        let session = database.session().unwrap();
        (Pool::of_process(Box::new(database), session, process), counts)
    }

    #[test]
    fn a_child_leaves_its_parents_sessions_alone() {
        static PROCESS: AtomicU32 = AtomicU32::new(1);
        let (pool, counts) = pool(|| PROCESS.load(Ordering::SeqCst));
        drop(pool.lease().unwrap());
        assert_eq!(
            counts.opened.load(Ordering::SeqCst),
            1,
            "an idle session is used again"
        );
        PROCESS.store(2, Ordering::SeqCst);
        drop(pool.lease().unwrap());
        drop(pool.lease().unwrap());
        assert_eq!(counts.opened.load(Ordering::SeqCst), 2);
        drop(pool);
        assert_eq!(counts.closed.load(Ordering::SeqCst), 1, "only the child's own");
    }

    #[test]
    fn an_open_transaction_in_a_child_is_an_error() {
        static PROCESS: AtomicU32 = AtomicU32::new(1);
        let (pool, counts) = pool(|| PROCESS.load(Ordering::SeqCst));
        pool.lease().unwrap().begin(Level::Calls).unwrap();
        PROCESS.store(2, Ordering::SeqCst);
        let error = pool.lease().map(|_| ()).unwrap_err();
        assert_eq!(error.code(), "forked_in_transaction");
        PROCESS.store(1, Ordering::SeqCst);
        let mut lease = pool.lease().unwrap();
        assert_eq!(lease.depth(), 1, "the parent goes on");
        lease.commit().unwrap();
        drop(lease);
        PROCESS.store(3, Ordering::SeqCst);
        assert!(pool.lease().is_ok());
        assert_eq!(counts.opened.load(Ordering::SeqCst), 2);
    }
}
