//! [`group_distances`]: distances of samples to held-out rows, group by group.

use super::{MeasureError, Rows, energy_distance};
use crate::Stream;

/// Least rows of a group, of samples and of held-out rows, whose distance says something.
const FEWEST: usize = 10;

/// Most rows that are compared.
const MOST: usize = 500;

/// Random subsets that a distance is the mean of.
const SUBSETS: usize = 10;

/// Rows, and the group of each.
#[derive(Debug, Clone, Copy)]
pub struct Grouped<'a> {
    /// The rows.
    pub rows: Rows<'a>,
    /// Number of each row's group.
    pub groups: &'a [usize],
}

/// Distance of the samples of a group to its held-out rows.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GroupFound {
    /// Column that is told.
    pub column: String,
    /// Its value, or a range of values.
    pub group: String,
    /// Samples of the group.
    pub samples: usize,
    /// Held-out rows of the group.
    pub held_out: usize,
    /// Energy distance of the samples to the held-out rows, over the columns that are drawn, in the model's units: the mean
    /// over random subsets of one size. `None` where there are too few rows.
    pub energy_distance: Option<f64>,
    /// The same of training rows of the group, which samples that follow the data perfectly would have.
    pub floor: Option<f64>,
}

impl Grouped<'_> {
    /// Numbers of the rows of a group.
    fn of(&self, group: usize) -> Vec<usize> {
        (0..self.groups.len()).filter(|i| self.groups[*i] == group).collect()
    }
}

/// Distances of the samples of each group to the held-out rows of the same group, and of its training rows. `names` are
/// those of the groups.
///
/// # Errors
/// Rows of other columns.
pub fn group_distances(
    column: &str,
    names: &[String],
    samples: Grouped<'_>,
    held_out: Grouped<'_>,
    training: Grouped<'_>,
    stream: &mut Stream,
) -> Result<Vec<GroupFound>, MeasureError> {
    let mut found = Vec::new();
    for (group, name) in names.iter().enumerate() {
        let [own, real, known] = [samples, held_out, training].map(|rows| rows.of(group));
        let size = own.len().min(real.len()).min(MOST);
        let mut mean = |of: Grouped<'_>, numbers: &[usize]| -> Result<Option<f64>, MeasureError> {
            if size < FEWEST || numbers.len() < size {
                return Ok(None);
            }
            let mut sum = 0.0;
            for _ in 0..SUBSETS {
                let mut subset = |numbers: &[usize], rows: Rows<'_>| {
                    let mut numbers = numbers.to_vec();
                    for i in 0..size {
                        let left = (numbers.len() - i) as u64;
                        numbers.swap(i, i + stream.below(left) as usize);
                    }
                    rows.gather(&numbers[..size])
                };
                let (ours, theirs) = (subset(numbers, of.rows), subset(&real, held_out.rows));
                let ours = Rows::checked(of.rows.columns(), &ours);
                sum += energy_distance(ours, Rows::checked(held_out.rows.columns(), &theirs))?;
            }
            Ok(Some(sum / SUBSETS as f64))
        };
        found.push(GroupFound {
            column: column.to_owned(),
            group: name.clone(),
            samples: own.len(),
            held_out: real.len(),
            energy_distance: mean(samples, &own)?,
            floor: mean(training, &known)?,
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams};

    #[test]
    fn a_group_that_is_off_is_seen_in_its_own_line_alone() {
        let mut draws = vec![0.0; 6000];
        Streams::new(2).at(Purpose::Reference, 0, 0).fill_normal(&mut draws);
        let groups: Vec<usize> = (0..2000).map(|i| i % 3).collect();
        // The second group's samples lie off by one; the third has hardly any held-out row.
        let samples: Vec<f64> =
            (0..2000).map(|i| draws[i] + f64::from(u8::from(i % 3 == 1))).collect();
        let of_held_out: Vec<usize> = groups
            .iter()
            .enumerate()
            .map(|(i, group)| if i > 20 { group % 2 } else { *group })
            .collect();
        let set = |rows: std::ops::Range<usize>| &draws[rows];
        let rows = |values| Rows::new("rows", 1, values).expect("rows");
        let found = group_distances(
            "kind",
            &["a".to_owned(), "b".to_owned(), "c".to_owned()],
            Grouped { rows: rows(&samples), groups: &groups },
            Grouped { rows: rows(set(2000..4000)), groups: &of_held_out },
            Grouped { rows: rows(set(4000..6000)), groups: &groups },
            &mut Streams::new(2).at(Purpose::Reference, 1, 0),
        )
        .expect("measured");
        let ratio =
            |i: usize| found[i].energy_distance.expect("rows") / found[i].floor.expect("rows");
        assert!((0.3..3.0).contains(&ratio(0)), "{found:?}");
        assert!(ratio(1) > 20.0, "{found:?}");
        assert_eq!((found[2].held_out, found[2].energy_distance, found[2].floor), (7, None, None));
        assert_eq!((found[1].group.as_str(), found[1].samples), ("b", 667));
    }
}
