//! Remarks on the levels of the sampling, made where the run file asks for a figure of them.

use langevin_data::{Dataset, LevelDensity};

use crate::{
    config::{FigureKind, ReportConfig},
    sample::Samples,
    show::numbers::number,
};

/// Remarks with the exact density of every level in numbers, and with the convergence to the nearest
/// mode.
pub(crate) fn level_remarks(
    report: &ReportConfig,
    data: &dyn Dataset,
    samples: &Samples,
) -> Vec<String> {
    let wants = |kind| report.figures.contains(&kind);
    let mut remarks = Vec::new();
    if data.features() == 1 && (wants(FigureKind::Density) || wants(FigureKind::Cumulative)) {
        let densities = samples.levels.iter().enumerate().filter_map(|(step, seen)| {
            let level = seen.level;
            let exact = LevelDensity::new(data, level.alpha(), level.sigma()).ok()?;
            Some(format!(
                "density at step {step}, alpha {:.5}, sigma {:.5}: integral {:.9}, mean {:.5}, std {:.5}; \
                 samples: mean {:.5}, std {:.5}",
                level.alpha(),
                level.sigma(),
                exact.integral(),
                exact.mean(),
                exact.std(),
                seen.mean[0],
                seen.std[0]
            ))
        });
        remarks.extend(densities);
    }
    if wants(FigureKind::Convergence) {
        let values: Vec<_> = samples.levels.iter().filter_map(|seen| seen.convergence).collect();
        if !values.is_empty() {
            let values: Vec<_> = values.into_iter().map(number).collect();
            remarks.push(format!(
                "convergence, the mean squared distance to the nearest mode, level by level: {}",
                values.join(", ")
            ));
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use langevin_core::NoiseLevel;
    use langevin_data::Gaussian;

    use super::*;
    use crate::sample::LevelSummary;

    #[test]
    fn a_level_s_exact_density_is_put_beside_its_samples() {
        let data = Gaussian::new(vec![1.0], 0.01).expect("valid");
        let level = NoiseLevel::new(0.6, 0.8).expect("valid");
        let summary = |convergence| LevelSummary {
            level,
            mean: vec![0.58],
            std: vec![0.81],
            convergence: Some(convergence),
        };
        let samples = Samples {
            told: Vec::new(),
            features: 1,
            values: vec![1.0],
            levels: vec![summary(2.5), summary(0.00123)],
            trajectory: Vec::new(),
        };
        let mut report = ReportConfig { figures: vec![FigureKind::Density], ..Default::default() };
        let remarks = level_remarks(&report, &data, &samples);
        assert_eq!(remarks.len(), 2);
        assert_eq!(
            remarks[0],
            "density at step 0, alpha 0.60000, sigma 0.80000: integral 1.000000000, mean 0.60000, \
             std 0.80002; samples: mean 0.58000, std 0.81000"
        );
        report.figures = vec![FigureKind::Convergence];
        let remarks = level_remarks(&report, &data, &samples);
        assert!(remarks[0].ends_with("level by level: 2.50, 0.00123"), "{remarks:?}");
        report.figures = vec![FigureKind::Loss];
        assert!(level_remarks(&report, &data, &samples).is_empty());
    }
}
