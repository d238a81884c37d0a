//! Draws, columns, moments and the density of clean rows.

use super::*;

#[test]
fn the_moments_are_those_of_all_combinations_and_of_many_rows() {
    let (mixture, count) = (mixture(3, &[2, 3, 5]), 60_000);
    let (all, features) = (combinations(&mixture), mixture.features());
    let covariance = mixture.covariance().expect("known");
    let variance = mixture.variance().expect("known");
    let mut rows = vec![0.0; count * features];
    let mut stream = Streams::new(6).at(Purpose::Data, 0, 0);
    mixture.draw(Part::Training, &mut stream, &mut rows);
    assert_eq!(stream.position(), count as u64 * mixture.words_per_row());
    for i in 0..features {
        let mean: f64 = all.iter().map(|own| own.weight * own.means[i]).sum();
        assert!(mean.abs() < 1e-13, "{i}: {mean}");
        for j in 0..features {
            let of = |own: &Combination| {
                let within = if i == j { own.variances[i] } else { 0.0 };
                own.weight * (own.means[i] * own.means[j] + within)
            };
            let want: f64 = all.iter().map(of).sum();
            assert!((covariance[i][j] - want).abs() < 1e-13, "{i} {j}");
            let products: Vec<f64> = rows.chunks_exact(features).map(|x| x[i] * x[j]).collect();
            let found = products.iter().sum::<f64>() / count as f64;
            let spread = products.iter().map(|x| (x - found).powi(2)).sum::<f64>().sqrt();
            let error = (spread / count as f64).max(1e-12);
            assert!((found - want).abs() < 5.0 * error, "{i} {j}: {found} for {want}");
        }
        assert!((variance[i] - covariance[i][i]).abs() < 1e-13, "{i}");
        assert!(i >= 3 || (variance[i] - 1.0).abs() < 1e-13, "numbers are standardised");
    }
}

#[test]
fn a_row_s_place_decides_it_and_its_values_come_back() {
    let mixture = mixture(3, &[2, 3, 5, 8]);
    let mut rows = vec![0.0; 50 * 21];
    mixture.draw(Part::Training, &mut Streams::new(6).at(Purpose::Data, 2, 0), &mut rows);
    let mut later = vec![0.0; 10 * 21];
    let word = 40 * mixture.words_per_row();
    mixture.draw(Part::HeldOut, &mut Streams::new(6).at(Purpose::Data, 2, word), &mut later);
    assert_eq!(rows[40 * 21..], later);
    for row in rows.chunks_exact(21) {
        let (mut user, mut back) = (Vec::new(), Vec::new());
        mixture.restore(row, &mut user);
        mixture.scale(&user, &mut back);
        assert_eq!(user.len(), 7);
        assert_near(&back, row, 1e-13, "there and back");
    }
    let names = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let columns = mixture.columns();
    let own: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(own, ["x0", "x1", "x2", "c0", "c1", "c2", "c3"]);
    assert_eq!((columns[3].text(1.0), columns[4].value("2")), ("1".to_owned(), Some(2.0)));
    let (components, _) = parts(1, &[2]);
    let named = CategoricalMixture::new(components, None).expect("valid");
    let named = named.with_names(names(&["age", "sex"])).expect("two columns");
    let named = named.with_values(vec![names(&["f", "m"])]).expect("two values");
    assert_eq!(named.column_names(), ["age", "sex"]);
    assert_eq!(named.columns()[1].text(1.0), "m");
}

#[test]
fn the_density_of_a_row_is_the_sum_over_the_components_in_the_user_s_units() {
    let (components, weights) = parts(2, &[2, 3]);
    let sum: f64 = weights.iter().sum();
    let own = CategoricalMixture::new(components.clone(), Some(weights.clone())).expect("valid");
    let mut rows = vec![0.0; 200 * 7];
    own.draw(Part::Training, &mut Streams::new(8).at(Purpose::Data, 0, 0), &mut rows);
    let mut stds = [0.0; 2];
    for (j, std) in stds.iter_mut().enumerate() {
        let mean: f64 = components.iter().zip(&weights).map(|(c, w)| w / sum * c.means[j]).sum();
        let square = components
            .iter()
            .zip(&weights)
            .map(|(c, w)| w / sum * (c.stds[j].powi(2) + (c.means[j] - mean).powi(2)));
        *std = square.sum::<f64>().sqrt();
    }
    for row in rows.chunks_exact(7) {
        let mut user = Vec::new();
        own.restore(row, &mut user);
        let of = |(c, weight): (&ProductComponent, &f64)| {
            let number = |j: usize| {
                let away = (user[j] - c.means[j]) / c.stds[j];
                (-0.5 * away * away).exp() / (std::f64::consts::TAU.sqrt() * c.stds[j])
            };
            weight / sum
                * number(0)
                * number(1)
                * c.shares[0][user[2] as usize]
                * c.shares[1][user[3] as usize]
        };
        let want = components.iter().zip(&weights).map(of).sum::<f64>().ln();
        assert_near(&[own.row_log_density(&user)], &[want], 1e-12, "in the user's units");
        let model = own.log_density(row).expect("known");
        assert_near(&[model], &[want + (stds[0] * stds[1]).ln()], 1e-12, "in the model's space");
        assert_eq!(own.row_log_density(&[user[0], user[1], 2.0, 0.0]), f64::NEG_INFINITY);
        assert_eq!(own.row_log_density(&[user[0], user[1], 0.5, 0.0]), f64::NEG_INFINITY);
    }
}
