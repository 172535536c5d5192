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
        let head = Node::new(std::process::id());
        head.lock().idle.push(Link::new(session));
        Self { database, head }
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
        let process = std::process::id();
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
        let process = std::process::id();
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
