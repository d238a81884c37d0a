//! [`Judge`]: everything of a verdict that does not depend on the samples, made once, and the verdict itself.

use super::{
    ColumnsFound, EnergyFound, Outside, OutsideFound, PairFound, PairsFound, Verdict,
    columns::{ColumnTest, test_columns},
    copies::copies,
    independent::independent_columns,
    known_modes::test_modes,
    outliers::{Outlier, outliers},
    pairs::{FoundPairs, JudgedPair, PairTest, Pairs, over},
    ranks::{Ranks, Scale, scales},
    reasons::{Findings, reasons},
    split_energies::SplitEnergies,
    splits::{COLUMN_SPLITS, FEWEST, LEVEL, SPLITS, Splits, p_value},
};
use crate::{
    Column, Mode, Purpose, Streams,
    measure::{MeasureError, Rows, rows::spread},
};

/// Most rows of each side that are compared.
const MOST: usize = 1000;

/// Most columns that distances and tests by column look at: evenly spread ones of more.
const COLUMNS: usize = 1024;

/// Times the band of independent columns beyond which a pair fails without a test: no chance leads there.
const PLAIN: f64 = 2.0;

/// Streams of [`Purpose::Reference`]: of splits, independent columns, exact shares and the splits of columns.
const SPLIT_STREAM: u64 = (1 << 63) + 1;
const INDEPENDENT_STREAM: u64 = (1 << 63) + 2;
const MODE_STREAM: u64 = (1 << 63) + 3;
const COLUMN_STREAM: u64 = (1 << 63) + 4;

/// Real rows that samples are judged by, in the user's columns and units.
#[derive(Debug, Clone, Copy)]
pub struct Real<'a> {
    /// The columns. What is `NaN` in one that [may miss](Column::may_miss) is a missing value.
    pub columns: &'a [Column],
    /// Rows that the model was trained on.
    pub training: Rows<'a>,
    /// Rows that it has not seen.
    pub held_out: Rows<'a>,
    /// Rows of the network before its first step, row by row; they need not be finite. Fewer than are compared
    /// are no yardstick.
    pub untrained: &'a [f64],
    /// Modes whose shares are known exactly.
    pub modes: Option<&'a [Mode]>,
    /// Seed of splits and independent columns.
    pub seed: u64,
}

/// Judge of samples.
#[derive(Debug)]
pub struct Judge<'a> {
    real: Real<'a>,
    /// Held-out rows that samples are compared with.
    held_out: Vec<f64>,
    splits: Splits,
    column_splits: Splits,
    scales: Vec<Scale>,
    columns: Vec<usize>,
    floor: f64,
    independent: f64,
    independent_p_value: Option<f64>,
    untrained: Option<f64>,
    /// Energy distance of the nearer one of those two that fail; infinite where none does.
    nearer: f64,
    pairs: Option<KnownPairs>,
}

/// What is known of the pairs of columns before any sample.
#[derive(Debug)]
struct KnownPairs {
    pairs: Pairs,
    floors: Vec<f64>,
    independent: PairTest,
    /// Energy distance of each pair of the untrained network, and it over its floor.
    untrained: Option<Vec<[f64; 2]>>,
}

