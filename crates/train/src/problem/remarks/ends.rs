//! Ends of a noise schedule as fields of the run file: the field that the least or the most noise hangs
//! on, and the value that fits.

use langevin_core::NoiseSchedule;

use crate::config::ScheduleConfig;

/// End of a schedule.
pub(super) struct End {
    /// Path of the field.
    pub(super) path: &'static str,
    /// Its value; `None` for a field that is no number.
    pub(super) value: Option<f64>,
    /// The value that fits, or what else does, as text.
    pub(super) fits: String,
}

impl End {
    /// The remark that says `what` is the matter at this end.
    pub(super) fn said(&self, what: &str) -> String {
        let value = self.value.map_or(String::new(), |value| format!(" = {}", number(value)));
        format!("{}{value}: {what}. {} fits", self.path, capital(&self.fits))
    }

    /// The least noise, which is to be `ratio` in sigma / alpha, rounded.
    pub(super) fn least(schedule: &ScheduleConfig, ratio: f64) -> Self {
        // beta = sigma² at the first level of a grid of betas, where alpha² = 1 − beta.
        let beta = ratio * ratio / (1.0 + ratio * ratio);
        let rounded = |value: f64| number(nearest_round(value));
        let (path, value, fits) = match schedule {
            ScheduleConfig::Karras { sigma_min, .. } => {
                ("noise.schedule.sigma_min", Some(*sigma_min), rounded(ratio))
            }
            ScheduleConfig::RectifiedFlow { t_min, .. } => {
                ("noise.schedule.t_min", Some(*t_min), rounded(ratio / (1.0 + ratio)))
            }
            ScheduleConfig::LinearBetas { beta_start, .. }
            | ScheduleConfig::KarrasBetas { beta_start, .. } => {
                ("noise.schedule.beta_start", Some(*beta_start), rounded(beta))
            }
            ScheduleConfig::Betas { betas } => {
                ("noise.schedule.betas.0", betas.first().copied(), rounded(beta))
            }
            ScheduleConfig::Cosine { .. } => {
                let fits = format!("`linear_betas` with beta_start = {}", rounded(beta));
                ("noise.schedule.kind", None, fits)
            }
            ScheduleConfig::Custom(_) => {
                let fits = format!("a last level of sigma / alpha = {}", rounded(ratio));
                ("noise.schedule", None, fits)
            }
        };
        Self { path, value, fits }
    }

    /// The most noise, which is to be at least `ratio` in sigma / alpha.
    pub(super) fn most(schedule: &ScheduleConfig, ratio: f64) -> Self {
        let (path, value, fits) = match schedule {
            ScheduleConfig::Karras { sigma_max, .. } => {
                ("noise.schedule.sigma_max", Some(*sigma_max), Some(next_round(ratio)))
            }
            ScheduleConfig::RectifiedFlow { t_max, .. } => {
                ("noise.schedule.t_max", Some(*t_max), Some(1.0))
            }
            ScheduleConfig::LinearBetas { beta_end, .. }
            | ScheduleConfig::KarrasBetas { beta_end, .. } => {
                let ends = |value: &f64| ends_at(schedule, *value).is_some_and(|end| end >= ratio);
                let value = BETAS.into_iter().find(|value| value > beta_end && ends(value));
                ("noise.schedule.beta_end", Some(*beta_end), value)
            }
            ScheduleConfig::Betas { .. } => ("noise.schedule.betas", None, None),
            ScheduleConfig::Cosine { .. } | ScheduleConfig::Custom(_) => {
                ("noise.schedule", None, None)
            }
        };
        let other = || format!("a first level of sigma / alpha = {}", number(next_round(ratio)));
        Self { path, value, fits: fits.map_or_else(other, number) }
    }
}

/// Round betas that a grid of betas may end in.
const BETAS: [f64; 14] =
    [0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99];

