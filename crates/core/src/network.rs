//! Networks: the trait that any Burn module can implement, and Langevin's multilayer perceptron.

use burn::{
    module::{Module, Param},
    nn::Linear,
    tensor::{Device, Tensor, TensorData, activation},
};
use langevin_data::{Purpose, Streams};

use crate::{CoreError, PositionFeatures, error::positive, position::RESOLUTIONS};

/// Network as trainers and denoisers see it; any Burn module can implement this trait.
///
/// # Shapes
/// `x` `[batch, features]`, `level_features` `[batch, level features]`, `condition`
/// `[batch, condition features]`; the output is `[batch, outputs]`, where an output for each feature is the rule.
/// A network that needs geometry (images) reshapes inside itself.
pub trait Network: Module + Sync + 'static {
    /// The network's output F for scaled noisy rows, the columns that tell their level, and the
    /// condition.
    fn forward(
        &self,
        x: Tensor<2>,
        level_features: Option<Tensor<2>>,
        condition: Option<Tensor<2>>,
    ) -> Tensor<2>;
}

/// Nonlinearity between layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum Activation {
    /// `max(0, x)`.
    Relu,
    /// `x · sigmoid(x)`.
    #[default]
    Silu,
    /// `x · Φ(x)`, the exact form.
    Gelu,
    /// The hyperbolic tangent.
    Tanh,
}

impl Activation {
    fn apply(self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Relu => activation::relu(x),
            Self::Silu => activation::silu(x),
            Self::Gelu => activation::gelu(x),
            Self::Tanh => activation::tanh(x),
        }
    }
}

/// Form of a multilayer perceptron, without its numbers of input and output columns.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(default, deny_unknown_fields)
)]
pub struct MlpForm {
    /// Units of each hidden layer.
    pub width: usize,
    /// Number of hidden layers.
    pub depth: usize,
    /// Nonlinearity after each hidden layer.
    pub activation: Activation,
    /// Whether each hidden layer after the first adds its output to its input.
    pub residual: bool,
    /// Number of frequencies of the position, 0 for none. They resolve fine structure; each gives a sine and
    /// a cosine.
    pub position_features: usize,
    /// Standard deviation of random frequencies of the position, in turns per unit of the network's input.
    /// It does not count where `position_resolution` is given.
    pub position_scale: f64,
    /// Finest length that the position's frequencies resolve, in units of the network's input. Where it is
    /// given, the axes share the frequencies out evenly, those of an axis are evenly spaced in their logarithm,
    /// and each fades as the noise grows past what it resolves; where it is left out, they are random and do
    /// not fade. A network made without a run file needs to be told the noise, by
    /// [`LevelEmbedding::with_input_noise`](crate::LevelEmbedding::with_input_noise).
    pub position_resolution: Option<f64>,
}

impl Default for MlpForm {
    /// Three hidden layers of 128 units, without residual connections and without frequencies of the
    /// position.
    fn default() -> Self {
        Self {
            width: 128,
            depth: 3,
            activation: Activation::Silu,
            residual: false,
            position_features: 0,
            position_scale: 1.0,
            position_resolution: None,
        }
    }
}

impl MlpForm {
    /// Fails on a parameter out of its range.
    ///
    /// # Errors
    /// `width` and `depth` must be at least 1, `position_scale` finite and above 0, `position_resolution`
    /// from 1e-6 to 0.2, and in need of `position_features`.
    pub fn validate(&self) -> Result<(), CoreError> {
        at_least_one("width", self.width)?;
        at_least_one("depth", self.depth)?;
        positive("position_scale", self.position_scale)?;
        let Some(resolution) = self.position_resolution else { return Ok(()) };
        if !RESOLUTIONS.contains(&resolution) {
            let (finest, coarsest) = (RESOLUTIONS.start(), RESOLUTIONS.end());
            let requirement = format!("must be from {finest} to {coarsest}");
            return Err(CoreError::parameter("position_resolution", requirement, resolution));
        }
        if self.position_features == 0 {
            let requirement = "must be above 0 where position_resolution is given";
            return Err(CoreError::parameter("position_features", requirement, 0));
        }
        Ok(())
    }

    /// Whether the position's features fade with the noise, of whose size in its input the network must then
    /// be told: see [`LevelEmbedding::with_input_noise`](crate::LevelEmbedding::with_input_noise).
    pub const fn fades(&self) -> bool {
        self.position_resolution.is_some()
    }
}

fn at_least_one(parameter: &'static str, value: usize) -> Result<(), CoreError> {
    if value == 0 {
        return Err(CoreError::parameter(parameter, "must be at least 1", value));
    }
    Ok(())
}

