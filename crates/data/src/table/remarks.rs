//! Remarks that a user should read on a table that was read, split and scaled.

use super::{
    Place, Table,
    scale::{Map, Scale},
    weights::Weights,
};
use crate::percent::percent;

/// Largest number of items that a remark lists. Of more items it gives the number.
const LISTED: usize = 10;

/// The remarks on a table whose first rows are held out. `lost` is the number of held-out values in constant columns that differ from
/// the constant.
pub(super) fn remarks(
    table: &Table,
    held_out: usize,
    weights: Option<&Weights>,
    scales: &[Scale],
    lost: u64,
    is_rounded: bool,
) -> Vec<String> {
    let mut remarks = Vec::new();
    remarks.extend(
        table.series.as_ref().map(|series| series.remark(table.rows() - held_out, held_out)),
    );
    let dropped = table.dropped_rows as usize;
    if dropped > 0 {
        let place = |place: &Place| match place {
            Place::Line(number) | Place::SheetRow(number) | Place::Row(number) => {
                number.to_string()
            }
        };
        let kind = match table.dropped[0].place {
            Place::Line(_) => "lines of the file",
            Place::SheetRow(_) => "rows of the sheet",
            Place::Row(_) => "rows counted from 0",
        };
        let places = table.dropped.iter().map(|dropped| place(&dropped.place));
        let places = list(places, dropped);
        remarks.push(format!("rows dropped for a missing value: {dropped} ({kind}: {places})"));
    }
    if let (Some(weights), Some(weight)) = (weights, &table.weight) {
        let without = match table.weightless_rows {
            0 => String::new(),
            rows => format!("; rows that weigh 0, left out: {rows}"),
        };
        remarks.push(format!(
            "rows are drawn as often as they weigh, by {}: {} rows to train on tell as much as {:.0} that weigh alike{without}",
            weight.name,
            table.rows() - held_out,
            weights.effective_rows()
        ));
    }
    let named = |is_it: &dyn Fn(&Scale) -> bool| {
        let chosen = table.columns.iter().zip(scales).filter(|(_, scale)| is_it(scale));
        let shown = chosen.map(|(name, scale)| match &scale.map {
            Map::Constant(value) => format!("{name} = {value}"),
            Map::Word(text) => format!("{name} = {text}"),
            _ => name.clone(),
        });
        shown.collect::<Vec<_>>()
    };
    let is_constant = |scale: &Scale| matches!(scale.map, Map::Constant(_) | Map::Word(_));
    let constant = named(&is_constant);
    let integer = named(&|scale| scale.is_integer && !is_constant(scale));
    let rounded = if is_rounded {
        "columns of whole numbers, rounded in samples"
    } else {
        "columns of whole numbers, not rounded in samples (data.round_integers)"
    };
    let told = |i: &usize| match &scales[*i].map {
        Map::Category(values) => format!("{} ({} classes)", table.columns[*i], values.len()),
        _ => table.columns[*i].clone(),
    };
    let told: Vec<_> = table.told.iter().map(told).collect();
    let rate = |(column, scale): (usize, &Scale)| {
        let share = scale.missing_share()?;
        Some(format!("{} ({})", table.columns[column], percent(share)))
    };
    let looked_up = |(column, scale): (usize, &Scale)| match &scale.map {
        Map::Derived(derived) => {
            Some(format!("{} (of {})", table.columns[column], table.columns[derived.source]))
        }
        _ => None,
    };
    let derived: Vec<_> = scales.iter().enumerate().filter_map(looked_up).collect();
    let gaps: Vec<_> = scales.iter().enumerate().filter_map(rate).collect();
    for (what, names) in [
        ("columns that lack values, which is learnt too", &gaps),
        ("columns that are a function of another, looked up and not learnt", &derived),
        ("columns said to be a function of one that is not there, and learnt", &table.underived()),
        ("columns that the model is told and never draws", &told),
        ("columns left out", &table.left_out),
        ("columns that are constant, kept out of the network and restored", &constant),
        (rounded, &integer),
    ] {
        if !names.is_empty() {
            remarks.push(format!("{what}: {}", list(names.iter().cloned(), names.len())));
        }
    }
    for (column, values) in unseen_classes(table, held_out, scales) {
        let values = list(values.iter().map(|value| (*value).to_owned()), values.len());
        remarks.push(format!(
            "classes of {column} that no training row has, of which the model learns nothing: {values}"
        ));
    }
    if lost > 0 {
        remarks.push(format!("held-out values lost to those constant columns: {lost}"));
    }
    remarks
}

/// The classes of categories that only held-out rows have.
fn unseen_classes<'a>(
    table: &'a Table,
    held_out: usize,
    scales: &'a [Scale],
) -> impl Iterator<Item = (&'a str, Vec<&'a str>)> {
    (0..scales.len()).filter_map(move |column| {
        let names = match &scales[column].map {
            Map::Category(names) => names,
            Map::Drawn(drawn) => &drawn.names,
            Map::Pooled(pooled) => &pooled.names,
            _ => return None,
        };
        if names.is_empty() {
            return None;
        }
        let mut is_seen = vec![false; names.len()];
        let values = (held_out..table.rows.len()).map(|row| table.rows.row(row)[column]);
        values.filter(|value| !value.is_nan()).for_each(|value| is_seen[value as usize] = true);
        let unseen = names.iter().zip(is_seen).filter(|(_, is_seen)| !is_seen);
        let unseen: Vec<&str> = unseen.map(|(name, _)| name.as_str()).collect();
        (!unseen.is_empty()).then_some((table.columns[column].as_str(), unseen))
    })
}

/// A list of the first of `count` items, with the number of the others.
fn list(items: impl Iterator<Item = String>, count: usize) -> String {
    let first: Vec<_> = items.take(LISTED).collect();
    match count - first.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
