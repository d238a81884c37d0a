//! Errors of a run's denoiser by noise level, in a sentence for people.

use langevin_data::measure::{Denoising, LevelErrors};

use super::numbers::number;

/// Sentence on the errors of a denoiser by noise level: its regret in nats and where it is largest, or its
/// error over that of independent features. `None` where neither is known.
#[must_use]
pub fn denoising_text(denoising: &Denoising) -> Option<String> {
    let left_out = match denoising.left_out {
        0 => String::new(),
        1 => "; 1 level left out, without a finite estimate".to_owned(),
        many => format!("; {many} levels left out, without a finite estimate"),
    };
    if let Some(regret) = &denoising.regret {
        let worst = denoising.worst()?;
        let [from, to] = regret.snr.map(|snr| number(1.0 / snr.sqrt()));
        return Some(format!(
            "regret: {} ± {} nats over sigma / alpha from {from} to {to}, largest at sigma = {}, {} of the optimum's own \
             error{left_out}",
            number(regret.nats),
            number(regret.standard_error),
            number(worst.sigma),
            worst
                .relative_regret()
                .map_or("–".to_owned(), |share| format!("{} %", number(100.0 * share))),
        ));
    }
    let ratio = |level: &LevelErrors| Some(level.error.mean / level.independent?.mean);
    let ratios = denoising.levels.iter().filter_map(|level| Some((ratio(level)?, level.sigma)));
    let least = ratios.clone().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let largest = ratios.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let said =
        |(ratio, sigma): (f64, f64)| format!("{} at sigma = {}", number(ratio), number(sigma));
    Some(format!(
        "held-out error by level, over that of independent features: from {} to {}{left_out}",
        said(least),
        said(largest)
    ))
}