/// Configuration of a multilayer perceptron: its form, and its numbers of columns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MlpConfig {
    /// Number of columns of a row of data.
    pub features: usize,
    /// Number of columns of the output.
    pub outputs: usize,
    /// Number of further input columns: those that tell the level and those of the condition together.
    pub extra_features: usize,
    /// The form of the layers.
    pub form: MlpForm,
}

impl MlpConfig {
    /// A plain perceptron with an output for each feature, without residual connections and without
    /// frequencies of the position.
    pub fn new(
        features: usize,
        extra_features: usize,
        width: usize,
        depth: usize,
        activation: Activation,
    ) -> Self {
        let form = MlpForm { width, depth, activation, ..MlpForm::default() };
        Self { features, outputs: features, extra_features, form }
    }

    /// The same with `outputs` columns of the output.
    #[must_use]
    pub const fn with_outputs(self, outputs: usize) -> Self {
        Self { outputs, ..self }
    }

    /// Fails on a parameter out of its range.
    ///
    /// # Errors
    /// `features` and `outputs` must be at least 1, and with `position_resolution` so must `extra_features`, of
    /// which one tells the noise. For the rest see [`MlpForm::validate`].
    pub fn validate(&self) -> Result<(), CoreError> {
        at_least_one("features", self.features)?;
        at_least_one("outputs", self.outputs)?;
        self.form.validate()?;
        if self.form.fades() && self.extra_features == 0 {
            let requirement =
                "must be above 0 where position_resolution is given: one tells the noise";
            return Err(CoreError::parameter("extra_features", requirement, 0));
        }
        Ok(())
    }

    /// The number of values in all parameters, trained or not; saturates instead of overflowing.
    pub fn parameters(&self) -> usize {
        let Self { features, outputs, extra_features, form } = *self;
        let MlpForm { width, depth, position_features, .. } = form;
        let input = position_features
            .saturating_mul(2)
            .saturating_add(features)
            .saturating_add(extra_features);
        let layer = |from: usize, to: usize| from.saturating_add(1).saturating_mul(to);
        layer(input, width)
            .saturating_add(layer(width, width).saturating_mul(depth.saturating_sub(1)))
            .saturating_add(layer(width, outputs))
            .saturating_add(features.saturating_mul(position_features))
    }

    /// The network with its first weights, drawn from the run's streams.
    ///
    /// Weights and biases are uniform in `±1/sqrt(fan_in)`, PyTorch's default for linear layers.
    /// A parameter's values depend on nothing but the seed and the parameter's path.
    ///
    /// # Errors
    /// See [`validate`](Self::validate).
    pub fn init(&self, streams: &Streams, device: &Device) -> Result<Mlp, CoreError> {
        self.validate()?;
        let Self { features, outputs, extra_features, form } = *self;
        let MlpForm { width, depth, activation, residual, position_features, .. } = form;
        let position = (position_features > 0).then(|| match form.position_resolution {
            Some(resolution) => {
                PositionFeatures::fading(features, position_features, resolution, device)
            }
            None => {
                let scale = form.position_scale;
                PositionFeatures::random(features, position_features, scale, streams, device)
            }
        });
        let input = features + 2 * position_features + extra_features;
        let sizes = |layer: usize| {
            let from = if layer == 0 { input } else { width };
            (from, if layer == depth { outputs } else { width })
        };
        let layers = (0..=depth)
            .map(|i| linear(&format!("layers.{i}"), sizes(i), streams, device))
            .collect();
        Ok(Mlp { layers, position, features, activation, residual })
    }
}

/// A multilayer perceptron over `[x, sin(2π x·B), cos(2π x·B), level features, condition]`.
///
/// Where the sines and cosines [fade](PositionFeatures), the last of the level features must be the standard
/// deviation of the noise in x, as [`LevelEmbedding::with_input_noise`](crate::LevelEmbedding::with_input_noise)
/// gives it.
#[derive(Module, Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
    position: Option<PositionFeatures>,
    #[module(skip)]
    features: usize,
    #[module(skip)]
    activation: Activation,
    #[module(skip)]
    residual: bool,
}

impl Mlp {
    /// Number of columns of a row of data.
    pub const fn features(&self) -> usize {
        self.features
    }

    /// The nonlinearity after each hidden layer.
    pub const fn activation(&self) -> Activation {
        self.activation
    }

    /// Whether each hidden layer after the first adds its output to its input.
    pub const fn is_residual(&self) -> bool {
        self.residual
    }

    /// Whether the position's features fade with the noise.
    pub const fn fades(&self) -> bool {
        matches!(&self.position, Some(position) if position.fades())
    }
}