impl<'a> Judge<'a> {
    /// Makes the judge of `count` samples.
    ///
    /// # Errors
    /// Rows with other columns than there are names.
    pub fn new(real: Real<'a>, count: usize) -> Result<Self, MeasureError> {
        let width = real.columns.len();
        real.training.require_columns("training rows", width)?;
        real.held_out.require_columns("held-out rows", width)?;
        let streams = Streams::new(real.seed);
        let half = count.min(real.held_out.count()).min(MOST);
        let half = if half < FEWEST { 0 } else { half };
        let gather = |rows: Rows<'_>, most| rows.gather(&spread(rows.count(), most));
        let held_out = gather(real.held_out, half);
        let split = |count: usize, stream: u64| {
            Splits::draw(half, count, &mut streams.at(Purpose::Reference, stream, 0))
        };
        let splits = split(SPLITS, SPLIT_STREAM);
        let column_splits = split(COLUMN_SPLITS, COLUMN_STREAM);
        let columns = spread(width, COLUMNS);
        let mut judge = Self {
            real,
            held_out,
            splits,
            column_splits,
            scales: scales(real.columns),
            columns,
            floor: 0.0,
            independent: 0.0,
            independent_p_value: None,
            untrained: None,
            nearer: f64::INFINITY,
            pairs: None,
        };
        if half == 0 {
            return Ok(judge);
        }
        let training = gather(real.training, half);
        let mut stream = streams.at(Purpose::Reference, INDEPENDENT_STREAM, 0);
        let independent = independent_columns(real.training, half, &mut stream);
        let untrained = chosen(real.untrained, width, half);
        // The floor of n rows is 2/n times a mean distance, so that fewer training rows do for it.
        let few = training.len() / width;
        let (some, shrink) = (Splits::observed(few), few as f64 / half as f64);
        let real_rows = gather(real.held_out, few);
        let ranks = Ranks::pooled(&training, &real_rows, &judge.scales, &judge.columns);
        judge.floor = SplitEnergies::of(&ranks.columns(), &some).floor * shrink;
        let observed = Splits::observed(half);
        let all = judge.energies(&independent, &judge.splits);
        judge.independent = all.observed();
        judge.nearer = if fails(&all) { all.observed() } else { f64::INFINITY };
        if let Some(rows) = &untrained {
            let energy = judge.energies(rows, &observed).observed();
            judge.untrained = Some(energy);
            // The whole test only where its outcome can change anything.
            if energy < judge.nearer && fails(&judge.energies(rows, &judge.splits)) {
                judge.nearer = energy;
            }
        }
        let pairs = Pairs::choose(&judge.scales, &training, &independent);
        if !pairs.is_empty() {
            let energies = |rows: &[f64], splits| pairs.energies(rows, &judge.held_out, splits);
            let floors = pairs.energies(&training, &real_rows, &some);
            let untrained = untrained.as_deref().map(|rows| {
                let found = energies(rows, &observed).into_iter();
                found.map(|pair| [pair.observed(), over(pair.observed(), pair.floor)]).collect()
            });
            let floors = floors.iter().map(|pair| pair.floor * shrink).collect();
            let halves: [&[f64]; 2] = [&independent, &judge.held_out];
            let by_column = test_columns(
                halves,
                &judge.scales,
                &judge.columns,
                Some(&pairs),
                &judge.column_splits,
            );
            let of_energy = p_value(&all.values);
            let independent = match width {
                2 => PairTest::of(&[all]),
                _ => PairTest::of(&energies(&independent, &judge.splits)),
            };
            let least = of_energy.min(by_column.p_value).min(independent.p_value);
            judge.independent_p_value = Some(least);
            judge.pairs = Some(KnownPairs { pairs, floors, independent, untrained });
        }
        Ok(judge)
    }

    /// Energy distances of rows over all columns.
    fn energies(&self, rows: &[f64], splits: &Splits) -> SplitEnergies {
        let ranks = Ranks::pooled(rows, &self.held_out, &self.scales, &self.columns);
        SplitEnergies::of(&ranks.columns(), splits)
    }

