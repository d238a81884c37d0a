//! The mixture against the listing of all combinations of component and values, and against its own draws.

mod draws;
mod errors;

use super::*;
use crate::{Dataset, GaussianMixture, Part, Purpose, Streams};

/// Levels as (alpha, sigma).
const LEVELS: [(f64, f64); 9] = [
    (1.0, 0.05),
    (1.0, 0.3),
    (1.0, 1.0),
    (1.0, 3.0),
    (1.0, 20.0),
    (0.995, 0.1),
    (0.6, 0.8),
    (0.05, 0.9987),
    (0.0, 1.0),
];

/// Four products: weights Dirichlet(4), means N(0, 1.2²), deviations U(0.15, 0.6), and categories of `counts` values with shares
/// 0.96 Dirichlet(½) + 0.04 / K. A Dirichlet(½) is squares of normals over their sum.
fn parts(numbers: usize, counts: &[usize]) -> (Vec<ProductComponent>, Vec<f64>) {
    let mut stream = Streams::new(29).at(Purpose::Reference, numbers as u64, 0);
    let mut normals = |count: usize| {
        let mut out = vec![0.0; count];
        stream.fill_normal(&mut out);
        out
    };
    let sum_of_squares = |z: &[f64]| z.iter().map(|z| z * z).sum::<f64>();
    let mut component = || ProductComponent {
        means: normals(numbers).iter().map(|z| 1.2 * z).collect(),
        stds: normals(numbers).iter().map(|z| 0.15 + 0.45 * (z.sin() + 1.0) / 2.0).collect(),
        shares: counts
            .iter()
            .map(|count| {
                let z = normals(*count);
                let all = sum_of_squares(&z);
                z.iter().map(|z| 0.96 * z * z / all + 0.04 / *count as f64).collect()
            })
            .collect(),
    };
    let components = (0..4).map(|_| component()).collect();
    let weights = (0..4).map(|_| sum_of_squares(&normals(8))).collect();
    (components, weights)
}

fn mixture(numbers: usize, counts: &[usize]) -> CategoricalMixture {
    let (components, weights) = parts(numbers, counts);
    CategoricalMixture::new(components, Some(weights)).expect("valid")
}

/// A component with a value of each category: a Gaussian of the features.
struct Combination {
    weight: f64,
    means: Vec<f64>,
    variances: Vec<f64>,
}

/// All combinations of component and values.
fn combinations(mixture: &CategoricalMixture) -> Vec<Combination> {
    let mut all = Vec::new();
    for (weight, own) in mixture.weights().iter().zip(mixture.components()) {
        let numbers = Combination {
            weight: *weight,
            means: own.means.clone(),
            variances: own.stds.iter().map(|std| std * std).collect(),
        };
        let mut lists = vec![numbers];
        for (category, shares) in mixture.categories().iter().zip(&own.shares) {
            let with = |list: &Combination, value: usize| {
                let mut means = list.means.clone();
                // scale · (one-hot − shares)
                means.extend(category.shares.iter().enumerate().map(|(k, share)| {
                    category.scale * (if k == value { 1.0 } else { 0.0 } - share)
                }));
                let mut variances = list.variances.clone();
                variances.resize(means.len(), 0.0);
                Combination { weight: list.weight * shares[value], means, variances }
            };
            lists = lists
                .iter()
                .flat_map(|list| (0..shares.len()).map(|k| with(list, k)).collect::<Vec<_>>())
                .collect();
        }
        all.extend(lists);
    }
    all
}

/// What the combinations make of a noisy row: its log density, the posterior mean and the score.
fn listed(
    all: &[Combination],
    (alpha, sigma): (f64, f64),
    x: &[f64],
    known: &[Option<f64>],
) -> (f64, Vec<f64>, Vec<f64>) {
    let exponent = |own: &Combination| {
        let cell = |f: usize| {
            let (m, v) = (own.means[f], own.variances[f]);
            let (away, v) = match known[f] {
                // A known feature of a category is the combination's own, or rules it out.
                Some(y) if v == 0.0 => {
                    return if (y - m).abs() < 1e-9 { 0.0 } else { f64::NEG_INFINITY };
                }
                Some(y) => (y - m, v),
                None => (x[f] - alpha * m, alpha * alpha * v + sigma * sigma),
            };
            -0.5 * (away * away / v + (std::f64::consts::TAU * v).ln())
        };
        own.weight.ln() + (0..x.len()).map(cell).sum::<f64>()
    };
    let exponents: Vec<f64> = all.iter().map(exponent).collect();
    let largest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = exponents.iter().map(|e| (e - largest).exp()).sum();
    let (mut mean, mut score) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    for (own, exponent) in all.iter().zip(&exponents) {
        let p = (exponent - largest).exp() / sum;
        for f in 0..x.len() {
            let (m, v) = (own.means[f], own.variances[f]);
            let noisy = alpha * alpha * v + sigma * sigma;
            mean[f] += p * known[f].unwrap_or(m + alpha * v / noisy * (x[f] - alpha * m));
            score[f] += p * (alpha * m - x[f]) / noisy;
        }
    }
    (largest + sum.ln(), mean, score)
}