impl Network for Mlp {
    fn forward(
        &self,
        x: Tensor<2>,
        level_features: Option<Tensor<2>>,
        condition: Option<Tensor<2>>,
    ) -> Tensor<2> {
        let noise = level_features.as_ref().filter(|_| self.fades()).map(|told| {
            let last = told.dims()[1] - 1;
            told.clone().narrow(1, last, 1)
        });
        let position = self.position.as_ref().map(|position| position.forward(x.clone(), noise));
        let mut parts = vec![x];
        parts.extend(position.into_iter().flatten());
        parts.extend(level_features);
        parts.extend(condition);
        let input = if parts.len() == 1 { parts.swap_remove(0) } else { Tensor::cat(parts, 1) };

        let last = self.layers.len() - 1;
        let mut hidden = self.activation.apply(self.layers[0].forward(input));
        for layer in &self.layers[1..last] {
            let next = self.activation.apply(layer.forward(hidden.clone()));
            hidden = if self.residual { hidden + next } else { next };
        }
        self.layers[last].forward(hidden)
    }
}

/// A linear layer with weights and bias uniform in ±1/sqrt(fan_in), each from the stream of its path.
fn linear(
    path: &str,
    (input, output): (usize, usize),
    streams: &Streams,
    device: &Device,
) -> Linear {
    let bound = 1.0 / (input as f64).sqrt();
    let uniform = |name: &str, count: usize| {
        let mut values = vec![0.0; count];
        let stream = path_number(&format!("{path}.{name}"));
        streams.at(Purpose::Weights, stream, 0).fill_uniform(&mut values);
        values.iter().map(|u| ((2.0 * u - 1.0) * bound) as f32).collect::<Vec<_>>()
    };
    let weight = TensorData::new(uniform("weight", input * output), [input, output]);
    let bias = TensorData::new(uniform("bias", output), [output]);
    Linear { weight: Param::from_data(weight, device), bias: Some(Param::from_data(bias, device)) }
}

