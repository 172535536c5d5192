//! Parts of a plan.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use salver_core::{Error, ErrorKind, Op, Result};

use super::plan::{Inner, Plan, Task};

const OP: Op = Op("plan.split");

impl Plan {
    /// The plan of some tasks alone: with the datasets that these read and write, and no others.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a task that the plan has not.
    pub fn of_tasks(&self, tasks: &[usize]) -> Result<Self> {
        let from = &*self.0;
        let mut inputs = Renumbered::new(from.inputs.len());
        let mut outputs = Renumbered::new(from.outputs.len());
        let mut kept = Vec::with_capacity(tasks.len());
        for &at in tasks {
            let task = from.tasks.get(at).ok_or_else(|| {
                Error::new(ErrorKind::InvalidInput, OP, "the plan has no such task")
                    .with("task", at)
                    .with("tasks", from.tasks.len())
            })?;
            kept.push(Task {
                data_id: task.data_id.clone(),
                inputs: task.inputs.iter().map(|&i| inputs.number(i)).collect(),
                outputs: task.outputs.iter().map(|&i| outputs.number(i)).collect(),
                bytes: task.bytes,
            });
        }
        Ok(Self(Arc::new(Inner {
            id: from.id,
            repository: from.repository.clone(),
            universe: from.universe.clone(),
            classes: Arc::clone(&from.classes),
            inputs: inputs.of(&from.inputs),
            outputs: outputs.of(&from.outputs),
            tasks: kept,
        })))
    }

    /// At most `parts` plans that share the tasks out, so that each has about as many bytes to
    /// read: the largest tasks first, each to the part that has the least so far. Every part has a
    /// task, and its tasks in their order.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for no parts.
    pub fn split(&self, parts: usize) -> Result<Vec<Self>> {
        if parts == 0 {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                OP,
                "a plan is split into one part at least",
            ));
        }
        let tasks = &self.0.tasks;
        let mut order: Vec<usize> = (0..tasks.len()).collect();
        let size = |at: &usize| tasks.get(*at).map_or(0, |t| t.bytes);
        order.sort_by_key(|at| (Reverse(size(at)), *at));
        // bytes, tasks, part: a task without inputs counts too
        let mut heap: BinaryHeap<Reverse<(u64, usize, usize)>> =
            (0..parts.min(tasks.len())).map(|part| Reverse((0, 0, part))).collect();
        let mut shares = vec![Vec::new(); heap.len()];
        for at in order {
            if let Some(Reverse((bytes, count, part))) = heap.pop() {
                if let Some(share) = shares.get_mut(part) {
                    share.push(at);
                }
                heap.push(Reverse((bytes.saturating_add(size(&at)), count + 1, part)));
            }
        }
        for share in &mut shares {
            share.sort_unstable();
        }
        shares.iter().map(|share| self.of_tasks(share)).collect()
    }
}

/// Positions in a smaller list, given out in order of first use.
struct Renumbered {
    new: Vec<Option<usize>>,
    old: Vec<usize>,
}

impl Renumbered {
    fn new(len: usize) -> Self {
        Self { new: vec![None; len], old: Vec::new() }
    }

    fn number(&mut self, old: usize) -> usize {
        let next = self.old.len();
        match self.new.get_mut(old) {
            Some(Some(number)) => *number,
            Some(slot) => {
                *slot = Some(next);
                self.old.push(old);
                next
            }
            None => next, // a plan's positions are checked when it is read
        }
    }

    fn of<T: Clone>(&self, all: &[T]) -> Vec<T> {
        self.old.iter().filter_map(|&at| all.get(at).cloned()).collect()
    }
}