/// Clean rows and noisy ones, and at each level some that lie anywhere.
fn noisy_rows(mixture: &CategoricalMixture, (alpha, sigma): (f64, f64)) -> [Vec<f64>; 2] {
    let (count, features) = (24, mixture.features());
    let mut clean = vec![0.0; count * features];
    mixture.draw(Part::Training, &mut Streams::new(1).at(Purpose::Data, 0, 0), &mut clean);
    let mut noise = vec![0.0; count * features];
    Streams::new(1).at(Purpose::Noise, 0, 0).fill_normal(&mut noise);
    let far = |i: usize| if i < 4 * features { 3.0 } else { 1.0 };
    let pairs = clean.iter().zip(&noise).enumerate();
    let noisy = pairs.map(|(i, (x, eps))| far(i) * (alpha * x + sigma * eps)).collect();
    [clean, noisy]
}

/// Some cells of each row known: none, all, and subsets in between.
fn some_known(mixture: &CategoricalMixture, clean: &[f64]) -> Vec<Option<f64>> {
    let features = mixture.features();
    let mut known = Vec::new();
    for (i, row) in clean.chunks_exact(features).enumerate() {
        let mut first = 0;
        for (column, group) in mixture.layout().iter().enumerate() {
            let next = first + group.kind.features();
            let is_known = ((i * 37 % 128) >> column) & 1 == 1 || i == 5;
            known.extend(row[first..next].iter().map(|x| is_known.then_some(*x)));
            first = next;
        }
    }
    known
}

fn assert_near(got: &[f64], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len());
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let near = (got - want).abs() <= tolerance * want.abs().max(1.0);
        assert!(near, "{what}, number {i}: {got} for {want}");
    }
}

#[test]
fn estimates_densities_and_scores_are_the_listing_s_of_all_combinations() {
    for counts in [&[2, 3, 5, 8][..], &[], &[4]] {
        for numbers in [3, 0, 1] {
            if numbers + counts.len() == 0 {
                continue;
            }
            let mixture = mixture(numbers, counts);
            let (all, features) = (combinations(&mixture), mixture.features());
            assert_eq!(all.len(), 4 * counts.iter().product::<usize>());
            for level in LEVELS {
                let (alpha, sigma) = level;
                let [clean, noisy] = noisy_rows(&mixture, level);
                let nothing = vec![None; features];
                let known = some_known(&mixture, &clean);
                let whole = mixture.posterior_means(&noisy, alpha, sigma);
                let told = mixture.posterior_means_given(&noisy, alpha, sigma, &known);
                for (i, x) in noisy.chunks_exact(features).enumerate() {
                    let of_row = i * features..(i + 1) * features;
                    let what = format!("{numbers} {counts:?} at {level:?}, row {i}");
                    let (density, mean, score) = listed(&all, level, x, &nothing);
                    assert_near(&whole[of_row.clone()], &mean, 1e-10, &what);
                    let own = mixture.diffused_log_density(alpha, sigma, x).expect("known");
                    assert_near(&[own], &[density], 1e-10, &what);
                    let own = mixture.noisy_score(alpha, sigma, x);
                    assert_near(&own, &score, 1e-10 / sigma.min(1.0), &what);
                    let (_, mean, _) = listed(&all, level, x, &known[of_row.clone()]);
                    assert_near(&told[of_row], &mean, 1e-10, &format!("told, {what}"));
                }
            }
        }
    }
}

