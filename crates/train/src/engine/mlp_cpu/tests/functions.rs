//! exp, tanh and the like against the standard library's in f64.

use super::super::{
    functions,
    simd::{InstructionSet, Kernel, Simd},
};
use super::plain::erfc;

/// A function of one number over many of them.
struct Map<'a>(Function, &'a mut [f32]);

#[derive(Clone, Copy, Debug)]
enum Function {
    Exp,
    Sigmoid,
    Tanh,
    Share,
    Density,
    Sin,
    Cos,
}

impl Kernel for Map<'_> {
    type Output = ();

    fn run<S: Simd>(self) {
        for x in self.1 {
            *x = match self.0 {
                Function::Exp => functions::exp::<S>(*x),
                Function::Sigmoid => functions::sigmoid::<S>(*x),
                Function::Tanh => functions::tanh::<S>(*x),
                Function::Share => functions::normal::<S>(*x).0,
                Function::Density => functions::normal::<S>(*x).1,
                Function::Sin => functions::sin_cos_of_turns::<S>(*x).0,
                Function::Cos => functions::sin_cos_of_turns::<S>(*x).1,
            };
        }
    }
}

#[test]
fn functions_are_within_a_millionth() {
    use Function::{Cos, Density, Exp, Share, Sigmoid, Sin, Tanh};
    let truth = |function: Function, x: f64| match function {
        Exp => x.exp(),
        Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Tanh => x.tanh(),
        Share => 0.5 * erfc(-x * std::f64::consts::FRAC_1_SQRT_2),
        Density => (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt(),
        Sin => (std::f64::consts::TAU * x.rem_euclid(1.0)).sin(),
        Cos => (std::f64::consts::TAU * x.rem_euclid(1.0)).cos(),
    };
    let spans = [
        (Exp, 85.0),
        (Sigmoid, 85.0),
        (Tanh, 30.0),
        (Share, 12.0),
        (Density, 12.0),
        (Sin, 1000.0),
        (Cos, 1000.0),
    ];
    for set in InstructionSet::all() {
        for (function, span) in spans {
            let xs: Vec<f32> = (-200_000..=200_000)
                .flat_map(|i| {
                    let x = i as f32 / 200_000.0;
                    [span * x, x, x * x * x * 1e-3]
                })
                .collect();
            let mut found = xs.clone();
            set.run(Map(function, &mut found));
            for (x, y) in xs.iter().zip(found) {
                let want = truth(function, f64::from(*x));
                // Near their zeros, a sine and cosine are as good as their argument.
                let size = if matches!(function, Sin | Cos) { 1.0 } else { want.abs() };
                let off = (f64::from(y) - want).abs();
                assert!(off <= 1e-6 * size, "{set:?}: {function:?}({x}) = {y}, not {want}");
            }
            let mut odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30];
            set.run(Map(function, &mut odd));
            assert!(odd[0].is_nan(), "{function:?}");
            if !matches!(function, Sin | Cos) {
                assert!(odd[1..].iter().all(|y| y.is_finite()), "{set:?}: {function:?} {odd:?}");
            }
        }
    }
}