/// The noisiest level's sigma / alpha of a grid of betas that ends in `beta`.
fn ends_at(schedule: &ScheduleConfig, beta: f64) -> Option<f64> {
    let mut schedule = schedule.clone();
    if let ScheduleConfig::LinearBetas { beta_end, .. }
    | ScheduleConfig::KarrasBetas { beta_end, .. } = &mut schedule
    {
        *beta_end = beta;
    }
    let levels: Box<dyn NoiseSchedule> = schedule.build().ok()??;
    Some(levels.at(1.0).ratio())
}

/// The power of ten of a number's first digit.
fn magnitude(value: f64) -> f64 {
    10_f64.powi(value.log10().floor() as i32)
}

/// A positive number rounded to one digit.
fn nearest_round(value: f64) -> f64 {
    let unit = magnitude(value);
    parsed((value / unit).round() * unit)
}

/// The least number of one digit that is no smaller.
fn next_round(value: f64) -> f64 {
    let unit = magnitude(value);
    // Ten times 0.3 is a hair above 3.
    parsed((value / unit * (1.0 - 1e-9)).ceil() * unit)
}

/// Without the rounding of a product with a power of ten.
fn parsed(value: f64) -> f64 {
    format!("{value:.0e}").parse().unwrap_or(value)
}

/// A number as text, to three digits.
pub(super) fn number(value: f64) -> String {
    let value: f64 = format!("{value:.2e}").parse().unwrap_or(value);
    if value == 0.0 || (1e-6..1e6).contains(&value.abs()) || !value.is_finite() {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_fit_are_round() {
        let near = [0.0123, 1e-5, 0.099, 3.0].map(nearest_round);
        assert_eq!(near, [0.01, 1e-5, 0.1, 3.0]);
        let next = [0.3 * 10.0, 3.2, 9.5, 500.0, 0.011].map(next_round);
        assert_eq!(next, [3.0, 4.0, 10.0, 500.0, 0.02]);
        let text = [1e-7, 0.000_012_34, 80.0, 1234.5, 5e7, f64::INFINITY].map(number);
        assert_eq!(text, ["1e-7", "0.0000123", "80", "1230", "5e7", "inf"]);
    }

    #[test]
    fn the_field_of_each_schedule_s_ends_gives_the_noise_that_is_asked_for() {
        let schedule = |text: &str| serde_json::from_str::<ScheduleConfig>(text).expect("valid");
        for (text, least, most) in [
            (
                r#"{ "kind": "karras" }"#,
                ("noise.schedule.sigma_min", "0.00005"),
                ("noise.schedule.sigma_max", "30"),
            ),
            (
                r#"{ "kind": "rectified_flow", "t_max": 0.5 }"#,
                ("noise.schedule.t_min", "0.00005"),
                ("noise.schedule.t_max", "1"),
            ),
            (
                r#"{ "kind": "linear_betas" }"#,
                // sigma² = beta = 25e-10 rounds to 3e-9, whose root is 5.5e-5.
                ("noise.schedule.beta_start", "3e-9"),
                ("noise.schedule.beta_end", "0.03"),
            ),
            (
                r#"{ "kind": "karras_betas", "steps": 20, "beta_start": 0.001, "beta_end": 0.1 }"#,
                ("noise.schedule.beta_start", "3e-9"),
                ("noise.schedule.beta_end", "0.99"),
            ),
            (
                r#"{ "kind": "betas", "betas": [0.1, 0.2] }"#,
                ("noise.schedule.betas.0", "3e-9"),
                ("noise.schedule.betas", "a first level of sigma / alpha = 30"),
            ),
            (
                r#"{ "kind": "cosine" }"#,
                ("noise.schedule.kind", "`linear_betas` with beta_start = 3e-9"),
                ("noise.schedule", "a first level of sigma / alpha = 30"),
            ),
        ] {
            let schedule = schedule(text);
            let end = End::least(&schedule, 5.001e-5);
            assert_eq!((end.path, end.fits.as_str()), least, "{text}");
            let end = End::most(&schedule, 29.0);
            assert_eq!((end.path, end.fits.as_str()), most, "{text}");
        }
        let linear = schedule(r#"{ "kind": "linear_betas", "steps": 1000 }"#);
        assert!(ends_at(&linear, 0.02).expect("a grid") > 150.0);
    }
}
