//! Levels of a run in 32-bit floats, with which it trains and samples: whether they hold what is made of them there.

use langevin_core::{NoiseLevel, Prediction, Sampler, Transition};

use langevin_data::Dataset;

use crate::{TrainError, config::StartConfig};

/// Standard deviations that a row may lie from its mean at any level.
const FARTHEST: f64 = 100.0;

/// Most that a step may multiply an error of the denoised row by, so that what 32-bit floats round off it, 2⁻²⁴, stays
/// below a hundredth of the data.
const MOST_MULTIPLIED: f64 = (1_u64 << 24) as f64 / 100.0;

/// Fails where a level's noise, a row at the level, or the estimate of the noise there leaves the range of 32-bit
/// floats.
pub(super) fn check_level(level: &NoiseLevel) -> Result<(), TrainError> {
    let sigma = level.sigma();
    let made = [FARTHEST * sigma.max(level.alpha()), sigma, 1.0 / sigma];
    if made.iter().all(|number| (*number as f32).is_normal()) {
        return Ok(());
    }
    let (least, most) = (1.0 / f64::from(f32::MAX), f64::from(f32::MAX) / FARTHEST);
    let message = format!(
        "its levels must have sigma from {least:.1e} to {most:.1e}, so that rows at them are 32-bit floats, got {sigma:e}"
    );
    Err(TrainError::config("noise.schedule", message))
}

/// Fails where the square of a row of the data, as a loss takes it, leaves the range of 32-bit floats.
pub(super) fn check_rows(data: &dyn Dataset) -> Result<(), TrainError> {
    let (Some(mean), Some(variance)) = (data.mean(), data.variance()) else { return Ok(()) };
    let farthest =
        |(mean, variance): (&f64, &f64)| mean.abs() + FARTHEST * variance.max(0.0).sqrt();
    let farthest = mean.iter().zip(&variance).map(farthest).fold(0.0, f64::max);
    match (farthest.powi(2) as f32).is_finite() {
        true => Ok(()),
        false => {
            let message = format!(
                "its values reach {farthest:.1e}, whose square 32-bit floats do not hold: give it in a larger unit"
            );
            Err(TrainError::config("data", message))
        }
    }
}

/// Fails where rows of a stated Gaussian leave the range of 32-bit floats.
pub(super) fn check_start(start: &StartConfig) -> Result<(), TrainError> {
    let StartConfig::Gaussian { mean, std } = start else { return Ok(()) };
    let farthest = |number: &f64| number.abs() + FARTHEST * std;
    match mean.iter().find(|number| !(farthest(number) as f32).is_finite()) {
        None => Ok(()),
        Some(number) => {
            let message = format!(
                "its rows must be 32-bit floats, got mean {number:e} and standard deviation {std:e}"
            );
            Err(TrainError::config("sample.start", message))
        }
    }
}

/// Fails where what training or sampling multiply by at a level leaves the range of 32-bit floats: the scale of the
/// network's input or output, or a target, whose error is squared.
pub(super) fn check_coefficients(
    level: &NoiseLevel,
    prediction: &Prediction,
) -> Result<(), TrainError> {
    // What a level step divides by is checked where it is divided by.
    if matches!(prediction, Prediction::LevelStep { .. }) {
        return Ok(());
    }
    let scales = prediction.coefficients(level);
    let [clean, noise] =
        [(1.0, 0.0), (0.0, 1.0)].map(|(x0, eps)| prediction.target(level, x0, eps));
    let made = [
        ("the network's input is multiplied by", scales.input, 1.0),
        ("its output is multiplied by", scales.out, 1.0),
        ("its target is a row times", clean, FARTHEST),
        ("its target is the noise times", noise, FARTHEST),
    ];
    let lost = |(_, factor, farthest): &(&str, f64, f64)| {
        let squared = (factor * farthest).powi(2) as f32;
        *factor != 0.0 && !(squared.is_finite() && (*factor as f32).is_normal())
    };
    let Some((what, factor, _)) = made.into_iter().find(lost) else { return Ok(()) };
    let message = format!(
        "at sigma = {:.3e} {what} {factor:.1e}, whose square 32-bit floats do not hold: take a prediction, or a \
         sigma_data, of the data's own size",
        level.sigma()
    );
    Err(TrainError::config("denoiser.prediction", message))
}

/// Fails where a step goes so far that rounding alone would show in the samples.
pub(super) fn check_step(sampler: &dyn Sampler, step: &Transition) -> Result<(), TrainError> {
    let multiplied = sampler.amplification(step);
    if multiplied <= MOST_MULTIPLIED {
        return Ok(());
    }
    let (t, s) = (&step.from, &step.to);
    let message = format!(
        "its step {} goes from sigma = {:.3e} to {:.3e}, and multiplies what 32-bit floats round off by {multiplied:.1e}, \
         where at most {MOST_MULTIPLIED:.1e} is sound: take more steps, a method of order 1, or a schedule whose ends are nearer",
        step.index + 1,
        t.sigma(),
        s.sigma()
    );
    Err(TrainError::config("sample.sampler", message))
}

#[cfg(test)]
mod tests {
    use langevin_core::{End, Euler, Heun, Karras, NoiseSchedule, Plan};

    use super::*;

    #[test]
    fn levels_that_32_bits_cannot_hold_are_refused() {
        let check = |sigma| check_level(&NoiseLevel::new(1.0, sigma).expect("a level"));
        for sigma in [3e-38, 1e-9, 1.0, 1e6, 3e36] {
            check(sigma).expect("held");
        }
        for sigma in [1e-320, 1e-39, 4e36, 1e38, 1e308] {
            let message = check(sigma).expect_err("lost").to_string();
            assert!(
                message.starts_with("noise.schedule: its levels must have sigma from"),
                "{message}"
            );
        }
    }

    #[test]
    fn coefficients_that_32_bits_cannot_hold_are_refused() {
        let level = NoiseLevel::new(1.0, 20.0).expect("a level");
        let check = |prediction| check_coefficients(&level, &prediction);
        for sigma_data in [1e-15, 0.5, 1e15] {
            check(Prediction::Edm { sigma_data }).expect("held");
        }
        for sigma_data in [1e-300, 1e-30, 1e30, 1e308] {
            let message = check(Prediction::Edm { sigma_data }).expect_err("lost").to_string();
            assert!(message.starts_with("denoiser.prediction: at sigma = 2.000e1 "), "{message}");
        }
        check(Prediction::Velocity).expect("held");
    }

    #[test]
    fn a_step_that_multiplies_rounding_into_the_samples_is_refused() {
        let check = |sampler: &dyn Sampler, sigma_max: f64, steps: usize| {
            let levels = Karras::new(0.002, sigma_max, 7.0).expect("valid").levels(steps);
            let plan = Plan::through(&levels.expect("levels"), End::CLEAN).expect("a plan");
            plan.transitions().iter().try_for_each(|step| check_step(sampler, step))
        };
        // Even two levels of EDM's are sound, and a wide grid with enough steps.
        for (sigma_max, steps) in [(80.0, 2), (1e6, 25), (1e12, 100), (1e30, 1)] {
            check(&Heun, sigma_max, steps).expect("sound");
        }
        for (sigma_max, steps) in [(1e30, 25), (1e6, 2)] {
            check(&Euler, sigma_max, steps).expect("takes no difference");
            let message = check(&Heun, sigma_max, steps).expect_err("lost").to_string();
            assert!(message.starts_with("sample.sampler: its step "), "{message}");
        }
    }
}
