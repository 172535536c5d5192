//! Boxes of arrays in C order: copying between them.

/// A box in a buffer: the shape of what the buffer holds, and where the box begins in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Corner<'a> {
    pub(crate) shape: &'a [usize],
    pub(crate) start: &'a [usize],
}

impl Corner<'_> {
    /// The place of the box's first item.
    pub(crate) fn first(&self) -> usize {
        self.start.iter().zip(self.shape).fold(0, |n, (&i, &len)| n * len + i)
    }
}

/// Whether a box of this extent is one run of a buffer of this shape.
pub(crate) fn is_run(extent: &[usize], shape: &[usize]) -> bool {
    let axis = extent.iter().position(|&n| n != 1).unwrap_or(extent.len());
    let behind = extent.iter().zip(shape).skip(axis + 1);
    behind.into_iter().all(|(a, b)| a == b)
}

/// Copies a box of `extent` items of `item` bytes from one buffer to another.
pub(crate) fn copy(
    (from, source): (&[u8], Corner<'_>),
    (to, target): (&mut [u8], Corner<'_>),
    extent: &[usize],
    item: usize,
) {
    if extent.contains(&0) {
        return;
    }
    // axes that are whole in both are one with the axis before them
    let whole = (0..extent.len())
        .rev()
        .take_while(|&k| extent[k] == source.shape[k] && extent[k] == target.shape[k]);
    let rows = extent.len() - whole.count();
    let outer = rows.saturating_sub(1);
    let run = extent.iter().skip(outer).product::<usize>() * item;
    let steps = |shape: &[usize]| {
        let mut steps = vec![item; outer];
        for (k, step) in steps.iter_mut().enumerate() {
            *step *= shape.iter().skip(k + 1).product::<usize>();
        }
        steps
    };
    let (from_steps, to_steps) = (steps(source.shape), steps(target.shape));
    let (mut read, mut write) = (source.first() * item, target.first() * item);
    let mut at = vec![0; outer];
    loop {
        if let (Some(from), Some(to)) =
            (from.get(read..read + run), to.get_mut(write..write + run))
        {
            to.copy_from_slice(from);
        }
        let mut axis = outer;
        loop {
            let Some(next) = axis.checked_sub(1) else { return };
            axis = next;
            at[axis] += 1;
            read += from_steps[axis];
            write += to_steps[axis];
            if at[axis] < extent[axis] {
                break;
            }
            read -= from_steps[axis] * extent[axis];
            write -= to_steps[axis] * extent[axis];
            at[axis] = 0;
        }
    }
}

/// Fills a buffer with copies of an item.
pub(crate) fn fill(out: &mut [u8], item: &[u8]) {
    if !item.is_empty() && item.iter().any(|&b| b != 0) {
        out.chunks_exact_mut(item.len()).for_each(|o| o.copy_from_slice(item));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_copied_row_by_row() {
        let from: Vec<u8> = (0..24).collect();
        let mut to = vec![0; 16];
        let source = Corner { shape: &[2, 3, 4], start: &[0, 1, 1] };
        let target = Corner { shape: &[2, 2, 4], start: &[0, 0, 0] };
        copy((&from, source), (&mut to, target), &[2, 2, 3], 1);
        assert_eq!(to, [5, 6, 7, 0, 9, 10, 11, 0, 17, 18, 19, 0, 21, 22, 23, 0]);
        assert!(is_run(&[1, 2, 4], &[3, 3, 4]) && !is_run(&[2, 2, 4], &[3, 3, 4]));
        copy(
            (&[7], Corner { shape: &[], start: &[] }),
            (&mut to, Corner { shape: &[], start: &[] }),
            &[],
            1,
        );
        assert_eq!(to[0], 7);
    }
}
