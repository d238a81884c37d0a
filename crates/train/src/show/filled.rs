//! How hidden cells were filled in, in words.

use langevin_data::measure::{Coverage, Filled, SingleCell};

use super::number;

/// Lines on how hidden cells of held-out rows were filled in.
pub fn filled_lines(filled: &Filled) -> Vec<String> {
    let Filled { rows, draws, cells, coverage, score, .. } = filled;
    let at = |level: f64| coverage.iter().find(|it| it.level == level);
    let share =
        |it: &Coverage| format!("{:.1} ± {:.1} %", 100.0 * it.share, 100.0 * it.standard_error);
    let [half, most] = [0.5, 0.9].map(|level| at(level).map_or("–".to_owned(), share));
    let baseline = |name: &str| score.baselines.get(name).map_or("–".to_owned(), |x| number(*x));
    vec![
        format!(
            "filled in: {cells} cells of {rows} held-out rows, {draws} times each; intervals of 50 % hold {half} of them, \
             of 90 % {most}"
        ),
        format!(
            "score (lower is better) {} ± {}; the column alone {}, linear regression {}, nearest rows {}",
            number(score.draws),
            number(score.standard_error),
            baseline("column"),
            baseline("linear"),
            baseline("nearest")
        ),
    ]
}

/// The heads of a table of categories that are told from all other cells of their rows, and its rows.
pub fn single_cell_rows(found: &[SingleCell]) -> (&'static [&'static str], Vec<Vec<String>>) {
    let heads = &["told by all others", "right", "most frequent", "log loss", "of shares", "AUC"];
    let row = |found: &SingleCell| {
        vec![
            found.column.clone(),
            format!("{:.1} %", 100.0 * found.accuracy),
            format!("{:.1} %", 100.0 * found.most_frequent),
            number(found.log_loss),
            number(found.shares_log_loss),
            found.area_under_curve.map_or_else(String::new, |area| format!("{area:.3}")),
        ]
    };
    (heads, found.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use langevin_data::measure::Score;

    use super::*;

    #[test]
    fn coverage_and_scores_stand_beside_what_they_should_be() {
        let baselines = [("column", 0.6), ("linear", 0.4), ("nearest", 0.35)];
        let baselines = baselines.map(|(name, score)| (name.to_owned(), score));
        let covered = |level, share| Coverage { level, share, standard_error: 0.0123 };
        let filled = Filled {
            rows: 200,
            draws: 50,
            cells: 410,
            coverage: vec![covered(0.5, 0.486), covered(0.9, 0.911)],
            score: Score { draws: 0.3, standard_error: 0.01, baselines: BTreeMap::from(baselines) },
            columns: Vec::new(),
        };
        let lines = filled_lines(&filled).join(" ");
        for said in
            ["410 cells of 200", "50 % hold 48.6 ± 1.2 %", "90 % 91.1 ± 1.2 %", "regression 0.400"]
        {
            assert!(lines.contains(said), "{lines}");
        }
    }
}
