//! [`Denoising`]: the errors of a denoiser by noise level, and how far it is from the optimum.

/// Errors of a denoiser D at each of a run's noise levels, on held-out rows x_0 with noise of their own,
/// `x_t = alpha · x_0 + sigma · eps`.
///
/// Where the data knows the optimum, `D*(x_t) = E[x_0 | x_t]`, they hold the **regret** `E |D − D*|²`: what
/// of the error `E |D − x_0|² = E |D − D*|² + E |D* − x_0|²` a better network could take away. It is the mean of
/// that square on the very rows, never the difference of two losses, whose noise would hide it. Else the errors
/// of a constant and of independent features say how much of the data's structure is learnt.
///
/// All squares are sums over the features, in the model's space.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Denoising {
    /// Number of held-out rows.
    pub rows: usize,
    /// Number of pairs of a row and its noise at each level: a multiple of `rows`.
    pub pairs: usize,
    /// The levels, noisiest first.
    pub levels: Vec<LevelErrors>,
    /// Number of levels left out, at which the denoiser has no estimate or not a finite one.
    pub left_out: usize,
    /// The regret of all levels as one number, where the optimum is known.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub regret: Option<RegretIntegral>,
}

/// Mean squared errors at one level.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LevelErrors {
    /// Signal scale.
    pub alpha: f64,
    /// Noise scale.
    pub sigma: f64,
    /// Error of the denoiser, `E |D − x_0|²`.
    pub error: Estimate,
    /// Error of a constant, the data's mean: `E |m − x_0|²`.
    pub constant: Estimate,
    /// Error of the [`IndependentFeatures`](super::IndependentFeatures) of the training rows, where the
    /// optimum is not known.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub independent: Option<Estimate>,
    /// Error of the optimum, `E |D* − x_0|²`, where it is known: the least that any denoiser has.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub optimum: Option<Estimate>,
    /// Regret of the denoiser, `E |D − D*|²`, where the optimum is known. That of an exact denoiser which
    /// computes in 32 bits is not 0 but `2^−48 |D|²` at most.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub regret: Option<Estimate>,
}

/// Estimate of an expectation: a mean, and its standard error over the rows.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Estimate {
    /// Mean over the pairs.
    pub mean: f64,
    /// Standard error of `mean`; the pairs of one row count as one.
    pub standard_error: f64,
}

/// Regret of all levels as one number, in nats: `½ ∫ E |D − D*|² d snr`, with `snr = alpha² / sigma²`.
///
/// It is the relative entropy between the paths of two processes which go from one marginal at the first of these
/// levels to the last, the reverse diffusion of D* and that of D. So it bounds the relative entropy KL(data ‖
/// model) of what they end at: of the data with the last level's noise, sampled without errors of the steps.
/// Where D is itself the posterior mean of some distribution it equals the growth of that entropy from the first
/// level to the last.
///
/// The integral is taken over the levels alone, by the trapezoidal rule in ln snr of `½ snr · E |D − D*|²`. Levels
/// without signal, where snr is 0, have no part in it.
///
/// Sources: Guo, Shamai & Verdú 2005, "Mutual information and minimum mean-square error in Gaussian channels";
/// Verdú 2010, "Mismatched estimation and relative entropy", for a posterior mean D; Song, Durkan,
/// Murray & Ermon 2021, "Maximum likelihood training of score-based diffusion models", theorem 1 for any; Kong,
/// Brekelmans & Ver Steeg 2023, "Information-theoretic diffusion".
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RegretIntegral {
    /// The integral in nats.
    pub nats: f64,
    /// Standard error of `nats` over the rows.
    pub standard_error: f64,
    /// Least and largest snr, between which the integral is taken.
    pub snr: [f64; 2],
}

/// Squared errors at one level before they are averaged: in each list one for each pair of a row and its
/// noise, the pairs of a row side by side.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SquaredErrors {
    /// Signal scale.
    pub alpha: f64,
    /// Noise scale.
    pub sigma: f64,
    /// `|D − x_0|²`.
    pub error: Vec<f64>,
    /// `|m − x_0|²`.
    pub constant: Vec<f64>,
    /// The same of independent features.
    pub independent: Option<Vec<f64>>,
    /// `|D* − x_0|²`.
    pub optimum: Option<Vec<f64>>,
    /// `|D − D*|²`.
    pub regret: Option<Vec<f64>>,
}

impl Denoising {
    /// The errors of these levels, noisiest first, each with `repeats` pairs a row. Levels whose errors are
    /// not finite are left out, beside those that the caller has `left_out` already.
    #[must_use]
    pub fn of(mut levels: Vec<SquaredErrors>, repeats: usize, left_out: usize) -> Self {
        let all = levels.len();
        levels.retain(SquaredErrors::is_finite);
        let pairs = levels.first().map_or(0, |level| level.error.len());
        let regret = RegretIntegral::of(&levels, repeats);
        Self {
            rows: pairs / repeats.max(1),
            pairs,
            left_out: left_out + all - levels.len(),
            regret,
            levels: levels.iter().map(|level| level.means(repeats)).collect(),
        }
    }

