//! Exact densities of system 9, as the program prints them, compared with the closed formula. At a level,
//! data with mean mu and standard deviation s have mean `alpha · mu` and standard deviation
//! `sqrt(alpha² s² + 1 − alpha²)`, where alpha² is the papers' alpha-bar.

use serde::Serialize;

/// Betas of system 9, the least noise first.
const BETAS: [f64; 9] = [0.001, 0.01, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 0.999];
const MEAN: f64 = 1.0;
const STD: f64 = 0.01;

/// Largest error of an integral, which must be 1.
const INTEGRAL_TOLERANCE: f64 = 1e-6;
/// Largest error of a mean or a standard deviation.
const MOMENT_TOLERANCE: f64 = 1e-4;

/// Moments of a level's density: by quadrature, as the program has them, and by the formula.
#[derive(Debug, Serialize)]
pub struct Level {
    pub alpha: f64,
    pub sigma: f64,
    pub integral: f64,
    pub mean: f64,
    pub std: f64,
    pub exact_mean: f64,
    pub exact_std: f64,
}

/// Levels that the program printed, the noisiest first; an error where one is missing or wrong.
pub fn levels(said: &str) -> Result<Vec<Level>, String> {
    let lines: Vec<&str> =
        said.lines().filter(|line| line.starts_with("density at step ")).collect();
    if lines.len() != BETAS.len() {
        return Err(format!(
            "the program printed {} densities instead of {}",
            lines.len(),
            BETAS.len()
        ));
    }
    lines.into_iter().enumerate().map(|(step, line)| level(step, line)).collect()
}

fn level(step: usize, line: &str) -> Result<Level, String> {
    let number = |name: &str| {
        let (_, rest) = line.split_once(&format!("{name} "))?;
        rest.split([',', ':', ';']).next()?.parse::<f64>().ok()
    };
    let read = || {
        let (found, alpha, sigma) = (number("step")?, number("alpha")?, number("sigma")?);
        Some((found, [alpha, sigma, number("integral")?, number("mean")?, number("std")?]))
    };
    let (found, [alpha, sigma, integral, mean, std]) =
        read().ok_or(format!("not the density of a level: {line}"))?;
    let kept: f64 = BETAS[..BETAS.len() - step].iter().map(|beta| 1.0 - beta).product();
    let exact_mean = kept.sqrt() * MEAN;
    let exact_std = (kept * STD * STD + 1.0 - kept).sqrt();
    let level = Level { alpha, sigma, integral, mean, std, exact_mean, exact_std };
    let right = found == step as f64
        && (integral - 1.0).abs() <= INTEGRAL_TOLERANCE
        && (mean - exact_mean).abs() <= MOMENT_TOLERANCE
        && (std - exact_std).abs() <= MOMENT_TOLERANCE;
    if right {
        return Ok(level);
    }
    Err(format!(
        "density {step} must have integral 1 ± {INTEGRAL_TOLERANCE}, mean {exact_mean:.5} and std \
         {exact_std:.5} ± {MOMENT_TOLERANCE}: {line}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Output of the program for system 9, with other lines around it.
    fn said() -> String {
        let numbers = [
            (0.00489, 0.99999, 0.99999),
            (0.15468, 0.98796, 0.98797),
            (0.34588, 0.93828, 0.93829),
            (0.54688, 0.83721, 0.83723),
            (0.70602, 0.70819, 0.70823),
            (0.84385, 0.53658, 0.53664),
            (0.94346, 0.33150, 0.33163),
            (0.99449, 0.10483, 0.10530),
            (0.99950, 0.03162, 0.03316),
        ];
        let line = |(step, (alpha, sigma, std)): (usize, (f64, f64, f64))| {
            format!(
                "density at step {step}, alpha {alpha}, sigma {sigma}: integral 1.000000000, mean \
                 {alpha}, std {std}; samples: mean 7, std 7\n"
            )
        };
        let lines: String = numbers.into_iter().enumerate().map(line).collect();
        format!("training 41000 steps\n{lines}trained\n")
    }

    #[test]
    fn the_levels_of_the_program_are_read_and_agree_with_the_formula() {
        let levels = levels(&said()).expect("all nine are right");
        assert_eq!(levels.len(), 9);
        assert_eq!((levels[7].alpha, levels[7].sigma, levels[7].std), (0.99449, 0.10483, 0.1053));
        // sqrt(0.999) and sqrt(0.999 · 1e-4 + 0.001).
        assert!((levels[8].exact_mean - 0.999_499_875).abs() < 1e-9);
        assert!((levels[8].exact_std - 0.033_164_74).abs() < 1e-8);
    }

    #[test]
    fn a_wrong_or_missing_level_is_refused() {
        for (right, wrong) in [
            ("integral 1.000000000, mean 0.34588", "integral 1.000002, mean 0.34588"),
            ("mean 0.84385", "mean 0.84400"),
            ("std 0.0331", "std 0.0329"),
            ("density at step 4", "density at step 5"),
            ("density at step 4", "nothing at step 4"),
            ("std 0.83723", "std ?"),
        ] {
            let said = said();
            assert!(said.contains(right), "{right}");
            assert!(levels(&said.replace(right, wrong)).is_err(), "{wrong}");
        }
    }
}