/// The number of a parameter's stream: the FNV-1a hash of the parameter's path.
fn path_number(path: &str) -> u64 {
    path.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> MlpConfig {
        let form = MlpForm { width: 16, depth: 2, position_features: 4, ..MlpForm::default() };
        MlpConfig { features: 2, outputs: 2, extra_features: 3, form }
    }

    fn with(change: impl FnOnce(&mut MlpForm)) -> MlpConfig {
        let mut config = config();
        change(&mut config.form);
        config
    }

    fn values(tensor: Tensor<2>) -> Vec<f32> {
        tensor.into_data().try_into_vec::<f32>().expect("f32")
    }

    fn rows(count: usize, columns: usize, scale: f32) -> Tensor<2> {
        let data = (0..count * columns).map(|i| (i as f32 * 0.37).sin() * scale).collect();
        Tensor::from_data(TensorData::new(data, [count, columns]), &Device::flex())
    }

    #[test]
    fn the_forward_pass_is_the_documented_formula() {
        let device = Device::flex();
        for (residual, resolution) in [(false, None), (true, None), (true, Some(0.05))] {
            let mlp = with(|form| {
                form.residual = residual;
                form.position_resolution = resolution;
            });
            let mlp = mlp.init(&Streams::new(1), &device).expect("valid");
            let (x, extra) = (rows(5, 2, 2.0), rows(5, 3, 1.0));
            let got = values(mlp.forward(x.clone(), Some(extra.clone()), None));

            // The forward pass again, in plain f64 loops.
            let matrix = |t: &Param<Tensor<2>>| (values(t.val()), t.val().dims());
            let (b, [_, count]) = matrix(&mlp.position.as_ref().expect("some").frequencies);
            let (x, extra) = (values(x), values(extra));
            for row in 0..5 {
                let x = &x[2 * row..2 * row + 2];
                let of_b = |j: usize| [0, 1].map(|d| f64::from(b[d * count + j]));
                let angle = |j: usize| {
                    let turns: f64 = of_b(j).iter().zip(x).map(|(b, x)| f64::from(*x) * b).sum();
                    turns * std::f64::consts::TAU
                };
                // What three of the noise's standard deviations are in radians; the noise is told last.
                let noise = f64::from(extra[3 * row + 2]);
                let left = |j: usize| {
                    let reach = 3.0 * std::f64::consts::TAU * of_b(j)[0].hypot(of_b(j)[1]) * noise;
                    if resolution.is_some() { (-0.5 * reach * reach).exp() } else { 1.0 }
                };
                let mut h: Vec<f64> = x.iter().map(|v| f64::from(*v)).collect();
                h.extend((0..count).map(|j| angle(j).sin() * left(j)));
                h.extend((0..count).map(|j| angle(j).cos() * left(j)));
                h.extend(extra[3 * row..3 * row + 3].iter().map(|v| f64::from(*v)));
                for (i, layer) in mlp.layers.iter().enumerate() {
                    let (w, [from, to]) = matrix(&layer.weight);
                    let bias = layer.bias.as_ref().expect("bias").val().into_data();
                    let bias = bias.try_into_vec::<f32>().expect("f32");
                    assert_eq!(from, h.len());
                    let next: Vec<f64> = (0..to)
                        .map(|o| {
                            let sum: f64 = (0..from).map(|k| h[k] * f64::from(w[k * to + o])).sum();
                            let sum = sum + f64::from(bias[o]);
                            if i == 2 { sum } else { sum / (1.0 + (-sum).exp()) }
                        })
                        .collect();
                    let add = residual && i == 1;
                    h = next
                        .iter()
                        .zip(&h)
                        .map(|(n, h)| if add { n + h } else { *n })
                        .collect::<Vec<_>>();
                    if !add {
                        h = next;
                    }
                }
                for (o, want) in h.iter().enumerate() {
                    // f32 sums of up to 16 terms of size about 1, and sines of arguments rounded to f32.
                    assert!((f64::from(got[2 * row + o]) - want).abs() < 1e-5, "{residual}");
                }
            }
        }
    }

    #[test]
    fn weights_come_from_the_seed_and_the_path() {
        let init = |seed| config().init(&Streams::new(seed), &Device::flex()).expect("valid");
        let weight = |mlp: &Mlp, i: usize| values(mlp.layers[i].weight.val());
        assert_eq!(weight(&init(1), 1), weight(&init(1), 1));
        assert_ne!(weight(&init(1), 1), weight(&init(2), 1));
        let wider = with(|form| form.depth = 3);
        let wider = wider.init(&Streams::new(1), &Device::flex()).expect("valid");
        assert_eq!(
            weight(&init(1), 1),
            weight(&wider, 1),
            "another layer elsewhere changes nothing"
        );
    }

    #[test]
    fn outputs_of_their_own_number_change_the_last_layer_alone() {
        let init = |config: MlpConfig| config.init(&Streams::new(1), &Device::flex());
        let (own, wider) = (init(config()), init(config().with_outputs(5)));
        let (own, wider) = (own.expect("valid"), wider.expect("valid"));
        assert_eq!(wider.features(), 2);
        assert_eq!(values(wider.layers[0].weight.val()), values(own.layers[0].weight.val()));
        let output = wider.forward(rows(3, 2, 1.0), Some(rows(3, 3, 1.0)), None);
        assert_eq!(output.dims(), [3, 5]);
        assert_eq!(wider.num_params(), config().with_outputs(5).parameters());
        assert_eq!(own.num_params(), config().parameters());
        let message = init(config().with_outputs(0)).expect_err("refused").to_string();
        assert_eq!(message, "outputs: must be at least 1, got 0");
    }

    #[test]
    fn weights_have_pytorchs_bound_and_variance() {
        let big = with(|form| form.width = 256);
        let mlp = big.init(&Streams::new(4), &Device::flex()).expect("valid");
        let weight = values(mlp.layers[1].weight.val());
        let bound = 1.0 / 16.0;
        assert!(weight.iter().all(|w| w.abs() < bound));
        let variance = weight.iter().map(|w| f64::from(w * w)).sum::<f64>() / weight.len() as f64;
        let expected = f64::from(bound).powi(2) / 3.0;
        // Standard error of a uniform's second moment: expected · sqrt(4/5) / sqrt(65536).
        assert!((variance / expected - 1.0).abs() < 5.0 * 0.9 / 256.0, "{variance}");
        let bias = mlp.layers[1].bias.as_ref().expect("bias").val().into_data();
        assert!(bias.iter::<f32>().any(|b| b != 0.0), "biases start as PyTorch's, not at zero");
    }

    #[test]
    fn a_resolution_needs_features_and_the_noise() {
        let range = "position_resolution: must be from 0.000001 to 0.2, got";
        for (count, resolution, extra_features, message) in [
            (3, 0.01, 1, None),
            (0, 0.01, 1, Some("position_features: must be above 0".to_owned())),
            (4, 0.01, 0, Some("extra_features: must be above 0".to_owned())),
            (4, 0.3, 1, Some(format!("{range} 0.3"))),
            (4, 1e-7, 1, Some(format!("{range} 0.0000001"))),
            (4, f64::NAN, 1, Some(format!("{range} NaN"))),
        ] {
            let mut config = MlpConfig { extra_features, ..config() };
            config.form.position_features = count;
            config.form.position_resolution = Some(resolution);
            let said = config.validate().err().map(|error| error.to_string());
            let begins = |said: &String, message: &String| said.starts_with(message);
            assert_eq!(said.is_some(), message.is_some(), "{said:?}");
            assert!(said.iter().zip(&message).all(|(a, b)| begins(a, b)), "{said:?}");
        }
    }

    #[test]
    fn an_empty_network_is_refused() {
        let none = with(|form| form.width = 0);
        let message =
            none.init(&Streams::new(0), &Device::flex()).expect_err("refused").to_string();
        assert_eq!(message, "width: must be at least 1, got 0");
    }
}