    /// The level with the largest part in the [`RegretIntegral`], which has the largest `snr · E |D − D*|²`.
    #[must_use]
    pub fn worst(&self) -> Option<&LevelErrors> {
        let part = |level: &LevelErrors| level.snr() * level.regret.map_or(0.0, |r| r.mean);
        let known = self.levels.iter().filter(|level| level.regret.is_some());
        known.max_by(|a, b| part(a).total_cmp(&part(b)))
    }
}

impl LevelErrors {
    /// The ratio `sigma / alpha`, infinite at alpha = 0.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.sigma / self.alpha
    }

    /// The signal-to-noise ratio `alpha² / sigma²`.
    #[must_use]
    pub fn snr(&self) -> f64 {
        (self.alpha / self.sigma).powi(2)
    }

    /// The regret in units of the optimum's own error, which can be compared between levels.
    #[must_use]
    pub fn relative_regret(&self) -> Option<f64> {
        Some(self.regret?.mean / self.optimum?.mean)
    }
}

impl Estimate {
    /// The mean of `values`, of which each `repeats` side by side belong to one row, with its standard error
    /// over the rows; over the values where there is one row alone.
    #[must_use]
    pub fn over_rows(values: &[f64], repeats: usize) -> Self {
        let repeats = if repeats < values.len() { repeats.max(1) } else { 1 };
        let rows = values.chunks_exact(repeats);
        let means: Vec<f64> = rows.map(|row| row.iter().sum::<f64>() / repeats as f64).collect();
        let count = means.len() as f64;
        let mean = means.iter().sum::<f64>() / count;
        let squares: f64 = means.iter().map(|value| (value - mean).powi(2)).sum();
        Self { mean, standard_error: (squares / (count * (count - 1.0).max(1.0))).sqrt() }
    }
}

impl RegretIntegral {
    /// The integral over these levels, noisiest first; none where fewer than two of them have signal and a
    /// regret.
    fn of(levels: &[SquaredErrors], repeats: usize) -> Option<Self> {
        let known: Vec<(f64, &[f64])> = levels
            .iter()
            .filter_map(|level| {
                Some(((level.alpha / level.sigma).powi(2), level.regret.as_deref()?))
            })
            .filter(|(snr, _)| *snr > 0.0 && snr.is_finite())
            .collect();
        let [(first, regrets), .., (last, _)] = known.as_slice() else { return None };
        let mut nats = vec![0.0; regrets.len()];
        for (i, (snr, regrets)) in known.iter().enumerate() {
            let (before, after) =
                (known[i.saturating_sub(1)].0, known[(i + 1).min(known.len() - 1)].0);
            // Half the distance of its neighbours in ln snr is a level's weight in the trapezoidal rule.
            let weight = 0.5 * (after / before).ln() * 0.5 * snr;
            nats.iter_mut().zip(*regrets).for_each(|(sum, regret)| *sum += weight * regret);
        }
        let Estimate { mean, standard_error } = Estimate::over_rows(&nats, repeats);
        mean.is_finite().then_some(Self { nats: mean, standard_error, snr: [*first, *last] })
    }
}

impl SquaredErrors {
    /// Appends the errors of more pairs at the same level. What one side does not know, neither do both.
    pub fn append(&mut self, other: Self) {
        let join = |own: &mut Option<Vec<f64>>, other: Option<Vec<f64>>| match (own.as_mut(), other)
        {
            (Some(own), Some(other)) => own.extend(other),
            _ => *own = None,
        };
        self.error.extend(other.error);
        self.constant.extend(other.constant);
        join(&mut self.independent, other.independent);
        join(&mut self.optimum, other.optimum);
        join(&mut self.regret, other.regret);
    }

    fn is_finite(&self) -> bool {
        let optional = [&self.independent, &self.optimum, &self.regret].into_iter().flatten();
        let all = [&self.error, &self.constant].into_iter().chain(optional);
        // A sum of squares that are finite may overflow, and JSON has no infinity.
        all.into_iter().all(|values| values.iter().map(|v| v * v).sum::<f64>().is_finite())
    }