    /// The verdict on samples, row by row, in the user's columns and units. They need not be finite. `outside` is
    /// what [`outside`](super::outside()) counted before values were set to an end of their range; columns that
    /// are not in it have nothing outside.
    ///
    /// # Errors
    /// Values that do not divide into rows, fewer rows than the judge was made for, or modes with other columns.
    pub fn verdict(&self, samples: &[f64], outside: &[Outside]) -> Result<Verdict, MeasureError> {
        let (width, half) = (self.real.columns.len(), self.splits.half());
        if !samples.len().is_multiple_of(width) {
            let rows = "samples".to_owned();
            return Err(MeasureError::Shape { rows, values: samples.len(), columns: width });
        }
        let Some(rows) = chosen(samples, width, half) else {
            let (baseline, rows) = ("samples".to_owned(), samples.len() / width);
            return Err(MeasureError::FewRows { baseline, required: half, rows });
        };
        let judged = half > 0;
        let energy = judged.then(|| self.energies(&rows, &self.splits));
        let columns = judged.then(|| {
            let pairs = self.pairs.as_ref().map(|known| &known.pairs);
            let halves: [&[f64]; 2] = [&rows, &self.held_out];
            test_columns(halves, &self.scales, &self.columns, pairs, &self.column_splits)
        });
        let known = self.pairs.as_ref().zip(energy.as_ref());
        let pairs = known.map(|(known, energy)| known.found(self, &rows, energy));
        let mut stream = Streams::new(self.real.seed).at(Purpose::Reference, MODE_STREAM, 0);
        let modes = self.real.modes.filter(|_| judged);
        let modes = modes.map(|modes| test_modes(&rows, width, modes, &mut stream)).transpose()?;
        let findings = Findings {
            columns_of: self.real.columns,
            all_rows: [samples.len() / width, self.real.held_out.count()],
            outside,
            outliers: self.outliers(samples),
            copies: self.copies(samples),
            modes: modes.flatten(),
            goals: self.real.modes.unwrap_or_default(),
            is_far: energy.as_ref().is_some_and(|energy| self.is_far(energy)),
            energy: energy.map(|energy| self.energy_found(&energy)),
            columns,
            pairs: pairs.unwrap_or_default(),
        };
        let (word, reasons) = (findings.word(), reasons(&findings));
        let outside_found = self.real.columns.iter().zip(outside);
        let outside_found =
            outside_found.filter(|(_, outside)| outside.all().samples + outside.all().held_out > 0);
        Ok(Verdict {
            word,
            reasons,
            rows: half,
            energy: findings.energy,
            columns: findings.columns.as_ref().and_then(|test| self.columns_found(test)),
            pairs: self.pairs.as_ref().map(|known| self.pairs_found(known, &findings.pairs)),
            modes_p_value: findings.modes.as_ref().map(|modes| modes.p_value),
            copies: findings.copies,
            outside: outside_found
                .map(|(column, outside)| OutsideFound {
                    column: column.name.clone(),
                    outside: *outside,
                })
                .collect(),
        })
    }

    fn copies(&self, samples: &[f64]) -> super::Counts {
        let held_out = self.real.held_out;
        let held_out = held_out.gather(&(0..held_out.count()).collect::<Vec<_>>());
        copies(samples, &held_out, self.real.training)
    }

    fn outliers(&self, samples: &[f64]) -> Vec<Outlier> {
        let width = self.real.columns.len();
        let of = |column: usize| {
            let may_miss = self.real.columns[column].may_miss;
            let is_there = |value: &f64| !(may_miss && value.is_nan());
            let own = samples.iter().skip(column).step_by(width).copied();
            let values: Vec<f64> = own.filter(is_there).collect();
            let real = [self.real.training.column(column), self.real.held_out.column(column)];
            let real: Vec<f64> = real.concat().into_iter().filter(is_there).collect();
            outliers(column, width, &values, &real)
        };
        let numbers = (0..width).filter(|column| self.scales[*column] == Scale::Ranks);
        numbers.flat_map(of).collect()
    }

    /// Whether samples fail on all columns and lie more than half way from the floor to the nearer yardstick.
    fn is_far(&self, energy: &SplitEnergies) -> bool {
        let half_way = match self.nearer.is_finite() {
            true => (self.floor + self.nearer) / 2.0,
            false => self.floor,
        };
        fails(energy) && energy.observed() > half_way
    }

    fn energy_found(&self, energy: &SplitEnergies) -> EnergyFound {
        EnergyFound {
            samples: energy.observed(),
            floor: self.floor,
            independent: self.independent,
            independent_p_value: self.independent_p_value,
            untrained: self.untrained,
            p_value: p_value(&energy.values),
        }
    }

