//! Steering is exact where the energy is: on a Gaussian of correlated features.

use burn::{
    module::Module,
    tensor::{DType, Device, Tensor},
};
use langevin_data::Streams;

use super::*;
use crate::{
    Activation, End, Euler, Karras, LevelEmbeddingConfig, LevelGrid, MlpConfig, NetworkDenoiser,
    NoiseSchedule, NoiseShare, Plan, Prediction, Subtract, Transition,
    correlated::{Correlated, host, rows},
    level_step, sample,
};

fn gaussian() -> Correlated {
    Correlated { mean: [0.3, -0.5], covariance: [[1.0, 0.8], [0.8, 1.0]] }
}

fn levels() -> [NoiseLevel; 5] {
    [(1.0, 0.1), (1.0, 0.7), (1.0, 20.0), (0.6, 0.8), (0.05, 0.9)]
        .map(|(alpha, sigma)| NoiseLevel::new(alpha, sigma).expect("valid"))
}

/// `(D_k − y)² / 2v` of the column k, with the variance v of a level.
fn squared_off(
    column: usize,
    y: f64,
    variance: impl Fn(&NoiseLevel) -> f64 + Sync,
) -> impl Fn(Tensor<2>, &NoiseLevel) -> Tensor<1> + Sync {
    move |clean, level| {
        let off = clean.narrow(1, column, 1).squeeze_dim::<1>(1).sub_scalar(y);
        off.square().mul_scalar(0.5 / variance(level))
    }
}

#[test]
fn the_energy_of_an_observation_gives_the_exact_denoiser_given_it() {
    let gaussian = gaussian();
    let x = rows(&[0.4, -1.3, 2.0, 0.9, -0.2, 0.0], 2);
    for (column, y, noise) in [(0, 1.1, 0.2), (1, -0.7, 0.05), (1, 2.0, 1e-3)] {
        let energy = squared_off(column, y, |level| noise + gaussian.left(level)[column][column]);
        let steered = Steered::new(&gaussian, &energy);
        let exact = gaussian.given(column, y, noise);
        for level in levels() {
            let got = steered.denoise(x.clone(), &level).expect("a level");
            assert!(!got.is_autodiff() && got.dtype() == DType::F64);
            let want = host(exact.denoise(x.clone(), &level).expect("a level"));
            for (got, want) in host(got).iter().zip(&want) {
                assert!((got - want).abs() < 1e-10, "{level:?}: {got} for {want}");
            }
        }
    }
}

#[test]
fn samples_steered_by_an_observation_are_those_given_it() {
    let gaussian = gaussian();
    let energy = squared_off(1, 1.0, |level| 0.1 + gaussian.left(level)[1][1]);
    let levels = Karras::new(0.1, 50.0, 7.0).expect("valid").levels(6).expect("levels");
    let plan = Plan::through(&levels, End::CLEAN).expect("levels");
    let drawn = |denoiser: &dyn Denoiser| {
        let none = &mut |_: &Transition| unreachable!("no noise");
        let x = rows(&[30.0, -10.0, 5.0, 80.0], 2);
        host(sample(&Euler, denoiser, &plan, x, none, &mut |_| {}).expect("drawn"))
    };
    let want = drawn(&gaussian.given(1, 1.0, 0.1));
    for (got, want) in drawn(&Steered::new(&gaussian, &energy)).iter().zip(want) {
        assert!((got - want).abs() < 1e-10, "{got} for {want}");
    }
}

#[test]
fn a_network_is_steered_by_the_gradient_of_its_own_estimate() {
    let grid = Karras::new(0.01, 10.0, 7.0).expect("valid");
    let embedding = LevelEmbeddingConfig::None.init(&Streams::new(0)).expect("valid");
    let config = MlpConfig::new(2, 0, 8, 1, Activation::Tanh);
    let network = config.init(&Streams::new(5), &Device::flex()).expect("valid");
    let networks = [network.no_grad()];
    let denoiser = NetworkDenoiser::new(&networks, Prediction::Sample, &embedding, &grid);
    let level = NoiseLevel::new(1.0, 2.0).expect("valid");
    let energy = |clean: Tensor<2>, _: &NoiseLevel| clean.square().sum_dim(1).squeeze_dim::<1>(1);
    let at = |x: [f64; 2]| rows(&x, 2).cast(DType::F32);
    let estimate = |x: [f64; 2]| host(denoiser.denoise(at(x), &level).expect("a level"));
    let x = [0.7, -0.4];
    let steered = Steered::new(&denoiser, &energy).denoise(at(x), &level).expect("a level");
    let (steered, plain) = (host(steered), estimate(x));
    for i in 0..2 {
        // Floats leave 1e-7 / h, the difference h² / 6 of third derivatives below 10.
        let h = 3e-3;
        let moved = |by: f64| {
            let mut x = x;
            x[i] += by;
            estimate(x).iter().map(|clean| clean * clean).sum::<f64>()
        };
        let slope = (moved(h) - moved(-h)) / (2.0 * h);
        assert!(slope.abs() > 0.01, "the network is not flat: {slope}");
        let want = plain[i] - 4.0 * slope;
        assert!((steered[i] - want).abs() < 4.0 * 1e-4, "{steered:?} {plain:?} {slope}");
    }
}

