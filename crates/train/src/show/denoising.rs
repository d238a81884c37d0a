//! Errors of a run's denoiser by noise level, in a sentence for people.

use langevin_data::measure::{Denoising, LevelErrors};

use super::numbers::number;

/// Sentence on the errors of a denoiser by noise level: its regret in nats and where it is largest, or its
/// error over that of independent features, or that no level has an estimate. `None` where nothing was
/// measured.
#[must_use]
pub fn denoising_text(denoising: &Denoising) -> Option<String> {
    let left_out = match denoising.left_out {
        0 => String::new(),
        1 => "; 1 level left out, without a finite estimate".to_owned(),
        many => format!("; {many} levels left out, without a finite estimate"),
    };
    if denoising.levels.is_empty() && denoising.left_out > 0 {
        return Some("regret: no level has a finite estimate".to_owned());
    }
    if let Some(regret) = &denoising.regret {
        let worst = denoising.worst()?;
        let [from, to] = regret.snr.map(|snr| number(1.0 / snr.sqrt()));
        return Some(format!(
            "regret: {} ± {} nats over sigma / alpha {from} to {to}, most at {}, {} of the optimum's \
             error{left_out}",
            number(regret.nats),
            number(regret.standard_error),
            number(worst.ratio()),
            worst
                .relative_regret()
                .map_or("–".to_owned(), |share| format!("{} %", number(100.0 * share))),
        ));
    }
    let ratio = |level: &LevelErrors| Some(level.error.mean / level.independent?.mean);
    let ratios = denoising.levels.iter().filter_map(|level| Some((ratio(level)?, level.ratio())));
    let least = ratios.clone().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let largest = ratios.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let said = |(ratio, at): (f64, f64)| format!("{} at {}", number(ratio), number(at));
    Some(format!(
        "held-out error over that of independent features, by sigma / alpha: from {} to {}{left_out}",
        said(least),
        said(largest)
    ))
}

#[cfg(test)]
mod tests {
    use langevin_data::measure::SquaredErrors;

    use super::*;

    fn level(sigma: f64, regret: Option<f64>, independent: f64) -> SquaredErrors {
        let known = |value: f64| regret.map(|_| vec![value; 2]);
        SquaredErrors {
            alpha: 0.5,
            sigma,
            error: vec![1.0; 2],
            constant: vec![2.0; 2],
            independent: regret.is_none().then(|| vec![independent; 2]),
            optimum: known(0.5),
            regret: known(regret.unwrap_or_default()),
        }
    }

    #[test]
    fn the_regret_is_said_with_its_range_and_where_most_of_it_is() {
        let levels = vec![
            level(2.0, Some(0.01), 0.0),
            level(1.0, Some(0.1), 0.0),
            level(0.5, Some(0.02), 0.0),
        ];
        let text = denoising_text(&Denoising::of(levels, 1, 2)).expect("known");
        // ¼ ln 4 · (0.01 / 16 + 2 · 0.1 / 4 + 0.02).
        let said = "regret: 0.0245 ± 0 nats over sigma / alpha 4.00 to 1.00, most at 2.00, 20.0 % of the \
                    optimum's error; 2 levels left out, without a finite estimate";
        assert_eq!(text, said);
    }

    #[test]
    fn without_an_optimum_the_error_is_said_over_that_of_independent_features() {
        let levels = vec![level(2.0, None, 2.0), level(1.0, None, 4.0), level(0.5, None, 0.8)];
        let text = denoising_text(&Denoising::of(levels, 1, 0)).expect("known");
        let said = "held-out error over that of independent features, by sigma / alpha: from 0.250 at 2.00 to \
                    1.25 at 1.00";
        assert_eq!(text, said);
        assert_eq!(denoising_text(&Denoising::of(Vec::new(), 1, 0)), None);
        let none = denoising_text(&Denoising::of(Vec::new(), 1, 3));
        assert_eq!(none.as_deref(), Some("regret: no level has a finite estimate"));
    }
}