    fn columns_found(&self, test: &ColumnTest) -> Option<ColumnsFound> {
        let worst = test.columns.first()?;
        Some(ColumnsFound {
            p_value: test.p_value,
            worst: self.real.columns[worst.column].name.clone(),
            difference: worst.largest,
            beyond: test.beyond().count(),
        })
    }

    fn pairs_found(&self, known: &KnownPairs, found: &FoundPairs) -> PairsFound {
        let name = |pair: &JudgedPair| PairFound {
            columns: pair.columns.map(|column| self.real.columns[column].name.clone()),
            samples: pair.samples,
            floor: pair.floor,
            independent: pair.independent,
        };
        PairsFound {
            tested: known.floors.len(),
            independent_p_value: known.independent.p_value,
            dependent: found.dependent,
            worst: found.worst.as_ref().map(name),
            lost: found.lost.len(),
        }
    }
}

impl KnownPairs {
    /// What rows make of the pairs. `all` are their energy distances over all columns.
    fn found(&self, judge: &Judge<'_>, rows: &[f64], all: &SplitEnergies) -> FoundPairs {
        let energies = |splits: &Splits| match judge.real.columns.len() {
            // One pair, which is all columns.
            2 => vec![all.clone()],
            _ => self.pairs.energies(rows, &judge.held_out, splits),
        };
        let of_splits = || PairTest::of(&energies(&judge.splits));
        let observed = Splits::observed(judge.splits.half());
        let energies = energies(&observed);
        let dependent = (0..energies.len()).filter(|pair| self.independent.fails(*pair));
        let judged = |pair: usize| {
            let (floor, independent) = (self.floors[pair], self.independent.energies[pair]);
            let columns = self.pairs.columns(pair);
            (pair, JudgedPair { columns, samples: energies[pair].observed(), floor, independent })
        };
        let mut dependent: Vec<(usize, JudgedPair)> = dependent.map(judged).collect();
        dependent.sort_by(|a, b| b.1.way().total_cmp(&a.1.way()));
        let is_far = |(pair, judged): &&(usize, JudgedPair)| {
            let untrained = self.untrained.as_ref().map(|pairs| pairs[*pair]);
            let untrained = untrained.filter(|[_, over]| *over > self.independent.band());
            let nearer = untrained.map_or(f64::INFINITY, |[energy, _]| energy);
            judged.samples > (judged.floor + nearer.min(judged.independent)) / 2.0
        };
        let far: Vec<&(usize, JudgedPair)> = dependent.iter().filter(is_far).collect();
        // Perfect samples may be as far by chance where the dependence is weak: so they must fail the test as well.
        // That takes a second, and is left out where it is plain.
        let is_plain = |pair: usize| {
            let found = over(energies[pair].observed(), energies[pair].floor);
            found > PLAIN * self.independent.band()
        };
        let is_in_doubt = far.iter().any(|(pair, _)| !is_plain(*pair));
        let test = is_in_doubt.then(of_splits);
        let fails = |pair: usize| test.as_ref().is_some_and(|test| test.fails(pair));
        let lost = far.iter().filter(|(pair, _)| is_plain(*pair) || fails(*pair));
        let lost = lost.map(|(_, judged)| judged.clone()).collect();
        let worst = dependent.first().map(|(_, judged)| judged.clone());
        FoundPairs { dependent: dependent.len(), worst, lost }
    }
}

/// Whether rows with these energy distances fail.
fn fails(energies: &SplitEnergies) -> bool {
    p_value(&energies.values) < LEVEL
}

/// `count` evenly spread rows; `None` where there are fewer.
fn chosen(rows: &[f64], width: usize, count: usize) -> Option<Vec<f64>> {
    let available = rows.len() / width;
    (available >= count).then(|| Rows::checked(width, rows).gather(&spread(available, count)))
}
