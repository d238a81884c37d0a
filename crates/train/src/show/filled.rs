//! How hidden cells were filled in, in words.

use langevin_data::measure::{Coverage, Filled};

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
