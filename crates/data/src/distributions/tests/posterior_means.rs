//! Posterior means of the distributions, against other ways to the same numbers.

use super::*;

#[test]
fn gaussians_and_mixtures_state_their_posterior_means() {
    let gaussian = Gaussian::new(vec![0.5, -1.0], 2.0).expect("valid");
    let eight = EightGaussians::new(1.0, 0.1).expect("valid");
    let mixture =
        GaussianMixture::new(vec![vec![1.0, 0.0], vec![0.0, 2.0]], 0.3, None).expect("valid");
    let (alpha, sigma) = (0.6, 0.8);
    let rows = [1.7, -0.2, 0.1, 0.4];
    for data in [&gaussian as &dyn Dataset, &eight, &mixture] {
        let means = data.posterior_means(&rows, alpha, sigma).expect("known");
        for (x, mean) in rows.chunks_exact(2).zip(means.chunks_exact(2)) {
            // Tweedie: alpha D = x + sigma² ∇ ln p(x), by central differences of order 2.
            for (i, mean) in mean.iter().enumerate() {
                let h = 1e-4;
                let at = |by: f64| {
                    let mut x = x.to_vec();
                    x[i] += by;
                    data.diffused_log_density(alpha, sigma, &x).expect("known")
                };
                let score = (at(h) - at(-h)) / (2.0 * h);
                let want = (x[i] + sigma * sigma * score) / alpha;
                // h² / 6 times a third derivative of up to some 10, and 1e-16 / h of rounding.
                assert!((mean - want).abs() < 1e-6, "{mean} {want}");
            }
        }
    }
}

/// A distribution near a curve, and points along that curve, enough for a plain sum and equally likely.
type Curve = (Box<dyn Dataset>, Vec<[f64; 2]>);

fn curves() -> Vec<Curve> {
    const POINTS: usize = 200_000;
    let along = |at: &dyn Fn(f64) -> [f64; 2]| -> Vec<[f64; 2]> {
        (0..POINTS).map(|i| at((i as f64 + 0.5) / POINTS as f64)).collect()
    };
    let circle = |radius: f64, turns: f64| {
        let angle = std::f64::consts::TAU * turns;
        [radius * angle.cos(), radius * angle.sin()]
    };
    let upper = along(&|u| circle(1.0, u / 2.0));
    let lower =
        along(&|u| circle(1.0, u / 2.0).map(|c| -c)).into_iter().map(|[x, y]| [x + 1.0, y + 0.5]);
    let moons = upper.into_iter().chain(lower).collect();
    let spiral = along(&|u| circle(u.sqrt(), 2.0 * u.sqrt()));
    let roll = along(&|u| circle(0.1 * std::f64::consts::PI * (1.5 + 3.0 * u), 0.75 + 1.5 * u));
    let rings = [0.5, 1.2].into_iter().flat_map(|r| along(&|u| circle(r, u))).collect();
    vec![
        (Box::new(TwoMoons::new(0.05).expect("valid")), moons),
        (Box::new(Spiral::new(2.0, 0.02).expect("valid")), spiral),
        (Box::new(SwissRoll::new(0.04).expect("valid")), roll),
        (Box::new(Rings::new(vec![0.5, 1.2], 0.03).expect("valid")), rings),
    ]
}

#[test]
fn posterior_means_near_a_curve_are_a_plain_sum_s_along_it() {
    for ((data, points), noise) in curves().iter().zip([0.05, 0.02, 0.04, 0.03_f64]) {
        for (alpha, sigma) in [(1.0, 0.002), (1.0, 0.3), (0.4, 0.9), (1.0, 20.0), (0.0, 1.0)] {
            let mut rows = [0.0; 12];
            let mut stream = Streams::new(1).at(Purpose::Reference, 0, 0);
            data.draw(Part::HeldOut, &mut stream, &mut rows);
            let mut eps = [0.0; 12];
            stream.fill_normal_rows(&mut eps, 2);
            // The last row is far from the curve, in units of the noise.
            eps[10] = 5.0;
            let x: Vec<f64> = rows.iter().zip(eps).map(|(x0, e)| alpha * x0 + sigma * e).collect();
            let found = data.posterior_means(&x, alpha, sigma).expect("known");
            let v = (alpha * noise).powi(2) + sigma * sigma;
            for (x, found) in x.chunks_exact(2).zip(found.chunks_exact(2)) {
                let log = |c: &[f64; 2]| {
                    -((x[0] - alpha * c[0]).powi(2) + (x[1] - alpha * c[1]).powi(2)) / (2.0 * v)
                };
                let largest = points.iter().map(log).fold(f64::NEG_INFINITY, f64::max);
                let (mut sum, mut moments) = (0.0, [0.0; 2]);
                for c in points {
                    let weight = (log(c) - largest).exp();
                    sum += weight;
                    moments.iter_mut().zip(c).for_each(|(moment, c)| *moment += weight * c);
                }
                for (i, found) in found.iter().enumerate() {
                    let on_curve = moments[i] / sum;
                    let want = on_curve + alpha * noise * noise / v * (x[i] - alpha * on_curve);
                    // The sum's own error, at an arc's ends, is some (spacing / √v)² < 1e-5, of √v.
                    assert!((found - want).abs() < 1e-5, "{alpha} {sigma}: {found} {want}");
                }
            }
        }
        let without =
            data.posterior_means(&[0.0, 0.0], 1.0, 0.0).expect("the noise of the curve is there");
        assert!(without.iter().all(|mean| mean.is_finite()));
    }
    // Without any noise a row off the curve has no posterior.
    for sigma in [0.0, 1e-9] {
        let bare = TwoMoons::new(0.0).expect("valid");
        assert_eq!(bare.posterior_means(&[0.0; 2], 1.0, sigma), None);
        assert_eq!(bare.posterior_means(&[0.0; 2], 0.0, 0.0), None);
    }
}

/// The error of a posterior mean is uncorrelated with all that is known of the noisy row.
#[test]
fn posterior_means_are_those_of_the_rows_that_are_drawn() {
    const ROWS: usize = 20_000;
    for (data, _) in curves() {
        for (alpha, sigma) in [(1.0, 0.1), (0.6, 0.8)] {
            let mut clean = vec![0.0; 2 * ROWS];
            let mut stream = Streams::new(2).at(Purpose::Reference, 0, 0);
            data.draw(Part::HeldOut, &mut stream, &mut clean);
            let mut x = vec![0.0; 2 * ROWS];
            stream.fill_normal_rows(&mut x, 2);
            x.iter_mut().zip(&clean).for_each(|(x, x0)| *x = alpha * x0 + sigma * *x);
            let found = data.posterior_means(&x, alpha, sigma).expect("known");
            type Known = fn(&[f64]) -> f64;
            let known: [Known; 4] = [|_| 1.0, |x| x[0], |x| x[1], |x| x[0] * x[1]];
            for (axis, known) in (0..2).flat_map(|axis| known.map(|known| (axis, known))) {
                let rows = x.chunks_exact(2).zip(found.chunks_exact(2)).zip(clean.chunks_exact(2));
                let products = rows.map(|((x, found), x0)| (x0[axis] - found[axis]) * known(x));
                let (sum, squares) =
                    products.fold((0.0, 0.0), |(sum, squares), p| (sum + p, squares + p * p));
                // Five standard deviations of the sum.
                assert!(sum.abs() < 5.0 * f64::sqrt(squares), "{alpha} {sigma} {axis}: {sum}");
            }
        }
    }
}
