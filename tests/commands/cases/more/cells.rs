//! Odd cells: texts among numbers, dates, ids, gaps, words, spellings.

use super::{
    super::{decimals, ends},
    Odd, Rows, read, samples, samples_in_world, texts,
};

/// The tables.
pub const ODD: &[Odd] = &[
    Odd {
        kind: "odd cells",
        name: "eight texts among 200 numbers",
        text: || {
            let odd = |i| if i % 25 == 3 { format!("x{i}") } else { texts::number(i, 1) };
            texts::of("a,b", 200, |i| format!("{},{}", odd(i), texts::number(i, 2)))
        },
        holds: |case| {
            let read = read(case, 200, &["a", "b"]);
            assert_eq!(read.complete(), 192);
            read.says("t.csv line 5: \"x3\", 1 of 200");
            read.says("and 5 other texts; that counts as missing");
        },
    },
    Odd {
        kind: "odd cells",
        name: "twelve in other digits",
        text: || texts::one_in_100("１２"),
        holds: |case| {
            let read = read(case, 100, &["a", "b"]);
            read.says("a: t.csv line 52: \"１２\", 1 of 100; those rows are left out");
        },
    },
    Odd {
        kind: "odd cells",
        name: "a number that is none, as C writes it",
        text: || texts::one_in_100("-1.#IND"),
        holds: |case| {
            let read = read(case, 100, &["a", "b"]);
            assert_eq!(read.complete(), 99);
            read.says("1 missing (-1.#IND count as such)");
        },
    },
    Odd {
        kind: "dates",
        name: "days and months in doubt",
        text: || {
            texts::named("when", 60, |i| format!("{:02}/{:02}/2023", 1 + i % 12, 1 + i * 5 % 12))
        },
        holds: |case| {
            let read = read(case, 60, &["when", "v"]);
            read.says("its dates are read as %m/%d/%Y, and can be %d/%m/%Y too");
            let table = case.rows("t.csv", ',');
            assert!(samples(case).distinct("when").is_subset(&table.distinct("when")));
        },
    },
    Odd {
        kind: "dates",
        name: "hours from 0 to 24",
        text: || texts::named("at", 60, |i| format!("{:02}:00", i % 25)),
        holds: |case| {
            let read = read(case, 60, &["at", "v"]);
            assert_eq!(read.complete(), 58);
            read.says("at: t.csv line 26: \"24:00\", 2 of 60; that counts as missing");
        },
    },
    Odd {
        kind: "dates",
        name: "the 29th of February",
        text: || texts::named("day", 60, |i| format!("29.02.{}", 1904 + 4 * (i % 25))),
        holds: |case| {
            read(case, 60, &["day", "v"]).says("dates as %d.%m.%Y");
            // A day that there is: the 29th of February in leap years alone.
            for day in samples(case).column("day") {
                let part: Vec<u32> =
                    day.split('.').map(|part| part.parse().expect("digits")).collect();
                let [day, month, year] = part[..] else { panic!("{day}") };
                let february = if year % 4 == 0 && year != 1900 { 29 } else { 28 };
                let days = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
                assert!((1904..=2000).contains(&year) && day <= days[month as usize - 1]);
            }
        },
    },
    Odd {
        kind: "dates",
        name: "two offsets from universal time",
        text: || {
            texts::named("at", 60, |i| {
                format!("2024-{:02}-05T10:00:00+0{}:00", 1 + i % 12, 1 + i % 2)
            })
        },
        holds: |case| {
            let read = read(case, 60, &["v"]);
            assert!(read.why_not("at").contains("dates in more than one spelling"));
        },
    },
    Odd {
        kind: "dates",
        name: "dates with blanks, up to the year 4950",
        text: || texts::named("day", 60, |i| format!("{} 03 {:02}", 2000 + 50 * i, 1 + i % 28)),
        holds: |case| {
            read(case, 60, &["day", "v"]).says("dates as %Y %m %d");
            assert!(samples(case).column("day").iter().all(|day| day.len() == 10));
        },
    },
    Odd {
        kind: "ids",
        name: "card numbers below 2^53",
        text: || {
            let card =
                |i: usize| 4_000_000_000_000_000 + i as u64 * 76_543_210_987 % 999_999_999_999;
            texts::named("card", 60, |i| card(i).to_string())
        },
        holds: |case| {
            let read = read(case, 60, &["v"]);
            assert!(read.why_not("card").contains("no two equal, in no order"));
        },
    },
    Odd {
        kind: "ids",
        name: "codes of three digits",
        text: || texts::named("code", 60, |i| format!("{:03}", i * 37 % 400)),
        holds: |case| assert!(read(case, 60, &["v"]).why_not("code").contains("leading zero")),
    },
    Odd {
        kind: "ids",
        name: "microseconds that ascend",
        text: || texts::named("stamp", 60, |i| (1_550_083_467_346_371 + 100_003 * i).to_string()),
        holds: |case| {
            read(case, 60, &["stamp", "v"]);
            samples_in_world(case, ',');
        },
    },
    Odd {
        kind: "gaps",
        name: "a fifth of the values, and one more",
        text: || {
            texts::of("a,b,c", 100, |i| {
                let gap = |rows, j| if i < rows { String::new() } else { texts::number(i, j) };
                format!("{},{},{}", texts::number(i, 1), gap(20, 2), gap(21, 3))
            })
        },
        holds: |case| {
            let read = read(case, 100, &["a", "b", "c"]);
            assert_eq!(read.complete(), 79);
            read.says("c: 0 to 10, 2 decimals, 21 missing");
            read.says("79 of 100 rows are complete; what the others lack is learnt");
        },
    },
    Odd {
        kind: "gaps",
        name: "blanks alone, and two marks",
        text: || {
            texts::of("a,b", 100, |i| match i % 20 {
                3 => format!("?,{}", texts::number(i, 2)),
                7 => format!("NIL,{}", texts::number(i, 2)),
                11 => format!("{},  ", texts::number(i, 1)),
                _ => texts::two(i),
            })
        },
        holds: |case| {
            let read = read(case, 100, &["a", "b"]);
            assert_eq!(read.complete(), 85);
            assert_eq!(read.data["missing_values"], serde_json::json!(["?", "NIL"]));
        },
    },
    Odd {
        kind: "gaps",
        name: "99 for no answer",
        text: || {
            let answer = |i: usize| if i % 20 == 3 { 99 } else { 1 + i * i % 5 };
            texts::named("answer", 100, |i| answer(i).to_string())
        },
        holds: |case| {
            read(case, 100, &["answer", "v"]).says("answer: 99 in 5 of 100 rows is far outside");
            let table = case.rows("t.csv", ',');
            assert!(samples(case).distinct("answer").is_subset(&table.distinct("answer")));
            let read = case.init("t.csv", &["--missing", "99"]);
            assert_eq!(read.complete(), 95);
        },
    },
    Odd {
        kind: "gaps",
        name: "dashes among days",
        text: || {
            let day = |i: usize| format!("2024-01-{:02}", 1 + i % 28);
            texts::named("day", 100, |i| if i % 20 == 3 { "-".to_owned() } else { day(i) })
        },
        holds: |case| {
            let read = read(case, 100, &["day", "v"]);
            assert_eq!((read.complete(), &read.column("day")["kind"]), (95, &"date".into()));
        },
    },
    Odd {
        kind: "categories",
        name: "a number that a text decides",
        text: || {
            texts::of("city,people,v", 200, |i| {
                let place = i * 7 % 5;
                let city = ["Bern", "Chur", "Olten", "Thun", "Zug"][place];
                format!("{city},{},{}", [134, 38, 19, 43, 31][place], texts::number(i, 1))
            })
        },
        holds: |case| {
            let read = read(case, 200, &["city", "people", "v"]);
            assert_eq!(read.column("people")["derived_from"], "city");
            read.says("people: 19 to 134, whole, values as seen, a function of city");
            let pairs = |rows: &Rows| -> std::collections::BTreeSet<Vec<String>> {
                rows.rows.iter().map(|row| row[..2].to_vec()).collect()
            };
            let run = case.train(60);
            run.said.err_has("looked up and not learnt: people (of city)");
            let table = case.rows("t.csv", ',');
            assert!(pairs(&run.samples).is_subset(&pairs(&table)), "{:?}", pairs(&run.samples));
        },
    },
    Odd {
        kind: "categories",
        name: "numbers that are missing in one class alone",
        text: || {
            texts::of("kind,size,v", 300, |i| {
                let (kind, is_missing) = (["a", "b", "c"][i % 3], i % 6 == 1);
                let size = if is_missing { String::new() } else { texts::number(i, 1) };
                format!("{kind},{size},{}", texts::number(i, 2))
            })
        },
        holds: |case| {
            let read = read(case, 300, &["kind", "size", "v"]);
            assert_eq!((read.complete(), &read.data["missing"]), (250, &"model".into()));
            let samples = case.train(600).samples;
            let of = |kind: &str| {
                let own = samples.rows.iter().filter(|row| row[0] == kind);
                own.clone().filter(|row| row[1].is_empty()).count() as f64 / own.count() as f64
            };
            // Half of the b, none of the others.
            assert!((of("b") - 0.5).abs() < 0.25, "{}", of("b"));
            assert!(of("a") < 0.1 && of("c") < 0.1, "{} {}", of("a"), of("c"));
        },
    },
    Odd {
        kind: "booleans",
        name: "ja and nein",
        text: || texts::named("ok", 100, |i| ["ja", "nein"][i % 3 % 2].to_owned()),
        holds: |case| {
            read(case, 100, &["ok", "v"]).says("ok: nein or ja, a category");
            let samples = case.train(60).samples;
            assert_eq!(samples.distinct("ok"), ["ja", "nein"].into());
        },
    },
    Odd {
        kind: "booleans",
        name: "one maybe among yes and no",
        text: || {
            let word = |i| if i == 50 { "maybe" } else { ["yes", "no"][i % 2] };
            texts::named("ok", 100, |i| word(i).to_owned())
        },
        holds: |case| {
            let read = read(case, 100, &["ok", "v"]);
            read.says("ok: t.csv line 52: \"maybe\", 1 of 100; those rows are left out");
        },
    },
    Odd {
        kind: "booleans",
        name: "true beside 1 and 0",
        text: || texts::named("ok", 90, |i| ["1", "0", "true"][i % 3].to_owned()),
        holds: |case| {
            read(case, 90, &["ok", "v"]).says("ok: 3 texts and numbers, a category");
            let samples = case.train(60).samples;
            assert_eq!(samples.distinct("ok"), ["0", "1", "true"].into());
        },
    },
    Odd {
        kind: "spellings",
        name: "points between thousands beside decimal commas",
        text: || {
            let part = |i| texts::number(i, 1).replace('.', ",");
            texts::of("a;b", 100, |i| format!("{}.{:03};{}", 1 + i % 9, i * 37 % 1000, part(i)))
        },
        holds: |case| {
            let read = read(case, 100, &["a", "b"]);
            assert_eq!(read.data["decimal"], ",");
            read.says("a: 1000 to 9962, whole");
            let a = ends(&samples(case).numbers("a"));
            assert!(a.0 >= 1000.0 && a.1 <= 9962.0, "{a:?}");
        },
    },
    Odd {
        kind: "spellings",
        name: "apostrophes between thousands",
        text: || texts::named("a", 100, |i| format!("{}'{:03}.5", 1 + i % 9, i * 37 % 1000)),
        holds: |case| {
            read(case, 100, &["a", "v"]).says("a: 1000.5 to 9962.5, 1 decimal, written as 1'234.5");
            let samples = case.train(20).samples;
            assert!(samples.column("a").iter().all(|text| text.contains('\'')));
        },
    },
    Odd {
        kind: "spellings",
        name: "exponents alone",
        text: || texts::named("a", 100, |i| format!("{}E-05", texts::number(i, 1))),
        holds: |case| {
            read(case, 100, &["a", "v"]);
            let a = ends(&samples(case).numbers("a"));
            assert!(a.0 >= 0.0 && a.1 <= 1e-4 && a.1 > 0.0, "{a:?}");
        },
    },
    Odd {
        kind: "spellings",
        name: "points without a digit after them, and before",
        text: || texts::of("a,b", 100, |i| format!("{}.,.{}", i * 7 % 10, i * 3 % 10)),
        holds: |case| {
            let read = read(case, 100, &["a", "b"]);
            read.says("a: 0 to 9, whole");
            read.says("b: 0 to 0.9, 1 decimal");
        },
    },
    Odd {
        kind: "spellings",
        name: "zeros at the end of decimals",
        text: || {
            texts::of("a,b,c", 100, |i| format!("{}.{}0,{}.0,2.50", i * 7 % 50, i % 10, i % 9))
        },
        holds: |case| {
            let read = read(case, 100, &["a", "b", "c"]);
            assert_eq!(
                (&read.column("a")["decimals"], &read.column("b")["decimals"]),
                (&2.into(), &1.into())
            );
            let shown = samples_in_world(case, ',');
            for (name, places) in [("a", 2), ("b", 1), ("c", 2)] {
                let column = shown.column(name);
                assert!(column.iter().all(|text| decimals(text) == places), "{column:?}");
            }
        },
    },
];
