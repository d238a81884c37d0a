//! Heads of a batch: ranges of the network's output columns, in order, each with what its outputs are compared
//! with.

use std::ops::Range;

use super::Columns;

/// Head of a batch: a range of output columns, what they are compared with, and how errors count.
///
/// A *cell* is what has a loss of its own: one output column of squared errors, or all the logits of a class
/// together. Its loss counts `weight · cell weight` times.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// What the outputs are compared with.
    pub loss: HeadLoss,
    /// Weight of each row.
    pub weight: Vec<f32>,
    /// Weight of each cell, `[rows, cells]`; `None` where every cell counts once.
    pub cell_weight: Option<Columns>,
}

/// Loss of a head's cells.
#[derive(Debug, Clone, PartialEq)]
pub enum HeadLoss {
    /// Squared error, or Huber's function of the error, of each column. The targets are `[rows, columns]`.
    Squared(Columns),
    /// Cross-entropy of a row's class: `ln Σ_j exp(z_j) − z_class`, with z the outputs plus their offset.
    CrossEntropy(Classes),
}

/// Classes of a batch's rows, each of which is below the number of classes, and offsets of their logits.
#[derive(Debug, Clone, PartialEq)]
pub struct Classes {
    count: usize,
    of_rows: Vec<u32>,
    offsets: Option<Vec<f32>>,
}

/// Why numbers are no classes, or no offsets of their logits.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ClassesError {
    /// A number of classes that a head cannot have.
    #[error("a head has 2 to {} classes, got {count}", Classes::MOST)]
    Count {
        /// The number given.
        count: usize,
    },
    /// A class that does not exist.
    #[error("row {row}: the class must be below {count}, got {class}")]
    Class {
        /// Row of the class.
        row: usize,
        /// The class given.
        class: u32,
        /// Number of classes.
        count: usize,
    },
    /// Another number of offsets than there are logits.
    #[error("offsets: one for each class of each row, {needed}, got {given}")]
    Offsets {
        /// Rows times classes.
        needed: usize,
        /// The number given.
        given: usize,
    },
    /// An offset, or its distance from the largest of its row, beyond 32-bit floats.
    #[error("row {row}: the offset of class {class} must be finite in 32 bits, got {offset}")]
    Offset {
        /// Row of the offset.
        row: usize,
        /// Class of the offset.
        class: usize,
        /// The offset given.
        offset: f64,
    },
}

impl Head {
    /// Number of output columns.
    pub fn columns(&self) -> usize {
        match &self.loss {
            HeadLoss::Squared(target) => target.columns,
            HeadLoss::CrossEntropy(classes) => classes.count,
        }
    }

    /// Number of a row's cells.
    pub fn cells(&self) -> usize {
        match &self.loss {
            HeadLoss::Squared(target) => target.columns,
            HeadLoss::CrossEntropy(_) => 1,
        }
    }

    /// The head of some rows.
    pub(super) fn slice(&self, rows: Range<usize>) -> Self {
        let loss = match &self.loss {
            HeadLoss::Squared(target) => HeadLoss::Squared(target.slice(rows.clone())),
            HeadLoss::CrossEntropy(classes) => HeadLoss::CrossEntropy(classes.slice(rows.clone())),
        };
        Self {
            loss,
            cell_weight: self.cell_weight.as_ref().map(|weight| weight.slice(rows.clone())),
            weight: self.weight[rows].to_vec(),
        }
    }
}

impl Classes {
    /// The most classes: their numbers are exact in 32-bit floats.
    pub const MOST: usize = 1 << 24;

    /// The class of each row, of `count` classes.
    ///
    /// # Errors
    /// A count that is not 2 to [`MOST`](Self::MOST), and a class that is not below it.
    pub fn new(count: usize, of_rows: Vec<u32>) -> Result<Self, ClassesError> {
        if !(2..=Self::MOST).contains(&count) {
            return Err(ClassesError::Count { count });
        }
        let wrong = of_rows.iter().enumerate().find(|(_, class)| **class as usize >= count);
        if let Some((row, class)) = wrong {
            return Err(ClassesError::Class { row, class: *class, count });
        }
        Ok(Self { count, of_rows, offsets: None })
    }

    /// These classes, with an offset that is added to each logit before the softmax.
    ///
    /// The loss does not change with a row's offsets by one number. So each row's largest is taken off in f64,
    /// before the cast: what remains keeps its digits, however large the offsets were.
    ///
    /// # Shapes
    /// `offsets` is `[rows, count]`, row by row.
    ///
    /// # Errors
    /// Another number of offsets, and one that is not finite before or after the cast.
    pub fn with_offsets(mut self, offsets: &[f64]) -> Result<Self, ClassesError> {
        let (given, needed) = (offsets.len(), self.of_rows.len() * self.count);
        if given != needed {
            return Err(ClassesError::Offsets { needed, given });
        }
        let mut cast = Vec::with_capacity(needed);
        for (row, offsets) in offsets.chunks_exact(self.count).enumerate() {
            let largest = offsets.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            for (class, offset) in offsets.iter().enumerate() {
                let below = (offset - largest) as f32;
                if !below.is_finite() {
                    return Err(ClassesError::Offset { row, class, offset: *offset });
                }
                cast.push(below);
            }
        }
        self.offsets = Some(cast);
        Ok(self)
    }

    /// Number of classes, and of output columns.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The class of each row.
    pub fn of_rows(&self) -> &[u32] {
        &self.of_rows
    }

    /// Offsets of the logits, `[rows, count]`, the largest of each row 0; `None` where there are none.
    pub fn offsets(&self) -> Option<&[f32]> {
        self.offsets.as_deref()
    }

    fn slice(&self, rows: Range<usize>) -> Self {
        let logits = rows.start * self.count..rows.end * self.count;
        Self {
            count: self.count,
            offsets: self.offsets.as_ref().map(|offsets| offsets[logits].to_vec()),
            of_rows: self.of_rows[rows].to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_classes_are_refused_by_what_is_wrong() {
        let message = |result: Result<Classes, ClassesError>| result.expect_err("bad").to_string();
        let new = |count, classes: &[u32]| Classes::new(count, classes.to_vec());
        let two = || new(2, &[0, 1]).expect("valid");
        assert_eq!(message(new(1, &[0])), "a head has 2 to 16777216 classes, got 1");
        assert!(new(Classes::MOST, &[]).is_ok());
        assert!(message(new(Classes::MOST + 1, &[])).ends_with("got 16777217"));
        assert_eq!(message(new(3, &[2, 0, 3])), "row 2: the class must be below 3, got 3");
        assert_eq!(
            message(two().with_offsets(&[0.0; 3])),
            "offsets: one for each class of each row, 4, got 3"
        );
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e39] {
            let message = message(two().with_offsets(&[0.0, 0.0, 0.0, bad]));
            assert!(message.starts_with("row 1: the offset of class"), "{message}");
        }
    }

    #[test]
    fn large_offsets_keep_their_digits() {
        let classes = Classes::new(2, vec![0, 1]).expect("valid");
        let classes = classes.with_offsets(&[1e8 + 0.3, 1e8, -1e8, 1e8]).expect("finite");
        let offsets = classes.offsets().expect("given");
        assert_eq!((offsets[0], offsets[2], offsets[3]), (0.0, -2e8, 0.0));
        // An f64 near 1e8 has steps of 1.5e-8, an f32 near 0.3 of 3e-8.
        assert!((f64::from(offsets[1]) + 0.3).abs() < 3e-8, "{}", offsets[1]);
    }
}
