//! Odd tables of which the first line, or what marks a missing value, was once read wrongly.

use super::{Odd, read, samples, texts};

/// The tables.
pub const ODD: &[Odd] = &[
    Odd {
        kind: "reading",
        name: "a blank before each unit, commas between cells",
        text: || {
            texts::of("w,h,v", 60, |i| {
                format!("{} kg,{}cm,{}", 50 + i, 150 + i % 40, texts::number(i, 1))
            })
        },
        holds: |case| {
            let read = read(case, 60, &["w", "v"]);
            assert_eq!(read.column("w")["format"], "1234 kg");
            assert!(read.why_not("h").starts_with("holds numbers with units, as \"150cm\""));
        },
    },
    Odd {
        kind: "reading",
        name: "one column of decimal commas",
        text: || texts::of("wert", 60, |i| format!("{},{:02}", i * 7 % 11, i * 37 % 100)),
        holds: |case| {
            let read = read(case, 60, &["wert"]);
            assert_eq!((read.complete(), &read.data["decimal"]), (60, &",".into()));
        },
    },
    Odd {
        kind: "header",
        name: "f above yes and no",
        text: || texts::named("f", 100, |i| ["yes", "no"][i % 3 % 2].to_owned()),
        holds: |case| assert_eq!(read(case, 100, &["f", "v"]).complete(), 100),
    },
    Odd {
        kind: "header",
        name: "a name and a year above whole numbers",
        text: || texts::of("shop,2019", 60, |i| format!("{},{}", i * 13 % 47, 1990 + i * 7 % 40)),
        holds: |case| assert_eq!(read(case, 60, &["shop", "2019"]).complete(), 60),
    },
    Odd {
        kind: "dates",
        name: "the last day of all years for no date",
        text: || {
            let day = |i: usize| format!("20{}-{:02}-{:02}", 10 + i % 9, 1 + i % 12, 1 + i % 28);
            texts::named("day", 100, |i| if i % 6 == 3 { "9999-12-31".to_owned() } else { day(i) })
        },
        holds: |case| {
            let said = read(case, 100, &["day", "v"]);
            said.says("day: 9999-12-31 in 17 of 100 rows is far outside 2010-");
            said.says("if it stands for a missing value: --missing 9999-12-31");
            let shown = samples(case);
            assert!(shown.column("day").contains(&"9999-12-31"));
            let read = case.init("t.csv", &["--missing", "9999-12-31"]);
            assert_eq!(read.complete(), 83);
        },
    },
    Odd {
        kind: "dates",
        name: "the last second of all years for no end",
        text: || {
            let at = |i: usize| format!("2024-01-{:02} 10:00:{:02}", 1 + i % 28, i * 7 % 60);
            let end = "9999-12-31 23:59:59".to_owned();
            texts::named("until", 100, |i| if i % 3 == 1 { end.clone() } else { at(i) })
        },
        holds: |case| {
            let said = read(case, 100, &["until", "v"]);
            assert_eq!(said.complete(), 100);
            said.says("if it stands for a missing value: --missing '9999-12-31 23:59:59'");
            assert!(samples(case).column("until").contains(&"9999-12-31 23:59:59"));
        },
    },
    Odd {
        kind: "dates",
        name: "a day in 9999 among numbers that are days",
        text: || {
            let day = |i: usize| format!("2024{:02}{:02}", 1 + i % 12, 1 + i % 28);
            texts::named("day", 100, |i| if i % 40 == 7 { "99991231".to_owned() } else { day(i) })
        },
        holds: |case| {
            let said = read(case, 100, &["day", "v"]);
            assert_eq!((said.complete(), said.listing.matches("99991231").count()), (97, 1));
        },
    },
    Odd {
        kind: "dates",
        name: "the first day of 1900 for no date, as a number",
        text: || {
            let day = |i: usize| format!("20{}{:02}{:02}", 10 + i % 9, 1 + i % 12, 1 + i % 28);
            texts::named("day", 100, |i| if i % 6 == 3 { "19000101".to_owned() } else { day(i) })
        },
        holds: |case| {
            let read = read(case, 100, &["day", "v"]);
            read.says("day: 19000101 in 17 of 100 rows is far outside 2010");
            assert_eq!(case.init("t.csv", &["--missing", "19000101"]).complete(), 83);
        },
    },
    Odd {
        kind: "ids",
        name: "numbers of telephones, with a plus",
        text: || {
            let number = |i: usize| 1_000_000_007 + i * 7_777_777 % 97_000_001;
            texts::named("phone", 60, |i| format!("+49{}", number(i)))
        },
        holds: |case| {
            let read = read(case, 60, &["v"]);
            assert!(read.why_not("phone").starts_with("holds ids: long whole numbers"));
        },
    },
    Odd {
        kind: "ids",
        name: "whole numbers of ten digits, as seen",
        text: || {
            // Each is a 32-bit float, of which the shortest text has other digits.
            let number = |i: usize| [5_551_000_064_u64, 5_551_000_576, 5_551_001_088][i % 3];
            texts::named("n", 90, |i| number(i).to_string())
        },
        holds: |case| {
            read(case, 90, &["n", "v"]);
            let table = case.rows("t.csv", ',');
            assert_eq!(samples(case).distinct("n"), table.distinct("n"));
        },
    },
];
