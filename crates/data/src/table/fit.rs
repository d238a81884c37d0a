//! [`fit`]: the scales of a table's columns, by its training rows.

use super::{
    CellKind, ColumnRange, ColumnSpec, DateFormat, Encoding, Ends, SampleValues, Table, TableError,
    ToldError, Transform,
    derived::Derived,
    drawn::{Drawn, Gap},
    parts::Parts,
    pooled::Pooled,
    quantile::Quantile,
    rank::Rank,
    rounding::Rounding,
    runs::{even_runs, runs},
    scale::{Map, Scale},
    statistics::{Column, statistics},
    weights::Weights,
};

/// The most values of a category that are a class each; of more, the rare ones share one.
pub const CLASS_LIMIT: usize = 1000;

/// The scales of a table's columns, by its rows from `first` on and what they weigh; at least one that is drawn isn't constant.
pub(super) fn fit(
    table: &Table,
    first: usize,
    weights: Option<&Weights>,
    transform: Transform,
) -> Result<Vec<Scale>, TableError> {
    let (file, specs, rows) = (table.file.as_str(), &table.specs, &table.rows);
    let weight = |row: usize| weights.map_or(1.0, |weights| weights.of_training()[row - first]);
    let columns = statistics(rows, first, specs.len(), weight);
    if let Some(empty) = columns.iter().position(|column| column.count == 0.0) {
        let (file, column) = (file.to_owned(), specs[empty].name.clone());
        return Err(TableError::AllMissing { file, column, rows: rows.len() - first });
    }
    let drawn = (0..columns.len()).filter(|i| !table.told.contains(i)).map(|i| &columns[i]);
    if !drawn.clone().any(|column| column.minimum < column.maximum || column.may_miss) {
        let rows = rows.len() - first;
        return Err(TableError::AllConstant { file: file.to_owned(), rows });
    }
    let is_constant = |i: &&usize| columns[**i].minimum == columns[**i].maximum;
    if let Some(told) = table.told.iter().find(is_constant).filter(|_| table.series.is_none()) {
        let (file, column) = (file.to_owned(), specs[*told].name.clone());
        return Err(ToldError::Constant { file, column, rows: rows.len() - first }.into());
    }
    let variance = |column: &Column| column.square / column.count;
    let is_number = |i: &usize| {
        let spec = &specs[*i];
        let is_learnt = spec.encoding != Some(Encoding::Category) && spec.derived_from.is_none();
        is_learnt && table.categories[*i].is_none() && !table.told.contains(i)
    };
    let numbers = (0..columns.len()).filter(is_number).map(|i| &columns[i]);
    let varying = || numbers.clone().filter(|column| column.minimum < column.maximum);
    let share = 1.0 / varying().count().max(1) as f64;
    let together = varying().map(|column| share * variance(column)).sum::<f64>().sqrt();
    let scale = |(i, (column, spec)): (usize, (&Column, &ColumnSpec))| {
        let is_integer = column.is_integer;
        let (minimum, maximum) = (column.minimum, column.maximum);
        let training = || (first..rows.len()).map(|row| (rows.row(row)[i], weight(row)));
        let runs = || match weights {
            Some(_) => runs(training()),
            None => even_runs(training().map(|(value, _)| value)),
        };
        let missing = column.may_miss.then_some(column.missing);
        let names = table.categories[i].as_ref();
        let is_told = table.told.contains(&i);
        let derived = table.source_of(i)?.map(|source| {
            let names = names.map_or(&[][..], Vec::as_slice);
            Derived::of(rows, first, [i, source], names).map_err(|row| TableError::NoFunction {
                file: file.to_owned(),
                column: spec.name.clone(),
                from: specs[source].name.clone(),
                at: table.text(row, source),
            })
        });
        let derived = derived.transpose()?;
        let of_few = minimum == maximum && column.may_miss;
        let is_drawn = names.is_some() || of_few || spec.encoding == Some(Encoding::Category);
        let map = match names {
            _ if derived.is_some() => derived.map(Map::Derived),
            Some(names) if is_told => Some(Map::Category(names.clone())),
            Some(names) if minimum == maximum && !column.may_miss => {
                Some(Map::Word(names[minimum as usize].clone()))
            }
            None if minimum == maximum && !column.may_miss => Some(Map::Constant(minimum)),
            _ if is_drawn && !is_told => {
                let names = names.map_or(&[][..], Vec::as_slice);
                let runs = runs();
                let is_many = names.len() > CLASS_LIMIT;
                let pooled = is_many.then(|| Pooled::new(names, &runs, missing));
                if let Some(pooled) = pooled.flatten() {
                    Some(Map::Pooled(pooled))
                } else {
                    let drawn = Drawn::new(names, &runs, missing);
                    if drawn.count() > CLASS_LIMIT {
                        let (file, column) = (file.to_owned(), spec.name.clone());
                        let (values, most) = (drawn.count(), CLASS_LIMIT);
                        let field = "data.columns";
                        return Err(
                            ToldError::ManyValues { file, field, column, values, most }.into()
                        );
                    }
                    Some(Map::Drawn(drawn))
                }
            }
            _ => None,
        };
        if let Some(map) = map {
            let seen = names.is_none().then_some([minimum, maximum]);
            let ends = [f64::NEG_INFINITY, f64::INFINITY];
            let is_integer = is_integer && names.is_none();
            let rounding = Rounding::None;
            return Ok(Scale { is_integer, map, seen, gap: None, rounding, ends });
        }
        // The sum of many numbers far from 0 has a large rounding error, that of the deviations a small one.
        let mean = column.sum / column.count + column.deviation / column.count;
        let std = variance(column).sqrt();
        // What is told counts by itself, whatever the unit of the others.
        let of_table = match transform {
            Transform::None | Transform::StandardiseTogether if is_told => Transform::Standardise,
            other => other,
        };
        let map = match spec.encoding.map_or(Way::Table(of_table), Way::Column) {
            Way::Column(Encoding::Parts) => {
                let runs = runs();
                let parts = Parts::new(&runs, missing).map(Map::Parts);
                parts.unwrap_or_else(|| Map::Rank(Rank::new(&runs)))
            }
            Way::Column(Encoding::Rank) => Map::Rank(Rank::new(&runs())),
            Way::Table(Transform::None) => Map::Linear { mean: 0.0, std: 1.0 },
            _ if !(std.is_normal() && (maximum - minimum).is_finite()) => {
                let (file, column) = (file.to_owned(), spec.name.clone());
                return Err(TableError::Unscalable { file, column, minimum, maximum });
            }
            Way::Table(Transform::Standardise) | Way::Column(_) => Map::Linear { mean, std },
            Way::Table(Transform::StandardiseTogether) => Map::Linear { mean, std: together },
            Way::Table(Transform::Quantile) => Map::Quantile(Quantile::new(&runs())),
        };
        let rounding = match spec {
            ColumnSpec { values: SampleValues::Seen, .. } => {
                Rounding::Nearest(runs().iter().map(|run| run.value).collect())
            }
            ColumnSpec { kind: CellKind::Whole, .. } => Rounding::Decimals { units: 1.0 },
            ColumnSpec { kind: CellKind::Date, format: Some(format), .. } => {
                match DateFormat::new(format).map_or(1.0, |format| format.step()) {
                    step if step < 1.0 => Rounding::Decimals { units: (1.0 / step).round() },
                    step => Rounding::Multiples { step },
                }
            }
            ColumnSpec { kind: CellKind::YesNo, .. } => Rounding::Nearest(vec![0.0, 1.0]),
            ColumnSpec { decimals: Some(decimals), .. } => {
                Rounding::Decimals { units: 10_f64.powi(*decimals as i32) }
            }
            _ => Rounding::None,
        };
        let ends = match spec.range {
            ColumnRange::Free => [f64::NEG_INFINITY, f64::INFINITY],
            ColumnRange::Seen => [minimum, maximum],
            ColumnRange::Ends(Ends { min, max }) => {
                [min.unwrap_or(f64::NEG_INFINITY), max.unwrap_or(f64::INFINITY)]
            }
        };
        let is_beside = column.may_miss && !matches!(map, Map::Parts(_));
        let gap = is_beside.then(|| Gap::new(column.count, column.missing));
        Ok(Scale { is_integer, map, seen: Some([minimum, maximum]), gap, rounding, ends })
    };
    columns.iter().zip(specs).enumerate().map(scale).collect()
}

/// Who says how a column is scaled.
enum Way {
    Table(Transform),
    Column(Encoding),
}
