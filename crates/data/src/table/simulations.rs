//! Simulations of two tasks by which simulation-based inference is compared, each as a CSV table of parameters drawn from
//! the prior and of what the simulator makes of them.
//!
//! Source: Lueckmann, Boelts, Greenberg, Gonçalves & Macke 2021, "Benchmarking Simulation-Based Inference", appendix T.

use std::{f64::consts::FRAC_1_SQRT_2, fmt::Write, sync::OnceLock};

use crate::{Purpose, Stream, Streams, sin_cos_turns};

/// Simulations in a table.
const SIMULATIONS: usize = 10_000;
/// Seed of the tables, which are the same in every build.
const SEED: u64 = 2021;
/// Parameters of the linear task, and numbers of an observation.
const LINEAR: usize = 10;

/// Parameters θ uniform in [−1, 1]², and `x = (r cos a + 1/4 − |θ1 + θ2| / √2, r sin a + (θ2 − θ1) / √2)` with a uniform in
/// (−π/2, π/2) and r of N(0.1, 0.01²): given x, θ lies on two crescents.
pub(super) fn two_moons() -> &'static [u8] {
    static TABLE: OnceLock<String> = OnceLock::new();
    let row = |stream: &mut Stream, row: &mut Vec<f64>| {
        let [first, second] = [0; 2].map(|_| 2.0 * stream.uniform() - 1.0);
        let (sin, cos) = sin_cos_turns((stream.uniform() - 0.5) / 2.0);
        let mut normal = [0.0];
        stream.fill_normal(&mut normal);
        let radius = 0.1 + 0.01 * normal[0];
        row.extend([first, second]);
        row.push(radius * cos + 0.25 - (first + second).abs() * FRAC_1_SQRT_2);
        row.push(radius * sin + (second - first) * FRAC_1_SQRT_2);
    };
    TABLE.get_or_init(|| table(2, row)).as_bytes()
}

/// Ten parameters θ of N(0, 0.1 I), and x of N(θ, 0.1 I): given x, θ is of N(x / 2, 0.05 I).
pub(super) fn gaussian_linear() -> &'static [u8] {
    static TABLE: OnceLock<String> = OnceLock::new();
    let row = |stream: &mut Stream, row: &mut Vec<f64>| {
        let mut normals = [0.0; 2 * LINEAR];
        stream.fill_normal(&mut normals);
        normals.iter_mut().for_each(|x| *x *= 0.1_f64.sqrt());
        let (parameters, noise) = normals.split_at(LINEAR);
        row.extend(parameters);
        row.extend(parameters.iter().zip(noise).map(|(parameter, noise)| parameter + noise));
    };
    TABLE.get_or_init(|| table(LINEAR, row)).as_bytes()
}

/// A table of as many parameters as numbers of an observation, to six decimals.
fn table(parameters: usize, simulate: impl Fn(&mut Stream, &mut Vec<f64>)) -> String {
    let names = |name: &'static str| (1..=parameters).map(move |i| format!("{name}{i}"));
    let mut text = names("theta").chain(names("x")).collect::<Vec<_>>().join(",");
    let mut stream = Streams::new(SEED).at(Purpose::Data, 0, 0);
    let mut row = Vec::new();
    for _ in 0..SIMULATIONS {
        row.clear();
        simulate(&mut stream, &mut row);
        for (i, value) in row.iter().enumerate() {
            let before = if i == 0 { '\n' } else { ',' };
            // Writing to a text does not fail.
            let _ = write!(text, "{before}{value:.6}");
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Table, TableOptions};

    fn rows(bytes: &[u8], columns: usize) -> Vec<Vec<f64>> {
        let table = Table::from_bytes("s.csv", bytes, &TableOptions::default()).expect("a table");
        assert_eq!((table.rows(), table.columns().len()), (SIMULATIONS, columns));
        (0..table.rows()).map(|row| table.row(row).to_vec()).collect()
    }

    /// Asserts that numbers have a mean and a variance, within five standard errors; `kurtosis` is `E[(x − mean)⁴] / variance²`.
    fn assert_moments(values: impl Iterator<Item = f64>, mean: f64, variance: f64, kurtosis: f64) {
        let values: Vec<f64> = values.collect();
        let count = values.len() as f64;
        let found = values.iter().sum::<f64>() / count;
        assert!((found - mean).abs() < 5.0 * (variance / count).sqrt(), "{found} for {mean}");
        let squares = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        let error = variance * ((kurtosis - 1.0) / count).sqrt();
        assert!((squares - variance).abs() < 5.0 * error, "{squares} for {variance}");
    }

    #[test]
    fn moons_are_the_task_s_radius_and_angle_about_what_the_parameters_say() {
        let rows = rows(two_moons(), 4);
        for parameter in 0..2 {
            assert_moments(rows.iter().map(|row| row[parameter]), 0.0, 1.0 / 3.0, 1.8);
            assert!(rows.iter().all(|row| row[parameter].abs() <= 1.0));
        }
        let from = |row: &Vec<f64>| {
            let along = row[2] - 0.25 + (row[0] + row[1]).abs() / 2.0_f64.sqrt();
            let across = row[3] - (row[1] - row[0]) / 2.0_f64.sqrt();
            (along, across)
        };
        assert!(rows.iter().all(|row| from(row).0 > -1e-5));
        let radius = |row| from(row).0.hypot(from(row).1);
        assert_moments(rows.iter().map(radius), 0.1, 1e-4, 3.0);
        // Uniform over half a circle.
        let angle = |row: &Vec<f64>| from(row).1.atan2(from(row).0) / std::f64::consts::PI;
        assert_moments(rows.iter().map(angle), 0.0, 1.0 / 12.0, 1.8);
        // Neither depends on the parameters.
        assert_moments(rows.iter().map(|row| radius(row) * row[0]), 0.0, 0.0101 / 3.0, 1.9);
        assert_moments(rows.iter().map(|row| angle(row) * row[1]), 0.0, 1.0 / 36.0, 3.24);
    }

    #[test]
    fn the_linear_task_adds_noise_of_the_prior_s_variance() {
        let rows = rows(gaussian_linear(), 2 * LINEAR);
        for i in 0..LINEAR {
            assert_moments(rows.iter().map(|row| row[i]), 0.0, 0.1, 3.0);
            assert_moments(rows.iter().map(|row| row[LINEAR + i] - row[i]), 0.0, 0.1, 3.0);
            let product = |row: &Vec<f64>| row[i] * (row[LINEAR + i] - row[i]);
            assert_moments(rows.iter().map(product), 0.0, 0.01, 9.0);
        }
    }

    #[test]
    fn the_tables_never_change() {
        let digest = |bytes| blake3::hash(bytes).to_hex()[..16].to_owned();
        let both = [two_moons(), gaussian_linear()].map(digest);
        assert_eq!(both, ["116dc75bfc64ab48", "495c5393a6c88171"]);
    }
}
