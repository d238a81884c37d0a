//! Odd files: how they are laid out, other formats, headers and names.

use super::{super::ends, Odd, read, refused, samples, samples_in_world, texts};

/// The tables.
pub const ODD: &[Odd] = &[
    Odd {
        kind: "reading",
        name: "line ends of Unix and Windows in turn",
        text: || texts::of("a,b", 60, |i| texts::two(i) + if i % 2 == 0 { "" } else { "\r" }),
        holds: |case| {
            assert!(read(case, 60, &["a", "b"]).left_out().is_empty());
            samples_in_world(case, ',');
        },
    },
    Odd {
        kind: "reading",
        name: "a table of Markdown",
        text: || {
            let row = |i| format!("| {} |", texts::two(i).replace(',', " | "));
            texts::of("| a | b |\n|---|---|", 60, row)
        },
        holds: |case| {
            let read = case.init("t.csv", &[]);
            assert_eq!((read.complete(), read.names()), (60, vec!["a", "b"]));
            assert!(ends(&samples(case).numbers("a")).1 <= 10.0);
        },
    },
    Odd {
        kind: "reading",
        name: "semicolons between cells, commas in a text",
        text: || texts::of("a;b;c", 60, |i| format!("{};x, y, z;{i}", texts::number(i, 1))),
        holds: |case| {
            let read = case.init("t.csv", &[]);
            assert_eq!((read.rows(), read.names()), (60, vec!["a", "b"]));
            case.train(15);
            let written = String::from_utf8(case.program.read("run/samples.csv")).expect("UTF-8");
            assert!(written.lines().skip(1).all(|line| line.ends_with(",\"x, y, z\"")));
        },
    },
    Odd {
        kind: "reading",
        name: "a quote that is never closed",
        text: || {
            texts::of("a,b", 30, texts::two) + "\"3.5,2.2\n" + &texts::of("7,7", 30, texts::two)
        },
        holds: |case| refused(case, &["line 32", "quotes"]),
    },
    Odd {
        kind: "reading",
        name: "a last line that was cut",
        text: || texts::of("a,b,c", 60, |i| format!("{},{}", texts::two(i), i % 7)) + "1.5,2",
        holds: |case| refused(case, &["line 62: holds 2 fields, and 3 are required"]),
    },
    Odd {
        kind: "reading",
        name: "two files in one, with the header again",
        text: || texts::of("a,b", 30, texts::two) + &texts::of("a,b", 30, texts::two),
        holds: |case| {
            let read = read(case, 61, &["a", "b"]);
            assert_eq!(read.complete(), 60);
            read.says("a: t.csv line 32: \"a\", 1 of 61; those rows are left out");
        },
    },
    Odd {
        kind: "other formats",
        name: "a database of SQLite",
        text: || format!("SQLite format 3\0{}", "\0".repeat(100)),
        holds: |case| refused(case, &["is an SQLite database", "sqlite3 -csv"]),
    },
    Odd {
        kind: "other formats",
        name: "prose",
        text: || {
            let day = |i| {
                format!("It was {i} o clock, and {i} men came.\nThey had {i} dogs, and {i} cats.\n")
            };
            (0..9).map(day).collect()
        },
        holds: |case| {
            refused(
                case,
                &[
                    "no column can be learnt",
                    "holds 17 different texts in 17 rows, as \"They had 0 dogs",
                ],
            )
        },
    },
    Odd {
        kind: "other formats",
        name: "cells of libsvm",
        text: || texts::of("", 60, |i| format!("{} 1:{} 2:7", i % 2, texts::number(i, 1))),
        holds: |case| {
            let read = read(case, 60, &["x0", "x2"]);
            assert!(
                read.why_not("x1").contains("different texts in 60 rows, as \"1:"),
                "{}",
                read.listing
            );
        },
    },
    Odd {
        kind: "header",
        name: "names that fall",
        text: || texts::of("3,2,1", 60, |i| texts::numbers(i, 3)),
        holds: |case| {
            let read = read(case, 61, &["x0", "x1", "x2"]);
            read.says("line 1 is data: 3, 2, 1");
            read.says("--header yes");
        },
    },
    Odd {
        kind: "header",
        name: "names below zero",
        text: || texts::of("-400,-200,0,200", 60, |i| texts::numbers(i, 4)),
        holds: |case| {
            read(case, 60, &["-400", "-200", "0", "200"]).says("if it is data: --header no");
            samples_in_world(case, ',');
        },
    },
    Odd {
        kind: "header",
        name: "days as names",
        text: || texts::of("2020-01-01,2020-02-01", 60, texts::two),
        holds: |case| {
            assert_eq!(read(case, 60, &["2020-01-01", "2020-02-01"]).data["header"], true)
        },
    },
    Odd {
        kind: "header",
        name: "words without names",
        text: || {
            texts::of("", 60, |i| format!("{},{}", ["TRUE", "FALSE"][i % 2], texts::number(i, 1)))
        },
        holds: |case| {
            assert_eq!(read(case, 60, &["x0", "x1"]).data["header"], false);
            assert!(samples(case).distinct("x0").is_subset(&["FALSE", "TRUE"].into()));
        },
    },
    Odd {
        kind: "names",
        name: "quotes and commas in names",
        text: || texts::of("\"a \"\"q\"\"\",\"b,c\"", 60, texts::two),
        holds: |case| {
            read(case, 60, &["a \"q\"", "b,c"]);
            case.train(15);
            let written = String::from_utf8(case.program.read("run/samples.csv")).expect("UTF-8");
            assert_eq!(written.lines().next(), Some("\"a \"\"q\"\"\",\"b,c\""));
        },
    },
    Odd {
        kind: "names",
        name: "x1 before x0",
        text: || texts::of("x1,x0", 60, texts::two),
        holds: |case| {
            read(case, 60, &["x1", "x0"]);
            samples_in_world(case, ',');
        },
    },
    Odd {
        kind: "names",
        name: "names that differ in case alone",
        text: || texts::of("A,a", 60, texts::two),
        holds: |case| {
            read(case, 60, &["A", "a"]);
            samples_in_world(case, ',');
        },
    },
    Odd {
        kind: "reading",
        name: "two runs of digits around a comma, without a header",
        text: || (0..60).map(|i| format!("{},{}\n", i * 7 % 10, i * 3 % 100)).collect(),
        holds: |case| {
            let read = read(case, 60, &["x0", "x1"]);
            read.says("if the commas are decimal ones of one: --delimiter ';' --decimal ,");
            let one = case.init("t.csv", &["--delimiter", ";", "--decimal", ","]);
            assert_eq!((one.rows(), one.names()), (60, vec!["x0"]));
        },
    },
    Odd {
        kind: "reading",
        name: "a title as wide as the table",
        text: || {
            format!(
                "Report,made,by Ann\n{}",
                texts::of("a,b,c", 60, |i| format!("{},{},{}", i * 7 % 50, i % 9, i % 7))
            )
        },
        holds: |case| {
            read(case, 60, &["Report", "made", "by Ann"])
                .says("line 2 holds units (a, b, c), and is skipped; if it names the columns: --skip-lines 1");
            let below = case.init("t.csv", &["--skip-lines", "1"]);
            assert_eq!((below.rows(), below.names()), (60, vec!["a", "b", "c"]));
        },
    },
];
