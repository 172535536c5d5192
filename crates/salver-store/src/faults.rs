//! Named steps at which a test makes a call fail, or kills the process.
//!
//! Off by default: a step then costs one relaxed load. Steps of [`crate::Local`], in the order of a
//! put: `stage.create`, `stage.write` (each flush of the buffer), `stage.sync`, `publish.link`,
//! `dir.sync`; and `remove`, `link`. Callers above add their own through [`at`], such as
//! `commit`.

use std::cell::RefCell;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::Errno;
use salver_core::{Op, Result};

use crate::error::os_error;

/// What happens at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The process ends at once: no destructor runs.
    Kill,
    /// The step fails with this error number of the operating system, such as 28 for a full disk.
    Errno(i32),
}

/// Says what happens at a step.
pub type Hook = fn(&str) -> Option<Fault>;

type ThreadHook = Box<dyn FnMut(&str) -> Option<Fault>>;

static ON: AtomicBool = AtomicBool::new(false);
static PROCESS: OnceLock<Hook> = OnceLock::new();

thread_local! {
    static THREAD: RefCell<Option<ThreadHook>> = const { RefCell::new(None) };
}

/// Installs a hook for the whole process, once; later calls are ignored.
pub fn install(hook: Hook) {
    PROCESS.get_or_init(|| hook);
    ON.store(true, Ordering::Release);
}

/// Runs `body` with a hook for the steps of this thread.
pub fn with<T>(
    hook: impl FnMut(&str) -> Option<Fault> + 'static,
    body: impl FnOnce() -> T,
) -> T {
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            THREAD.with(|t| t.replace(None));
        }
    }
    ON.store(true, Ordering::Release);
    THREAD.with(|t| t.replace(Some(Box::new(hook))));
    let _reset = Reset;
    body()
}

/// A step: nothing, unless a hook says otherwise.
///
/// # Errors
/// That of the hook's error number, with the step as path.
pub fn at(step: &str) -> Result<()> {
    check(step).map_err(|e| os_error(e, Op("store.fault"), "injected", Path::new(step)))
}

/// As [`at`], with the bare error number.
pub(crate) fn check(step: &str) -> Result<(), Errno> {
    if !ON.load(Ordering::Relaxed) {
        return Ok(());
    }
    let by_thread = THREAD.with(|t| match t.try_borrow_mut() {
        Ok(mut hook) => hook.as_mut().and_then(|h| h(step)),
        Err(_) => None,
    });
    match by_thread.or_else(|| PROCESS.get().and_then(|h| h(step))) {
        None => Ok(()),
        Some(Fault::Errno(n)) => Err(Errno::from_raw_os_error(n)),
        Some(Fault::Kill) => std::process::abort(),
    }
}