    fn means(&self, repeats: usize) -> LevelErrors {
        let mean = |values: &Vec<f64>| Estimate::over_rows(values, repeats);
        LevelErrors {
            alpha: self.alpha,
            sigma: self.sigma,
            error: mean(&self.error),
            constant: mean(&self.constant),
            independent: self.independent.as_ref().map(mean),
            optimum: self.optimum.as_ref().map(mean),
            regret: self.regret.as_ref().map(mean),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(alpha: f64, sigma: f64, regret: Vec<f64>) -> SquaredErrors {
        let error = vec![1.0; regret.len()];
        SquaredErrors {
            alpha,
            sigma,
            constant: error.clone(),
            independent: None,
            optimum: Some(error.clone()),
            error,
            regret: Some(regret),
        }
    }

    #[test]
    fn pairs_of_one_row_count_as_one_in_the_standard_error() {
        let values = [1.0, 3.0, 5.0, 7.0];
        assert_eq!(Estimate::over_rows(&values, 2), Estimate { mean: 4.0, standard_error: 2.0 });
        // One row alone: over its pairs.
        let alone = Estimate::over_rows(&values, 4);
        assert_eq!(alone, Estimate::over_rows(&values, 1));
        assert!((alone.standard_error - (20.0_f64 / 12.0).sqrt()).abs() < 1e-15);
    }

    /// On a Gaussian N(0, d²) the constant 0 has the regret `d² w / (1 + w)`, `w = d² snr`, whose integral is
    /// `½ (w − ln(1 + w))`.
    #[test]
    fn the_integral_of_a_constant_s_regret_is_its_closed_form() {
        let d: f64 = 0.7;
        let closed = |snr: f64| 0.5 * (d * d * snr - (d * d * snr).ln_1p());
        // Karras's levels, whose distances in ln snr differ.
        let levels = |count: usize| -> Vec<SquaredErrors> {
            let sigma = |i: usize| {
                let [from, to] = [20.0_f64, 0.05].map(|sigma| sigma.powf(1.0 / 7.0));
                (from + i as f64 / (count - 1) as f64 * (to - from)).powi(7)
            };
            let level = |i| {
                let alpha: f64 = 0.5;
                let w = (d * alpha / sigma(i)).powi(2);
                level(alpha, sigma(i), vec![d * d * w / (1.0 + w); 3])
            };
            (0..count).map(level).collect()
        };
        for count in [40, 128] {
            let levels = levels(count);
            let snrs: Vec<f64> = levels.iter().map(|l| (l.alpha / l.sigma).powi(2)).collect();
            let found = Denoising::of(levels, 1, 0).regret.expect("known");
            let want = closed(snrs[count - 1]) - closed(snrs[0]);
            // With f the integrand over ln snr, 0 < f'' <= 4 f, and f grows by a factor of exp(2 h) at most
            // within a step h: so the trapezoidal rule is above the integral, by h² / 3 exp(2 h) at most.
            let h = snrs.windows(2).map(|pair| (pair[1] / pair[0]).ln()).fold(0.0, f64::max);
            let off = found.nats / want - 1.0;
            assert!(off > 0.0 && off < h * h / 3.0 * (2.0 * h).exp(), "{count}: {off}, h = {h}");
            assert_eq!((found.snr, found.standard_error), ([snrs[0], snrs[count - 1]], 0.0));
        }
    }

    #[test]
    fn the_integral_s_standard_error_is_over_the_rows() {
        // The same rows are worse at every level, so the errors of the levels do not cancel.
        let levels = vec![level(1.0, 1.0, vec![1.0, 3.0]), level(1.0, 0.5, vec![2.0, 6.0])];
        let found = Denoising::of(levels, 1, 0).regret.expect("known");
        // Weights ½ · ½ ln 4 · snr: rows (1 + 8) and (3 + 24).
        let weight = 0.25 * 4_f64.ln();
        assert!((found.nats - 18.0 * weight).abs() < 1e-14, "{found:?}");
        assert!((found.standard_error - 9.0 * weight).abs() < 1e-14, "{found:?}");
    }

    #[test]
    fn levels_without_signal_have_no_part_and_those_not_finite_are_left_out() {
        let all = vec![
            level(0.0, 1.0, vec![5.0; 2]),
            level(1.0, 1.0, vec![1.0; 2]),
            level(1.0, 0.7, vec![f64::INFINITY, 1.0]),
            level(1.0, 0.5, vec![0.5; 2]),
        ];
        let found = Denoising::of(all, 1, 1);
        assert_eq!((found.levels.len(), found.left_out, found.rows, found.pairs), (3, 2, 2, 2));
        let regret = found.regret.expect("known");
        assert_eq!(regret.snr, [1.0, 4.0]);
        // ½ · ½ ln 4 · (1 · 1 + 4 · 0.5).
        assert!((regret.nats - 0.75 * 4_f64.ln()).abs() < 1e-14, "{regret:?}");
        let worst = found.worst().expect("known");
        assert_eq!((worst.sigma, worst.relative_regret()), (0.5, Some(0.5)));
        let one = Denoising::of(vec![level(1.0, 1.0, vec![1.0])], 1, 0);
        assert_eq!(one.regret, None, "no integral over one level");
    }

    #[test]
    #[cfg(feature = "serde")]
    fn what_is_not_known_is_left_out_of_the_file_and_read_as_such() {
        let unknown = SquaredErrors { optimum: None, regret: None, ..level(1.0, 0.1, vec![1.0]) };
        let found = Denoising::of(vec![unknown], 1, 0);
        let text = serde_json::to_string(&found).expect("finite");
        assert!(!text.contains("null") && !text.contains("regret"), "{text}");
        assert_eq!(serde_json::from_str::<Denoising>(&text).expect("ours"), found);
    }
}
