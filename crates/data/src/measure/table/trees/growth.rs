//! [`grow`]: one tree, level by level. Each thread takes a column through all nodes of a level.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    BoostOptions,
    bins::BinnedColumn,
    split::{Split, Sum, Unit, best_split},
    tree::{Node, Side, Tree},
};

/// What a tree is grown from.
#[derive(Debug)]
pub(super) struct Boosting<'a> {
    /// Columns of the rows.
    pub(super) columns: &'a [BinnedColumn],
    /// Derivatives of the loss by each row's margin.
    pub(super) sums: &'a [Sum],
    pub(super) unit: Unit,
    pub(super) options: BoostOptions,
}

/// Tree, and what it adds to the margins of the training rows.
#[derive(Debug)]
pub(super) struct Grown {
    pub(super) tree: Tree,
    pub(super) steps: Vec<f64>,
}

/// Sums of each bin of a column over the rows of a node.
type Histogram = Vec<Sum>;

/// Node that may be split.
#[derive(Debug, Clone)]
struct Open {
    /// Place in the tree.
    node: usize,
    /// Its rows, as places in the order.
    rows: Range<usize>,
    /// Place of its parent among the open nodes of the level above.
    parent: usize,
}

/// Grows a tree, and adds what its splits gain to the gains of their columns.
pub(super) fn grow(boosting: &Boosting<'_>, gains: &mut [f64]) -> Grown {
    let rows = boosting.sums.len();
    let total = boosting.sums.iter().fold(Sum::default(), |sum, of| sum + *of);
    let mut tree = vec![boosting.leaf(total)];
    let mut order: Vec<u32> = (0..rows as u32).collect();
    let mut steps = vec![0.0; rows];
    let mut open = vec![Open { node: 0, rows: 0..rows, parent: 0 }];
    let mut histograms: Vec<Vec<Histogram>> = vec![Vec::new(); boosting.columns.len()];
    for level in 0.. {
        let splits = if level < boosting.options.depth {
            boosting.splits(&open, &order, &mut histograms)
        } else {
            vec![None; open.len()]
        };
        let mut below = Vec::new();
        for (parent, (closed, split)) in open.into_iter().zip(splits).enumerate() {
            let Some((column, split)) = split else {
                let step = match tree[closed.node] {
                    Node::Leaf(step) => step,
                    Node::Split { .. } => 0.0,
                };
                order[closed.rows].iter().for_each(|row| steps[*row as usize] = step);
                continue;
            };
            gains[column] += split.gain;
            let left = tree.len();
            let binned = &boosting.columns[column];
            tree[closed.node] = Node::Split { column, test: binned.bins.test(split.cut), left };
            tree.extend([boosting.leaf(split.left), boosting.leaf(split.right)]);
            let divide = partition(&mut order[closed.rows.clone()], |row| {
                binned.side(row, split.cut) == Side::Left
            });
            let middle = closed.rows.start + divide;
            let sides = [closed.rows.start..middle, middle..closed.rows.end];
            below.extend(sides.into_iter().zip(left..).map(|(rows, node)| Open {
                node,
                rows,
                parent,
            }));
        }
        if below.is_empty() {
            break;
        }
        open = below;
    }
    Grown { tree: Tree(tree), steps }
}

impl Boosting<'_> {
    fn leaf(&self, sum: Sum) -> Node {
        Node::Leaf(self.options.rate * self.unit.step(sum))
    }

    /// The best split of each open node with its column, where one gains enough. `histograms` are those of the level above,
    /// and then of this one, by column.
    fn splits(
        &self,
        open: &[Open],
        order: &[u32],
        histograms: &mut [Vec<Histogram>],
    ) -> Vec<Option<(usize, Split)>> {
        // Derivatives in the order of the rows, so that all columns read them one after the other.
        let ordered: Vec<Sum> = order.iter().map(|row| self.sums[*row as usize]).collect();
        let of_column = |(column, histograms): (&BinnedColumn, &mut Vec<Histogram>)| {
            let level = Level { column, order, ordered: &ordered };
            *histograms = level.histograms(open, std::mem::take(histograms));
            let best = |histogram: &Histogram| best_split(&column.bins, histogram, self.unit);
            histograms.iter().map(best).collect::<Vec<_>>()
        };
        let splits: Vec<_> =
            self.columns.par_iter().zip(histograms.par_iter_mut()).map(of_column).collect();
        let best = |node: usize| {
            let splits = splits.iter().enumerate();
            splits
                .filter_map(|(column, splits)| Some((column, splits[node]?)))
                .reduce(|best, other| if other.1.gain > best.1.gain { other } else { best })
        };
        (0..open.len()).map(best).collect()
    }
}

/// A column at one level of a tree.
struct Level<'a> {
    column: &'a BinnedColumn,
    order: &'a [u32],
    ordered: &'a [Sum],
}

impl Level<'_> {
    /// Histograms of the open nodes. Of two siblings only the smaller one is counted: the other has the rest of its parent.
    fn histograms(&self, open: &[Open], mut parents: Vec<Histogram>) -> Vec<Histogram> {
        let mut all = Vec::with_capacity(open.len());
        for siblings in open.chunks(2) {
            let [left, right] = siblings else {
                all.extend(siblings.iter().map(|root| self.histogram(root)));
                continue;
            };
            let left_is_smaller = left.rows.len() <= right.rows.len();
            let smaller = self.histogram(if left_is_smaller { left } else { right });
            let mut rest = std::mem::take(&mut parents[left.parent]);
            rest.iter_mut().zip(&smaller).for_each(|(rest, counted)| *rest = *rest - *counted);
            all.extend(if left_is_smaller { [smaller, rest] } else { [rest, smaller] });
        }
        all
    }

    fn histogram(&self, node: &Open) -> Histogram {
        let mut bins = vec![Sum::default(); self.column.bins.count() + 1];
        let rows = self.order[node.rows.clone()].iter().zip(&self.ordered[node.rows.clone()]);
        rows.for_each(|(row, sum)| bins[self.column.code(*row)] += *sum);
        bins
    }
}

/// Moves the rows that go left to the front, each side in the order it had, and counts them.
fn partition(rows: &mut [u32], goes_left: impl Fn(u32) -> bool) -> usize {
    let (left, right): (Vec<u32>, Vec<u32>) = rows.iter().partition(|row| goes_left(**row));
    rows[..left.len()].copy_from_slice(&left);
    rows[left.len()..].copy_from_slice(&right);
    left.len()
}
