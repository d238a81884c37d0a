//! Features of the position, which let a small network resolve fine structure.

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor, TensorData},
};
use langevin_data::{Purpose, Streams};

/// Standard deviations of the noise over which a feature that fades is to be nearly straight.
const REACH: f64 = 3.0;

/// The slowest frequency of features that fade, in turns per unit of the network's input: most of a
/// row of unit variance lies within one period.
const SLOWEST: f64 = 0.25;

/// Resolutions from the finest, whose frequency 32-bit floats still tell, to the coarsest, where the fastest
/// frequency is hardly above the slowest.
pub(crate) const RESOLUTIONS: std::ops::RangeInclusive<f64> = 1e-6..=0.2;

/// `½ (3 · 2π)²`.
const FADING: f32 =
    (0.5 * (REACH * std::f64::consts::TAU) * (REACH * std::f64::consts::TAU)) as f32;

/// Features of the position x: `sin(2π x·B)` and `cos(2π x·B)` with fixed frequencies B.
///
/// They let a small network resolve structure far finer than its input's range. Source: Tancik et
/// al. 2020, "Fourier features let networks learn high frequency functions", equation 5. Their B is random.
///
/// A network that learns all noise levels sees positions far apart at high ones, where fast features alias:
/// what they are at one place they are again one period on. With a resolution, each pair therefore fades, by
/// `exp(−½ (3 · 2π |b| s)²)` with b its column of B and s the standard deviation of the noise in x, the last
/// level feature: at the level where three of the noise's standard deviations are a radian, it has faded to 0.6.
/// Without the 3 this is the mean of the feature of the clean row under noise (Barron et al. 2021, "Mip-NeRF",
/// equation 14); with it a feature lasts only while it is nearly straight over all that the noise reaches, so
/// that what the network learns of it holds in the noise's tails, too.
#[derive(Module, Debug)]
pub struct PositionFeatures {
    /// B, `[features, count]`; stored beside the weights, not trained.
    pub(crate) frequencies: Param<Tensor<2>>,
    #[module(skip)]
    fades: bool,
}

impl PositionFeatures {
    /// Random features that do not fade: B is normal, with the standard deviation `scale`.
    pub(crate) fn random(
        features: usize,
        count: usize,
        scale: f64,
        streams: &Streams,
        device: &Device,
    ) -> Self {
        let mut normals = vec![0.0; features * count];
        streams.at(Purpose::Frequencies, 1, 0).fill_normal(&mut normals);
        let frequencies = normals.iter().map(|z| (scale * z) as f32).collect();
        Self::new(frequencies, [features, count], false, device)
    }

    /// Features that fade, `count` of them shared out evenly among the axes, down to a `resolution`.
    pub(crate) fn fading(features: usize, count: usize, resolution: f64, device: &Device) -> Self {
        let frequencies = Self::along_axes(features, count, resolution);
        Self::new(frequencies, [features, count], true, device)
    }

    fn new(frequencies: Vec<f32>, shape: [usize; 2], fades: bool, device: &Device) -> Self {
        let frequencies = TensorData::new(frequencies, shape);
        let frequencies = Param::from_data(frequencies, device).set_require_grad(false);
        Self { frequencies, fades }
    }

    /// Whether the features fade with the noise.
    pub(crate) const fn fades(&self) -> bool {
        self.fades
    }

    /// B along the axes, axis by axis: the frequencies of an axis are evenly spaced in their logarithm, up to
    /// the one that has faded to 0.6 where the noise is as large as the resolution.
    fn along_axes(features: usize, count: usize, resolution: f64) -> Vec<f32> {
        let fastest = 1.0 / (std::f64::consts::TAU * REACH * resolution);
        let mut all = vec![0.0; features * count];
        let mut column = 0;
        for axis in 0..features {
            let own = count / features + usize::from(axis < count % features);
            for i in 0..own {
                let place = if own > 1 { i as f64 / (own - 1) as f64 } else { 1.0 };
                let frequency = SLOWEST * (fastest / SLOWEST).powf(place);
                all[axis * count + column] = frequency as f32;
                column += 1;
            }
        }
        all
    }

    /// Rate by which a pair of features fades: both are multiplied by `exp(−rate · s²)` where the noise in the network's
    /// input has the standard deviation s. `squares` is `|b|²`, the squared length of the pair's frequency.
    pub fn fading_rate(squares: f32) -> f32 {
        FADING * squares
    }

    /// The sines and the cosines, each `[batch, count]`; `noise` is `[batch, 1]`.
    pub(crate) fn forward(&self, x: Tensor<2>, noise: Option<Tensor<2>>) -> [Tensor<2>; 2] {
        // Turns are reduced modulo 1 first: GPUs' sines lose digits at large arguments.
        let turns = x.matmul(self.frequencies.val());
        let turns = turns.clone() - turns.floor();
        let angle = turns.mul_scalar(std::f64::consts::TAU);
        let (sin, cos) = (angle.clone().sin(), angle.cos());
        let Some(noise) = noise else { return [sin, cos] };
        let rates = self.frequencies.val().square().sum_dim(0).mul_scalar(-FADING);
        let fade = (noise.square() * rates).exp();
        [sin * fade.clone(), cos * fade]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_that_fade_are_the_same_along_each_axis() {
        let features = PositionFeatures::fading(2, 5, 0.01, &Device::flex());
        assert!(features.fades());
        let b = features.frequencies.val().into_data().try_into_vec::<f32>().expect("f32");
        // From a quarter turn per unit to the one of which three resolutions are a radian.
        let fastest = 1.0 / (std::f64::consts::TAU * 3.0 * 0.01);
        let want = [0.25, (0.25 * fastest).sqrt(), fastest].map(|f| f as f32);
        let near = |got: &[f32], want: &[f32]| {
            got.iter().zip(want).all(|(got, want)| (got - want).abs() <= 1e-6 * want)
        };
        // The first axis has the odd one.
        assert!(near(&b[..3], &want) && near(&b[8..], &[want[0], want[2]]), "{b:?}");
        assert_eq!(b[3..8], [0.0; 5], "along the axes");
    }

    #[test]
    fn frequencies_are_not_trained() {
        let device = Device::flex().autodiff();
        let random = PositionFeatures::random(2, 4, 1.0, &Streams::new(1), &device);
        let fading = PositionFeatures::fading(2, 4, 0.1, &device);
        for features in [random, fading] {
            assert!(!features.frequencies.val().is_require_grad());
        }
    }
}
