//! Text of a table's part of docs/tables.md.

use super::{
    Found,
    measures::{Figures, Measure, means},
    sets::Set,
};

/// Part of the page on one table.
pub fn section(set: &Set, found: &Found) -> String {
    let [training, samples, held_out] = found.rows;
    let seeds = found.samples.len();
    let numbers: Vec<String> = (0..seeds).map(|seed| seed.to_string()).collect();
    let mut lines = vec![
        format!(
            "`langevin train {}`: {}. {training} rows to train on, {samples} samples, {held_out} test rows. {}.",
            set.config, set.about, found.machine
        ),
        String::new(),
    ];
    let mut header = vec![
        String::new(),
        "**Langevin**".to_owned(),
        match numbers.as_slice() {
            [one] => format!("seed {one}"),
            all => format!("seeds {}", all.join(", ")),
        },
        "least".to_owned(),
        "aim".to_owned(),
        "test rows".to_owned(),
        "independent columns".to_owned(),
    ];
    header.extend(set.published.iter().map(|row| row.name.to_owned()));
    lines.push(row(&header));
    lines.push(format!("|{}", "---|".repeat(header.len())));
    let [own, real, independent] =
        [&found.samples, &found.held_out, &found.independent].map(|runs| means(runs));
    for measure in Measure::ALL {
        let text = |figures: &Figures| measure.text(figures.get(&measure).copied());
        let each: Vec<String> = found.samples.iter().map(text).collect();
        let bars = set.bars.get(&measure);
        let bar = |of: fn(&super::sets::Bars) -> super::sets::Bar| {
            bars.map_or("–".to_owned(), |bars| of(bars).text())
        };
        let mut cells = vec![
            measure.name(set.score),
            format!("**{}**", text(&own)),
            each.join(", "),
            bar(|bars| bars.least),
            bar(|bars| bars.aim),
            text(&real),
            text(&independent),
        ];
        cells.extend(set.published.iter().map(|row| text(&row.figures)));
        lines.push(row(&cells));
    }
    lines.join("\n")
}

fn row(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

/// A run's figures in a line.
pub fn line(set: &Set, figures: &Figures) -> String {
    let of = |measure: &Measure| {
        let value = figures.get(measure).copied();
        format!("{} {}", measure.name(set.score), measure.text(value))
    };
    Measure::ALL.iter().map(of).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::super::measures::{Rows, figures, tests::evaluation};
    use super::super::sets::SETS;
    use super::*;

    #[test]
    fn a_part_has_the_mean_each_seed_the_bars_and_what_is_published() {
        let of = |rows| [0.7, 0.8].map(|detection| figures(&evaluation(detection), rows)).to_vec();
        let found = Found {
            samples: of(Rows::Samples),
            held_out: of(Rows::HeldOut),
            independent: of(Rows::Independent),
            rows: [32561, 32561, 16281],
            machine: "2 threads".to_owned(),
        };
        let text = section(&SETS[0], &found);
        let line = "| boosted-tree detection | **0.750** | 0.700, 0.800 | ≥ 0.65 | ≥ 0.84 | 1.000 | 0.010 | 0.794 | 0.841 | 0.855 | 0.016 |";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("| training and sampling, s | **–** | –, – | ≤ 240 |"), "{text}");
        let width = |line: &str| line.matches('|').count();
        let table: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
        assert!(table.len() == 10 && table.iter().all(|line| width(line) == width(table[0])));
    }
}