#[test]
fn what_cannot_be_steered_is_refused() {
    let gaussian = gaussian();
    let x = || rows(&[0.4, -1.3, 2.0, 0.9, -0.2, 0.0], 2);
    let level = levels()[1];
    let refused = |denoiser: &dyn Denoiser, energy: &Energy, x: Tensor<2>, level: &NoiseLevel| {
        Steered::new(denoiser, energy).denoise(x, level).expect_err("refused").to_string()
    };
    let fine = squared_off(0, 1.0, |_| 1.0);
    let message = refused(&gaussian, &fine, x(), &NoiseLevel::new(0.0, 1.0).expect("valid"));
    assert!(message.starts_with("alpha: must be above 0 where an energy steers"), "{message}");
    let message = refused(&gaussian, &fine, x().autodiff(), &level);
    assert!(message.starts_with("energy: must steer rows that are not differ"), "{message}");
    let whole = |clean: Tensor<2>, _: &NoiseLevel| clean.square().sum();
    let message = refused(&gaussian, &whole, x(), &level);
    assert_eq!(message, "energy: must be one number for each of the 3 rows, got 1");
    let constant = |clean: Tensor<2>, _: &NoiseLevel| Tensor::zeros([3], &clean.device());
    let message = refused(&gaussian, &constant, x(), &level);
    assert!(message.starts_with("energy: must depend on the rows"), "{message}");
    /// Denoiser that computes on the host.
    struct OnHost;
    impl Denoiser for OnHost {
        fn denoise(&self, x: Tensor<2>, _: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
            Ok(rows(&host(x.inner()), 2))
        }
    }
    let message = refused(&OnHost, &fine, x(), &level);
    assert!(message.starts_with("energy: must depend on the rows"), "{message}");
}

#[test]
fn level_steps_are_steered_through_the_estimate_and_a_network_s_own_are_refused() {
    let gaussian = gaussian();
    let grid = LevelGrid::of(&Karras::new(0.5, 5.0, 3.0).expect("valid"), 3).expect("a grid");
    let fine = squared_off(0, 1.0, |level| 0.3 + level.sigma());
    let x = || rows(&[0.4, -1.3], 2);
    let level = grid.levels(3).expect("all")[1];
    let steered = Steered::new(&gaussian, &fine);
    let got = host(level_step(&steered, x(), &level).expect("a step"));
    let denoised = host(steered.denoise(x(), &level).expect("a level"));
    let share = 1.0 - level.next_sigma().expect("a grid") / level.sigma();
    for ((got, x), denoised) in got.iter().zip(host(x())).zip(denoised) {
        assert!((got - share * (x - denoised)).abs() < 1e-14, "{got}");
    }
    let embedding = LevelEmbeddingConfig::None.init(&Streams::new(0)).expect("valid");
    let config = MlpConfig::new(2, 0, 8, 1, Activation::Tanh);
    let networks = [config.init(&Streams::new(5), &Device::flex()).expect("valid")];
    let own = Prediction::LevelStep { share: NoiseShare::Corrected };
    let own = NetworkDenoiser::new(&networks, own, &embedding, &grid);
    let plan = Plan::from(level).to(NoiseLevel::CLEAN);
    let none = &mut |_: &Transition| unreachable!("no noise");
    let x = x().cast(DType::F32);
    let drawn = sample(&Subtract, &Steered::new(&own, &fine), &plan, x, none, &mut |_| {});
    let message = drawn.expect_err("refused").to_string();
    assert!(message.starts_with("energy: must not steer a denoiser that makes"), "{message}");
}
