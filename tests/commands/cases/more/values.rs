//! Odd values: shapes, constants, atoms, tails, copies and sums.

use super::{super::ends, Odd, read, samples, samples_in_world, texts};

/// The tables.
pub const ODD: &[Odd] = &[
    Odd {
        kind: "wide",
        name: "five rows of 600 columns",
        text: || {
            let names: Vec<_> = (0..600).map(|j| format!("c{j}")).collect();
            texts::of(&names.join(","), 5, |i| texts::numbers(i, 600))
        },
        holds: |case| {
            let read = case.init("t.csv", &[]);
            assert_eq!((read.rows(), read.names().len()), (5, 600));
            read.says("is the table transposed?");
        },
    },
    Odd {
        kind: "tiny",
        name: "three rows",
        text: || "a,b\n1,2\n3,5\n4,9\n".to_owned(),
        holds: |case| {
            read(case, 3, &["a", "b"]);
            let run = case.train(15);
            run.stays_in(&case.rows("t.csv", ','));
            assert_eq!(run.word(), "too_few_rows");
        },
    },
    Odd {
        kind: "tiny",
        name: "three rows, one of them without a value",
        text: || "a,b\n1,2\n3,\n4,9\n".to_owned(),
        holds: |case| {
            read(case, 3, &["a", "b"])
                .says("2 of 3 rows are complete; what the others lack is learnt");
        },
    },
    Odd {
        kind: "constants",
        name: "one day, and zeros of both signs",
        text: || {
            let zero = |i| if i % 2 == 0 { "0.0" } else { "-0.0" };
            texts::of("day,z,v", 60, |i| format!("2024-01-05,{},{}", zero(i), texts::number(i, 1)))
        },
        holds: |case| {
            read(case, 60, &["day", "z", "v"]).says("day: 2024-01-05 alone");
            let samples = samples(case);
            assert_eq!(samples.distinct("day"), ["2024-01-05"].into());
            assert_eq!(ends(&samples.numbers("z")), (0.0, 0.0));
        },
    },
    Odd {
        kind: "atoms",
        name: "a third of the values at a cap",
        text: || {
            let value = |i: usize| format!("{:.1}", (i * 37 % 150).min(100) as f64);
            texts::named("a", 300, value)
        },
        holds: |case| {
            read(case, 300, &["a", "v"]);
            let samples = case.train(150).samples;
            let share = samples.share("a", "100.0");
            assert!((share - 1.0 / 3.0).abs() < 0.12, "{share}");
            assert!(ends(&samples.numbers("a")).1 <= 100.0);
        },
    },
    Odd {
        kind: "atoms",
        name: "stars in halves",
        text: || texts::named("stars", 300, |i| format!("{:.1}", (i * i % 11) as f64 / 2.0)),
        holds: |case| {
            read(case, 300, &["stars", "v"]).says("values as seen");
            let table = case.rows("t.csv", ',');
            assert!(samples(case).has_but_numbers_of(&table, "stars"));
        },
    },
    Odd {
        kind: "heavy tails",
        name: "twenty decades",
        text: || {
            texts::named("a", 300, |i| {
                format!("{:.3e}", 10_f64.powf(20.0 * (i as f64 * 0.618_034).fract() - 10.0))
            })
        },
        holds: |case| {
            let read = read(case, 300, &["a", "v"]);
            assert_eq!(read.column("a")["encoding"], "rank");
            let a = ends(&samples(case).numbers("a"));
            assert!(a.0 >= 1e-10 && a.1 <= 1e10 && a.0 < 1e-3, "{a:?}");
        },
    },
    Odd {
        kind: "heavy tails",
        name: "a thousandth on a million millions",
        text: || texts::named("a", 300, |i| format!("1000000000000.{:03}", i * 37 % 300)),
        holds: |case| {
            read(case, 300, &["a", "v"]);
            samples_in_world(case, ',');
        },
    },
    Odd {
        kind: "copies",
        name: "three rows a hundred times",
        text: || texts::of("a,b", 300, |i| texts::two(i % 3)),
        holds: |case| {
            read(case, 300, &["a", "b"]);
            let table = case.rows("t.csv", ',');
            let samples = samples(case);
            for name in ["a", "b"] {
                assert!(samples.has_but_numbers_of(&table, name));
            }
        },
    },
    Odd {
        kind: "copies",
        name: "all rows alike but one",
        text: || texts::of("a,b", 300, |i| if i == 7 { "3.5,4.5" } else { "1.5,2.5" }.to_owned()),
        holds: |case| {
            read(case, 300, &["a", "b"]);
            let samples = case.train(60).samples;
            assert!(samples.share("a", "1.5") > 0.9, "{}", samples.share("a", "1.5"));
        },
    },
    Odd {
        kind: "sums",
        name: "whole parts of a whole",
        text: || {
            let parts = |i: usize| (i * 7 % 23, i * 11 % 31);
            texts::of("a,b,sum", 300, |i| {
                format!("{},{},{}", parts(i).0, parts(i).1, parts(i).0 + parts(i).1)
            })
        },
        holds: |case| {
            let read = read(case, 300, &["a", "b", "sum"]);
            assert!(read.names().iter().all(|name| read.column(name)["kind"] == "whole"));
            samples_in_world(case, ',');
        },
    },
];
