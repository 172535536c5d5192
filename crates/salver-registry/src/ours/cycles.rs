//! No dataset depends on itself.

use std::collections::{HashMap, HashSet};

use salver_core::{Error, ErrorKind, Op, Result};
use salver_model::LinkRow;
use uuid::Uuid;

use super::lineage::{Direction, LineageQuery, LineageSteps};
use crate::core::Work;
use crate::database::RowExt;
use crate::files::json_ids;

/// Ids handled with one statement.
const CHUNK: usize = 1000;

impl Work<'_> {
    /// Fails where links that were just inserted close a circle. That takes a dataset that was
    /// referred to before it referred: of new datasets one lookup tells that there is none.
    pub(super) fn check_cycles(&mut self, rows: &[LinkRow]) -> Result<()> {
        if let Some(row) = rows.iter().find(|row| row.source == row.target) {
            return Err(cycle(row.source).with("node", &row.node));
        }
        let mut seen = HashSet::new();
        let sources: Vec<Uuid> =
            rows.iter().map(|row| row.source).filter(|id| seen.insert(*id)).collect();
        let mut suspects = Vec::new();
        for chunk in sources.chunks(CHUNK) {
            let list = json_ids(chunk);
            suspects.extend(self.rows(
                "SELECT j.value FROM json_each(?1) AS j WHERE EXISTS \
                 (SELECT 1 FROM salver_link AS l WHERE l.to_id = j.value)",
                &[list.as_str().into()],
                &mut |row| row.uuid(0),
            )?);
        }
        if suspects.is_empty() {
            return Ok(());
        }
        let query = LineageQuery::new(suspects, Direction::Upstream);
        let ids = self.reach(&query)?;
        let steps = LineageSteps::all(ids, Direction::Upstream);
        let mut graph = Graph::default();
        let mut next = 0;
        while next < steps.datasets().len() {
            let (page, after) = self.lineage_page(&steps, next)?;
            for row in &page {
                graph.add(row.source, row.target);
            }
            next = after;
        }
        graph.circle().map_or(Ok(()), |id| Err(cycle(id)))
    }
}

fn cycle(id: Uuid) -> Error {
    let message = "a dataset would come to depend on itself";
    Error::new(ErrorKind::InvalidInput, Op("registry.insert_links"), message)
        .code_of("reference_cycle")
        .with("dataset", id)
}

/// Edges by number, and how many are left into each dataset.
#[derive(Debug, Default)]
struct Graph {
    numbers: HashMap<Uuid, usize>,
    targets: Vec<Vec<usize>>,
    into: Vec<usize>,
}

impl Graph {
    fn number(&mut self, id: Uuid) -> usize {
        let next = self.targets.len();
        let number = *self.numbers.entry(id).or_insert(next);
        if number == next {
            self.targets.push(Vec::new());
            self.into.push(0);
        }
        number
    }

    fn add(&mut self, source: Uuid, target: Uuid) {
        let (source, target) = (self.number(source), self.number(target));
        if let Some(list) = self.targets.get_mut(source) {
            list.push(target);
        }
        if let Some(count) = self.into.get_mut(target) {
            *count += 1;
        }
    }

    /// A dataset on a circle or downstream of none: what is left when all that nothing refers to
    /// is taken away again and again.
    fn circle(mut self) -> Option<Uuid> {
        let mut free: Vec<usize> =
            (0..self.into.len()).filter(|i| self.into.get(*i) == Some(&0)).collect();
        while let Some(at) = free.pop() {
            let targets = self.targets.get_mut(at).map(std::mem::take);
            for target in targets.unwrap_or_default() {
                let Some(count) = self.into.get_mut(target) else { continue };
                *count -= 1;
                if *count == 0 {
                    free.push(target);
                }
            }
        }
        let left = |number: &usize| self.into.get(*number).is_some_and(|n| *n > 0);
        self.numbers.iter().filter(|(_, n)| left(n)).map(|(id, _)| *id).min()
    }
}
