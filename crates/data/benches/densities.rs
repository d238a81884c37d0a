//! What the density of a level costs: `cargo bench -p langevin-data --bench densities`.

use divan::{Bencher, black_box, counter::ItemsCount};
use langevin_data::{GaussianMixture, LevelDensity};

fn main() {
    divan::main();
}

/// Noise over the std of the data: none, narrower than is stored, narrow, equal, wide.
const NOISE: [f64; 5] = [0.0, 1e-3, 0.1, 1.0, 50.0];

#[divan::bench(args = NOISE)]
fn one_gaussian(bencher: Bencher, noise: f64) {
    level(bencher, &[1.0], noise);
}

#[divan::bench(args = NOISE)]
fn three_spikes(bencher: Bencher, noise: f64) {
    level(bencher, &[-10.0, 0.0, 10.0], noise);
}

fn level(bencher: Bencher, means: &[f64], noise: f64) {
    if let Ok(data) = mixture(means) {
        bencher.bench_local(|| LevelDensity::new(&data, 0.8, black_box(0.01 * noise)));
    }
}

#[divan::bench]
fn quantiles(bencher: Bencher) {
    let level = mixture(&[1.0]).and_then(|data| LevelDensity::new(&data, 0.8, 0.6));
    if let Ok(level) = level {
        let quantile = |i: u32| level.quantile((f64::from(i) + 0.5) / 1000.0);
        let sum = || (0..1000).map(quantile).sum::<f64>();
        bencher.counter(ItemsCount::new(1000_usize)).bench_local(sum);
    }
}

fn mixture(means: &[f64]) -> Result<GaussianMixture, langevin_data::DataError> {
    GaussianMixture::new(means.iter().map(|mean| vec![*mean]).collect(), 0.01, None)
}
