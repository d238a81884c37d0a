//! The mixture of a row's unknown numbers, given the known ones.

use super::*;

/// Two components of four features: of fewer, a block of known and unknown ones is a row or a column, which is its
/// own transpose in memory.
fn four_features() -> GaussianMixture {
    let covariance = [
        [1.0, 0.4, -0.2, 0.3],
        [0.4, 0.8, 0.1, -0.3],
        [-0.2, 0.1, 0.6, 0.2],
        [0.3, -0.3, 0.2, 0.9],
    ];
    let covariance = covariance.map(|row| row.to_vec()).to_vec();
    let doubled = covariance.iter().map(|row| row.iter().map(|c| 2.0 * c).collect()).collect();
    let means = vec![vec![0.3, -0.5, 0.8, 0.0], vec![-0.6, 0.2, 0.1, 1.0]];
    GaussianMixture::with_covariances(means, vec![covariance, doubled], Some(vec![1.0, 3.0]))
        .expect("valid")
}

/// The numbers of x that are known, and those that are not.
fn parted(x: &[f64], known: &[Option<f64>]) -> (Vec<f64>, Vec<f64>) {
    let (told, unknown): (Vec<_>, Vec<_>) = x.iter().zip(known).partition(|(_, y)| y.is_some());
    let numbers = |part: Vec<(&f64, _)>| part.into_iter().map(|(x, _)| *x).collect();
    (numbers(told), numbers(unknown))
}

/// `p(u | y) = p(u, y) / p(y)`, with p(y) of the mixture of the known numbers alone.
#[test]
fn the_unknown_given_the_known_has_the_density_of_both_over_that_of_the_known() {
    let isotropic = GaussianMixture::new(means(), 0.7, Some(weights())).expect("valid");
    for mixture in [mixture(), four_features(), isotropic] {
        let (means, covariances, weights) =
            (mixture.means().to_vec(), mixture.covariances(), mixture.weights());
        let features = mixture.features();
        for place in 0..3_usize.pow(features as u32) {
            let grid = |i: usize| [-1.5, -0.2, 0.9][place / 3_usize.pow(i as u32) % 3];
            let x: Vec<f64> = (0..features).map(grid).collect();
            let both = log_density(&means, &covariances, weights, &x);
            for known in subsets(&x).skip(1).take((1 << features) - 2) {
                let take = |row: &Vec<f64>| parted(row, &known).0;
                let block = |matrix: &Matrix| {
                    let rows = matrix.iter().zip(&known).filter(|(_, known)| known.is_some());
                    rows.map(|(row, _)| take(row)).collect()
                };
                let means: Matrix = means.iter().map(take).collect();
                let covariances: Vec<Matrix> = covariances.iter().map(block).collect();
                let (y, unknown) = parted(&x, &known);
                let want = both - log_density(&means, &covariances, weights, &y);
                let given = mixture.given(&known).expect("some are unknown");
                assert_eq!(given.is_isotropic(), mixture.is_isotropic());
                let found = given.log_density(&unknown).expect("closed");
                close(found, want, 1e-12, &format!("{known:?}"));
            }
        }
        assert_eq!(mixture.given(&vec![None; features]), Ok(mixture));
    }
}

#[test]
fn components_that_the_known_numbers_rule_out_are_left_out() {
    let means = vec![vec![0.0, 1.0], vec![100.0, 2.0], vec![200.0, 3.0]];
    let covariance = vec![vec![1.0, 0.5], vec![0.5, 1.0]];
    let full = GaussianMixture::with_covariances(means.clone(), vec![covariance; 3], None);
    let isotropic = GaussianMixture::new(means, 1.0, None);
    for (mixture, tilt) in [(full.expect("valid"), 0.5), (isotropic.expect("valid"), 0.0)] {
        let given = mixture.given(&[Some(201.0), None]).expect("one is unknown");
        assert_eq!((given.means(), given.weights()), (&[vec![3.0 + tilt]][..], &[1.0][..]));
        // Far out the nearest is left, by the logarithms of densities that are 0.
        let given = mixture.given(&[Some(-1e6), None]).expect("one is unknown");
        assert_eq!(given.means(), [[1.0 - tilt * 1e6]]);
        // Halfway between two both are left, and balance ends.
        let given = mixture.clone().balanced().and_then(|m| m.given(&[Some(150.0), None]));
        let given = given.expect("one is unknown");
        assert_eq!(given.weights(), [0.5, 0.5]);
        assert_eq!(given.covariances()[0], [[1.0 - tilt * tilt]]);
        assert_eq!(given, mixture.given(&[Some(150.0), None]).expect("one is unknown"));
    }
}
