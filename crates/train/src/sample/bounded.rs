//! Denoiser whose estimate stays within the range of the data.

use burn::tensor::{DType, Tensor, TensorData};
use langevin_core::{CoreError, Denoiser, LevelSteps, NoiseLevel};

use crate::{TrainError, engine::mlp_cpu::is_processor};

/// Denoiser whose estimate is kept within a range by feature: what another denoiser estimates beyond it is
/// moved to the range's end.
///
/// The exact estimate `E[x_0 | x_t]` is a mean of clean rows, so it lies within their range: where that range
/// is given, to move an estimate to its end never takes it further from the exact one. It matters where an
/// error of the network is large in the clean row: that of a noise prediction at alpha = 5e-5 is 20,000
/// times as large. Source: Saharia et al. 2022, "Photorealistic text-to-image diffusion models", section 2.3
/// (static thresholding), with the data's own range in place of −1..1.
///
/// An estimate that is not finite becomes NaN: it is lost, not merely large. [Level steps](LevelSteps) that
/// the other denoiser makes by itself stay as they are, for they estimate no row.
pub struct Bounded<'a> {
    denoiser: &'a dyn Denoiser,
    range: Vec<[f64; 2]>,
    /// The least and the most of each feature, over and over: those of several rows.
    ends: [Vec<f32>; 2],
}

/// Numbers that the host bounds at a time, so that it does so by vectors.
const AT_ONCE: usize = 256;

impl<'a> Bounded<'a> {
    /// The denoiser with its estimate kept within `range`, the least and the most of each feature.
    ///
    /// # Errors
    /// An end that is NaN, or a least above its most.
    pub fn new(denoiser: &'a dyn Denoiser, range: Vec<[f64; 2]>) -> Result<Self, TrainError> {
        let is_none = |[least, most]: &&[f64; 2]| least > most || least.is_nan() || most.is_nan();
        match range.iter().find(is_none) {
            None => {
                let rows = AT_ONCE.div_ceil(range.len().max(1));
                let ends = [0, 1].map(|end| {
                    let row: Vec<_> = range.iter().map(|ends| ends[end] as f32).collect();
                    row.repeat(rows)
                });
                Ok(Self { denoiser, range, ends })
            }
            Some([least, most]) => {
                let message =
                    format!("needs a range from its least to its most, got {least} to {most}");
                Err(TrainError::config("sample.bound", message))
            }
        }
    }

    /// Moves rows into the range in one pass, where they lie in the host's memory.
    fn on_host(&self, rows: Tensor<2>) -> Tensor<2> {
        let device = rows.device();
        let mut data = rows.into_data();
        let [least, most] = &self.ends;
        // The rows are of 32-bit floats, so that there is no error.
        for values in data.as_mut_slice::<f32>().unwrap_or_default().chunks_mut(least.len().max(1))
        {
            for ((x, least), most) in values.iter_mut().zip(least).zip(most) {
                let within = x.max(*least).min(*most);
                *x = if x.is_finite() { within } else { f32::NAN };
            }
        }
        Tensor::from_data(data, &device)
    }

    /// Moves rows into the range by operations of their device.
    fn on_device(&self, rows: Tensor<2>) -> Tensor<2> {
        let place = (&rows.device(), rows.dtype());
        let [least, most] = [0, 1].map(|end| {
            let values: Vec<f64> = self.range.iter().map(|ends| ends[end]).collect();
            let values = TensorData::new(values, [1, self.range.len()]);
            Tensor::<2>::from_data(values, place).expand(rows.dims())
        });
        let lost = rows.clone().is_finite().bool_not();
        rows.max_pair(least).min_pair(most).mask_fill(lost, f32::NAN)
    }
}

