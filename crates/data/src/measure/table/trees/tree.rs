//! [`Tree`]: a grown decision tree.

/// Side of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// First child.
    Left,
    /// Second child.
    Right,
}

/// Question about a cell. A cell that passes goes left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Test {
    /// Is the number below the cut?
    Below {
        /// Least number that does not pass; infinite where all numbers pass.
        cut: f32,
        /// Side of missing cells.
        missing: Side,
    },
    /// Is the category another value than this, or missing?
    IsNot(f64),
    /// Is the cell not missing?
    IsKnown,
}

impl Test {
    fn side(self, cell: f64) -> Side {
        let left = match self {
            Self::Below { missing, .. } if cell.is_nan() => return missing,
            Self::Below { cut, .. } => single(cell) < cut,
            Self::IsNot(value) => cell != value,
            Self::IsKnown => !cell.is_nan(),
        };
        if left { Side::Left } else { Side::Right }
    }
}

/// Node of a tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Node {
    /// End: what is added to the margin.
    Leaf(f64),
    /// Split of the rows between two nodes, of which the right one follows the left one.
    Split {
        /// Column that is looked at.
        column: usize,
        /// Which of its cells go left.
        test: Test,
        /// Place of the left node.
        left: usize,
    },
}

/// Decision tree: its nodes, the root first and children after their parents.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tree(pub(super) Vec<Node>);

impl Tree {
    /// What the tree adds to the margin of a row.
    pub(super) fn step(&self, row: &[f64]) -> f64 {
        let mut node = 0;
        loop {
            match self.0[node] {
                Node::Leaf(step) => return step,
                Node::Split { column, test, left } => {
                    node = left + usize::from(test.side(row[column]) == Side::Right);
                }
            }
        }
    }
}

/// The number as it is compared: as `f32`, the largest finite ones where it has no such.
pub(super) fn single(x: f64) -> f32 {
    (x as f32).clamp(f32::MIN, f32::MAX)
}