#[test]
fn the_estimate_is_tweedie_s_by_differences_of_the_log_density() {
    let mixture = mixture(3, &[2, 3, 5, 8]);
    for (alpha, sigma) in LEVELS.into_iter().filter(|(alpha, _)| *alpha > 0.0) {
        let [_, noisy] = noisy_rows(&mixture, (alpha, sigma));
        let density = |x: &[f64]| mixture.noisy_log_density(alpha, sigma, x);
        for x in noisy.chunks_exact(mixture.features()) {
            let mean = mixture.posterior_means(x, alpha, sigma);
            for f in 0..x.len() {
                // A difference of order 4. At the least noise a fifth derivative is 1e8 / sigma^5, which leaves 1e-9 of
                // the estimate; rounding leaves 2e-16 · |ln p| · sigma / 1e-4.
                let h = 1e-4 * sigma;
                let moved = |by: f64| {
                    let mut x = x.to_vec();
                    x[f] += by;
                    density(&x)
                };
                let [near, far] = [h, 2.0 * h].map(|h| moved(h) - moved(-h));
                let score = (8.0 * near - far) / (12.0 * h);
                let want = (x[f] + sigma * sigma * score) / alpha;
                let tolerance = 1e-8 * (1.0 + sigma) / alpha;
                let off = (mean[f] - want).abs();
                assert!(off < tolerance, "{alpha} {sigma} {f}: {} for {want}", mean[f]);
            }
        }
    }
}

#[test]
fn numbers_alone_are_a_gaussian_mixture() {
    let own = mixture(3, &[]);
    let square = |own: &ProductComponent| {
        let row =
            |i: usize| (0..3).map(|j| if i == j { own.stds[i].powi(2) } else { 0.0 }).collect();
        (0..3).map(row).collect::<Vec<Vec<f64>>>()
    };
    let means = own.components().iter().map(|own| own.means.clone()).collect();
    let covariances = own.components().iter().map(square).collect();
    let weights = Some(own.weights().to_vec());
    let gaussian = GaussianMixture::with_covariances(means, covariances, weights).expect("valid");
    for level in LEVELS {
        let (alpha, sigma) = level;
        let [clean, noisy] = noisy_rows(&own, level);
        let known = some_known(&own, &clean);
        let told = own.posterior_means_given(&noisy, alpha, sigma, &known);
        let want = gaussian.posterior_means_given(&noisy, alpha, sigma, &known);
        assert_near(&told, &want, 1e-11, "told");
        for x in noisy.chunks_exact(3) {
            let [own, want] = [
                own.diffused_log_density(alpha, sigma, x),
                gaussian.diffused_log_density(alpha, sigma, x),
            ];
            assert_near(&[own.expect("known")], &[want.expect("known")], 1e-11, "density");
        }
    }
    let (mean, covariance) = (own.mean().expect("known"), own.covariance().expect("known"));
    assert_near(&mean, &gaussian.mean().expect("known"), 1e-14, "mean");
    assert_near(
        &covariance.concat(),
        &gaussian.covariance().expect("known").concat(),
        1e-14,
        "covariance",
    );
}

#[test]
fn one_component_is_independent_columns() {
    let (components, _) = parts(2, &[3, 4]);
    let own = CategoricalMixture::new(components[..1].to_vec(), None).expect("valid");
    for (alpha, sigma) in LEVELS {
        let [_, noisy] = noisy_rows(&own, (alpha, sigma));
        let means = own.posterior_means(&noisy, alpha, sigma);
        for (x, mean) in noisy.chunks_exact(9).zip(means.chunks_exact(9)) {
            let mut want: Vec<f64> =
                x[..2].iter().map(|x| alpha * x / (alpha * alpha + sigma * sigma)).collect();
            for category in own.categories() {
                let logits =
                    x[category.features()].iter().zip(&category.shares).map(|(x, share)| {
                        share.ln()
                            + alpha * category.scale * (x + alpha * category.scale * share)
                                / sigma.powi(2)
                    });
                let logits: Vec<f64> = logits.collect();
                let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = logits.iter().map(|l| (l - largest).exp()).sum();
                want.extend(
                    logits
                        .iter()
                        .zip(&category.shares)
                        .map(|(l, share)| category.scale * ((l - largest).exp() / sum - share)),
                );
            }
            assert_near(mean, &want, 1e-12, "independent");
        }
    }
}

#[test]
fn an_estimate_is_finite_at_every_level_and_the_row_itself_without_noise() {
    let mixture = mixture(2, &[2, 5]);
    let [clean, _] = noisy_rows(&mixture, (1.0, 0.0));
    for sigma in [0.0, 1e-300, 1e-12] {
        assert_near(&mixture.posterior_means(&clean, 1.0, sigma), &clean, 1e-9, "no noise");
    }
    for exponent in -150..=150 {
        let sigma = 10_f64.powi(exponent);
        for alpha in [0.0, 1e-100, 0.5, 1.0] {
            let x: Vec<f64> = clean.iter().map(|x| alpha * x + 2.0 * sigma).collect();
            for mean in mixture.posterior_means(&x, alpha, sigma) {
                assert!(mean.is_finite() && mean.abs() < 20.0, "{alpha} {sigma:e}: {mean}");
            }
        }
    }
}