impl Denoiser for Bounded<'_> {
    fn denoise(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        let rows = self.denoiser.denoise(x, level)?;
        let (features, ends) = (rows.dims()[1], self.range.len());
        if features != ends {
            let message = format!("a bound of {ends} features for rows of {features}");
            return Err(CoreError::Own(message));
        }
        let on_host = is_processor(&rows.device()) && rows.dtype() == DType::F32;
        Ok(if on_host { self.on_host(rows) } else { self.on_device(rows) })
    }

    fn level_steps(&self) -> Option<&dyn LevelSteps> {
        self.denoiser.level_steps()
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use langevin_core::{Betas, Ddim, End, NoiseSchedule, Plan, Transition, cosine_betas, sample};

    use super::*;

    /// The exact denoiser of N(0, 1) along each axis, whose estimated noise is off by a number.
    struct OffBy(f64);

    impl Denoiser for OffBy {
        fn denoise(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
            let (alpha, sigma) = (level.alpha(), level.sigma());
            let exact = x.mul_scalar(alpha / (alpha * alpha + sigma * sigma));
            Ok(exact.sub_scalar(sigma / alpha * self.0))
        }
    }

    fn on(device: &Device, values: &[f64], dtype: DType) -> Tensor<2> {
        let data = TensorData::new(values.to_vec(), [values.len() / 2, 2]);
        Tensor::from_data(data, (device, dtype))
    }

    fn rows(values: &[f64]) -> Tensor<2> {
        on(&Device::flex(), values, DType::F64)
    }

    fn numbers(rows: Tensor<2>) -> Vec<f64> {
        rows.into_data().iter::<f64>().collect()
    }

    #[test]
    fn an_estimate_is_moved_to_the_end_of_its_feature_s_range() {
        let exact = OffBy(0.0);
        let bounded = Bounded::new(&exact, vec![[-1.0, 2.0], [0.5, 0.5]]).expect("a range");
        let level = NoiseLevel::new(1.0, 0.0).expect("valid");
        // In 32 bits on the host, in 64 and on a GPU by operations of the device.
        let mut places = vec![(Device::flex(), DType::F32), (Device::flex(), DType::F64)];
        #[cfg(feature = "gpu")]
        places.extend(crate::engine::tests::gpu().map(|gpu| (gpu, DType::F32)));
        for (device, dtype) in places {
            let denoised = |values: &[f64]| {
                let rows = on(&device, values, dtype);
                let denoised = bounded.denoise(rows, &level).expect("a level");
                assert_eq!(denoised.dtype(), dtype);
                let data = denoised.into_data();
                data.iter::<f64>().collect::<Vec<_>>()
            };
            let within = denoised(&[-3.0, -3.0, 0.25, 0.5, 7.0, 9.0]);
            assert_eq!(within, [-1.0, 0.5, 0.25, 0.5, 2.0, 0.5], "{dtype:?}");
            let lost = denoised(&[f64::NAN, 0.0, f64::INFINITY, f64::NEG_INFINITY]);
            let is_lost: Vec<bool> = lost.iter().map(|x| x.is_nan()).collect();
            assert_eq!(is_lost, [true, false, true, true], "a bound hides no lost number");
        }
    }

    #[test]
    fn rows_of_another_width_are_refused() {
        let exact = OffBy(0.0);
        let bounded = Bounded::new(&exact, vec![[f64::NEG_INFINITY, f64::INFINITY]]);
        let level = NoiseLevel::new(1.0, 0.5).expect("valid");
        let error = bounded.expect("a range").denoise(rows(&[0.0, 1.0]), &level).err();
        let message = error.expect("two features for one").to_string();
        assert!(message.contains("a bound of 1 features for rows of 2"), "{message}");
    }

    #[test]
    fn a_range_from_its_end_to_its_beginning_is_refused() {
        let exact = OffBy(0.0);
        for range in [[2.0, 1.0], [f64::NAN, 1.0], [0.0, f64::NAN]] {
            let message = Bounded::new(&exact, vec![[0.0, 1.0], range]).err().expect("refused");
            assert!(message.to_string().starts_with("sample.bound: needs a range"), "{message}");
        }
    }

    #[test]
    fn a_small_error_of_a_noise_prediction_no_longer_throws_ddim_out_on_cosine_betas() {
        // The cosine schedule begins at alpha = 5e-5; a hundredth of the noise is then 200 of the data's
        // standard deviations. Rows that stand for N(0, 1): its quantiles.
        let grid = Betas::new(&cosine_betas(1000).expect("valid")).expect("valid");
        let start: Vec<f64> = (-50..=50).map(|i| f64::from(i) / 20.0).collect();
        let spread = |x: &[f64]| (x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64).sqrt();
        for steps in [50, 20] {
            let levels = grid.levels(steps).expect("levels");
            let plan = Plan::through(&levels, End::default()).expect("a plan");
            let run = |denoiser: &dyn Denoiser| {
                let x = rows(&start.iter().flat_map(|x| [*x, *x]).collect::<Vec<_>>());
                let ddim = Ddim::new(0.0).expect("valid");
                let mut noise = |_: &Transition| rows(&[]);
                let drawn = sample(&ddim, denoiser, &plan, x, &mut noise, &mut |_| {});
                spread(&numbers(drawn.expect("drawn")))
            };
            let exact = run(&OffBy(0.0));
            for error in [0.01, -0.01] {
                let off = OffBy(error);
                assert!(run(&off) > 2.0 * exact, "unbounded {}", run(&off));
                let bounded = Bounded::new(&off, vec![[-4.0, 4.0]; 2]).expect("a range");
                assert!((run(&bounded) / exact - 1.0).abs() < 0.1, "{steps}: {}", run(&bounded));
            }
        }
    }
}
