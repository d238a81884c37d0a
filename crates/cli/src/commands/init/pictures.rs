//! [`find`]: whether the rows of a table are pictures, and what the config says of all their pixels at once.

use std::collections::BTreeSet;

use langevin_data::{
    CellKind, ChannelAxis, ColumnKind, ColumnRange, ColumnSpec, ColumnSurvey, Picture, Survey,
};

use super::listing::number;
use crate::failure::Failure;

/// Fewest columns that are taken for pixels unasked: 6 by 6.
const FEWEST: usize = 36;
/// Share of the largest pixel that half of the columns must reach, to be of one scale.
const SAME_SCALE: f64 = 0.125;

/// Pictures that the rows are.
pub struct Pictures {
    pub picture: Picture,
    /// How they were told, and the way out, in a sentence; none where the user said so.
    pub said: Option<String>,
}

/// What is known of a table's file beside its survey.
pub struct Asked {
    /// The width that the user says; 0 for no pictures.
    pub width: Option<usize>,
    /// Whether all columns can be learnt.
    pub takes_all: bool,
    /// Whether the file is an array.
    pub is_array: bool,
}

/// The pictures that the rows are. An array of three axes or four tells them by its axes; of another table its
/// columns are pixels where their number is a square, and their numbers are those of pixels.
///
/// # Errors
/// A width that does not fit.
pub fn find(survey: &Survey, asked: &Asked) -> Result<Option<Pictures>, Failure> {
    let columns = survey.columns.len();
    let undo = "if they are none: --image-width 0";
    if asked.width == Some(0) {
        return Ok(None);
    }
    let told = Picture::of_axes(&survey.axes);
    if let Some(width) = asked.width {
        let by_width = || Picture::of_columns(columns, width, 1, ChannelAxis::Last);
        let fits = match told {
            Some(told) => Some(told).filter(|told| told.width == width),
            None if asked.takes_all => by_width(),
            None => None,
        };
        return match fits {
            Some(picture) => Ok(Some(Pictures { picture, said: None })),
            None => Err(Failure::usage(format!(
                "--image-width {width}: {}",
                match told {
                    Some(told) =>
                        format!("the rows are pictures of {told}: give {}, or 0", told.width),
                    None if !asked.takes_all =>
                        "a column cannot be learnt, and each must be a pixel".to_owned(),
                    None => format!("must divide the {columns} columns"),
                }
            ))),
        };
    }
    if !survey.axes.is_empty() {
        let Some(picture) = told else { return Ok(None) };
        let axes: Vec<_> = survey.axes.iter().map(usize::to_string).collect();
        let channels = match (axes.len(), picture.axis) {
            (3, ChannelAxis::First) => ", channels first",
            (3, ChannelAxis::Last) => ", channels last",
            _ => "",
        };
        let said = format!("by the axes of its rows ({}{channels}); {undo}", axes.join(" by "));
        return Ok(Some(Pictures { picture, said: Some(said) }));
    }
    let side = columns.isqrt();
    if side * side != columns || columns < FEWEST || !asked.takes_all || !are_alike(survey) {
        return Ok(None);
    }
    Ok(like_pixels(survey, asked.is_array).map(|like| {
        let said = format!("since {columns} columns are a square and hold {like}; {undo}");
        Pictures { picture: Picture::grey(side, side), said: Some(said) }
    }))
}

