//! [`Told`] and [`Unseen`]: denoisers of rows of which some features are told.

use burn::tensor::Tensor;

use crate::{CoreError, Denoiser, NoiseLevel};

/// Denoiser that does not see the cells which are told: there are zeros in their place, as in training.
pub struct Unseen<'a> {
    denoiser: &'a dyn Denoiser,
    open: Option<Tensor<2>>,
}

impl<'a> Unseen<'a> {
    /// The denoiser that sees the cells alone where `open`, of the shape of the rows, is 1; all without it.
    pub const fn new(denoiser: &'a dyn Denoiser, open: Option<Tensor<2>>) -> Self {
        Self { denoiser, open }
    }
}

impl Denoiser for Unseen<'_> {
    fn denoise(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        match &self.open {
            Some(open) => {
                let x = x.mask_fill(open.clone().equal_scalar(0.0), 0.0);
                self.denoiser.denoise(x, level)
            }
            None => self.denoiser.denoise(x, level),
        }
    }
}

/// Denoiser of whole rows of which some features are told: the estimate of these is their value, and another denoiser
/// estimates the rest.
///
/// A row holds the features that the other denoiser draws, and behind them those that it never draws. Of the first, each
/// row may have some told. So sampling leads what is told straight to its value: with `x = alpha · told + sigma · z` at
/// the start, whatever z is, it is there on the way too.
pub struct Told<'a> {
    denoiser: &'a dyn Denoiser,
    values: Tensor<2>,
    open: Option<Tensor<2>>,
    drawn: usize,
}

impl<'a> Told<'a> {
    /// The denoiser of these rows, all of them and in this order. `denoiser` estimates their first `drawn` features.
    ///
    /// # Shapes
    /// `values` `[batch, features]`, the clean values of what is told, and numbers of no account elsewhere; `open`
    /// `[batch, drawn]`, 1 where a feature is drawn and 0 where it is told, `None` where all are drawn.
    pub const fn new(
        denoiser: &'a dyn Denoiser,
        values: Tensor<2>,
        open: Option<Tensor<2>>,
        drawn: usize,
    ) -> Self {
        Self { denoiser, values, open, drawn }
    }
}

impl Denoiser for Told<'_> {
    fn denoise(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        let ([rows, features], [told_rows, told_features]) = (x.dims(), self.values.dims());
        if (rows, features) != (told_rows, told_features) {
            let requirement = format!("must hold {rows} rows of {features} features");
            let got = format!("{told_rows} of {told_features}");
            return Err(CoreError::parameter("told values", requirement, got));
        }
        let denoised = self.denoiser.denoise(x.narrow(1, 0, self.drawn), level)?;
        let denoised = match &self.open {
            None => denoised,
            Some(open) => {
                // What is estimated in place of what is told was never learnt, and may be anything.
                let values = self.values.clone().narrow(1, 0, self.drawn);
                denoised.mask_where(open.clone().equal_scalar(0.0), values)
            }
        };
        if self.drawn == features {
            return Ok(denoised);
        }
        let told = self.values.clone().narrow(1, self.drawn, features - self.drawn);
        Ok(Tensor::cat(vec![denoised, told], 1))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    /// Denoiser that adds 10 to what it sees, and makes nothing of 0.
    struct Seen;

    impl Denoiser for Seen {
        fn denoise(&self, x: Tensor<2>, _level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
            let nothing = x.clone().equal_scalar(0.0);
            Ok((x + 10.0).mask_fill(nothing, f32::NAN))
        }
    }

    fn rows(values: &[f32], columns: usize) -> Tensor<2> {
        let data = TensorData::new(values.to_vec(), [values.len() / columns, columns]);
        Tensor::from_data(data, &Device::flex())
    }

    fn read(x: Tensor<2>) -> Vec<f32> {
        x.into_data().try_into_vec().expect("f32")
    }

    #[test]
    fn what_is_told_is_its_value_and_is_not_seen() {
        let level = NoiseLevel::new(1.0, 0.5).expect("valid");
        let x = rows(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3);
        let values = || rows(&[-1.0, -2.0, -3.0, -4.0, -5.0, -6.0], 3);
        let behind = Told::new(&Seen, values(), None, 2);
        let got = read(behind.denoise(x.clone(), &level).expect("a level"));
        assert_eq!(got, [11.0, 12.0, -3.0, 14.0, 15.0, -6.0]);
        let open = || Some(rows(&[1.0, 0.0, 0.0, 0.0, 0.0, 1.0], 3));
        let unseen = Unseen::new(&Seen, open());
        let got = read(unseen.denoise(x.clone(), &level).expect("a level"));
        assert_eq!((got[0], got[5]), (11.0, 16.0));
        assert!(got[1..5].iter().all(|x| x.is_nan()), "{got:?}");
        let among = Told::new(&unseen, values(), open(), 3);
        let got = read(among.denoise(x.clone(), &level).expect("a level"));
        assert_eq!(got, [11.0, -2.0, -3.0, -4.0, -5.0, 16.0]);
        let other = Told::new(&Seen, rows(&[0.0; 3], 3), None, 2);
        let message = other.denoise(x, &level).expect_err("one row for two").to_string();
        assert_eq!(message, "told values: must hold 2 rows of 3 features, got 1 of 3");
    }
}