/// What the numbers of all columns are, where they are like pixels: whole ones from 0 to 255, or from 0 to 1.
fn like_pixels(survey: &Survey, is_array: bool) -> Option<String> {
    let is_number = |column: &ColumnSurvey| {
        matches!(column.kind, ColumnKind::Constant | ColumnKind::Integer | ColumnKind::Number)
    };
    let ranges: Option<Vec<_>> =
        survey.columns.iter().map(|column| column.range.filter(|_| is_number(column))).collect();
    let mut highs: Vec<_> = ranges.iter().flatten().map(|(_, high)| *high).collect();
    highs.sort_by(f64::total_cmp);
    let (low, high) = range(survey)?;
    let is_one_scale = *highs.get(highs.len() / 2)? >= SAME_SCALE * high;
    if ranges.is_none() || low < 0.0 || high <= 0.0 || !is_one_scale {
        return None;
    }
    let numbers = format!("{} to {}", number(low), number(high));
    match is_whole(survey) {
        // Flags are zeros and ones too.
        true if high <= 255.0 && (high > 1.0 || is_array) && low < high / 2.0 => {
            Some(format!("whole numbers, {numbers}"))
        }
        false if high <= 1.0 => Some(format!("numbers from 0 to 1 ({numbers})")),
        _ => None,
    }
}

/// Whether the columns are told apart by numbers alone, as pixel_0_1 or x7.
fn are_alike(survey: &Survey) -> bool {
    let pattern = |name: &str| {
        let mut pattern: Vec<char> =
            name.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        pattern.dedup_by(|a, b| *a == '0' && *b == '0');
        pattern
    };
    let patterns: BTreeSet<_> = survey.columns.iter().map(|column| pattern(&column.name)).collect();
    patterns.len() == 1
}

/// Whether all numbers are whole.
fn is_whole(survey: &Survey) -> bool {
    survey.columns.iter().all(|column| match column.kind {
        ColumnKind::Integer | ColumnKind::Id | ColumnKind::Empty => true,
        ColumnKind::Constant => column.range.is_some_and(|(value, _)| value.fract() == 0.0),
        _ => false,
    })
}

fn range(survey: &Survey) -> Option<(f64, f64)> {
    let ranges = survey.columns.iter().filter_map(|column| column.range);
    ranges.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)))
}

/// What the config says of each pixel.
pub fn spec(survey: &Survey) -> ColumnSpec {
    let mut missing = Vec::new();
    for column in &survey.columns {
        for text in column.odd.iter().map(|cell| &cell.text) {
            if !missing.contains(text) {
                missing.push(text.clone());
            }
        }
    }
    // More than can be named one by one.
    if survey.columns.iter().any(|column| column.infinite > 0) {
        for text in ["inf", "-inf"] {
            if !missing.iter().any(|known| known == text) {
                missing.push(text.to_owned());
            }
        }
    }
    let decimals: Option<Vec<_>> = survey.columns.iter().map(|column| column.decimals).collect();
    let is_whole = is_whole(survey);
    let decimals = decimals.filter(|_| !is_whole);
    let varies = |column: &&ColumnSurvey| column.range.is_some_and(|(low, high)| low < high);
    let mut varying = survey.columns.iter().filter(varies).peekable();
    let has_zeros = varying.peek().is_some() && varying.all(|column| column.trailing_zeros);
    ColumnSpec {
        kind: if is_whole { CellKind::Whole } else { CellKind::Number },
        missing,
        decimals: decimals.and_then(|all| all.into_iter().max()),
        trailing_zeros: has_zeros && !is_whole,
        range: ColumnRange::Seen,
        ..ColumnSpec::named("")
    }
}

/// What is printed of all pixels.
pub fn described(survey: &Survey) -> String {
    let columns = survey.columns.len();
    let (low, high) = range(survey).unwrap_or((0.0, 0.0));
    let whole = if is_whole(survey) { ", whole" } else { "" };
    let constant = survey.columns.iter().filter(|column| super::columns::is_constant(column));
    let constant = match constant.count() {
        0 => String::new(),
        1 => "; 1 of them never varies".to_owned(),
        count => format!("; {count} of them never vary"),
    };
    let last = survey.columns.last().map_or("", |column| &column.name);
    let first = survey.columns.first().map_or("", |column| &column.name);
    format!(
        "{columns} columns, {first} to {last}: {} to {}{whole}{constant}",
        number(low),
        number(high)
    )
}
