//! Forty tables as people have them: what is found in each, in one line. None is read wrong in silence: what is
//! doubtful is said, and what is no number is named.

use std::fmt::Write;

use langevin_data::{Decimal, Guess, Survey, TableOptions};

/// What is found in a table: the delimiter, the layout, the number of rows, and each column with its kind.
fn found(text: &str) -> String {
    let guess = match Guess::from_bytes("a.csv", text.as_bytes(), &TableOptions::default()) {
        Ok(guess) => guess,
        Err(error) => return error.to_string(),
    };
    let survey = match Survey::from_bytes("a.csv", text.as_bytes(), &guess.options) {
        Ok(survey) => survey,
        Err(error) => return error.to_string(),
    };
    let layout = &guess.options.layout;
    let mut found = format!("{:?}", char::from(guess.options.delimiter.unwrap_or(b'0')));
    for (is_it, name) in [
        (layout.aligned, "aligned"),
        (layout.decimal == Some(Decimal::Comma), "comma"),
        (layout.comment.is_some(), "comments"),
        (layout.header_in_comment, "names in comment"),
        (layout.units_row, "units"),
        (layout.row_names, "row names"),
        (layout.trailing_delimiter, "trailing"),
        (layout.unique_names, "new names"),
    ] {
        if is_it {
            write!(found, " {name}").expect("a string");
        }
    }
    write!(found, ", {}{} rows:", if survey.has_header { "header, " } else { "" }, survey.rows)
        .expect("a string");
    for column in &survey.columns {
        write!(found, " {} {:?}", column.name, column.kind).expect("a string");
        if let Some(kind) = column.text {
            write!(found, "/{kind:?}").expect("a string");
        }
        if let Some(format) = &column.format {
            write!(found, "/{format}").expect("a string");
        }
        if column.missing > 0 {
            write!(found, "-{}", column.missing).expect("a string");
        }
        if !column.odd.is_empty() {
            write!(found, " odd {}", column.odd[0].text).expect("a string");
        }
    }
    found
}

/// Lines made by a formula.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(|i| line(i) + "\n").collect()
}

fn number(i: usize, j: usize) -> String {
    format!("{:.3}", ((i * (3 + 2 * j)) as f64 * 0.937).sin() * 5.0)
}

#[test]
fn forty_tables_are_told_as_people_mean_them() {
    let two = |i| format!("{},{}", number(i, 1), number(i, 2));
    let tables: Vec<(&str, String, &str)> = vec![
        (
            "names with units",
            format!("t [s],F (N)\n{}", lines(9, two)),
            "',', header, 9 rows: t [s] Number F (N) Number",
        ),
        (
            "two whole numbers above decimals",
            format!("0,1\n{}", lines(9, |i| format!("{}.25,{}.75", i % 3, i % 2))),
            "',', 10 rows: x0 Number x1 Number",
        ),
        (
            "quoted header",
            format!("\"a, b\";\"c\"\n{}", lines(9, two).replace(',', ";")),
            "';', header, 9 rows: a, b Number c Number",
        ),
        (
            "tabs",
            format!("a\tb\n{}", lines(9, two).replace(',', "\t")),
            "'\\t', header, 9 rows: a Number b Number",
        ),
        (
            "bars with blanks",
            format!("a | b\n{}", lines(9, two).replace(',', " | ")),
            "'|', header, 9 rows: a Number b Number",
        ),
        ("one column without a name", lines(9, |i| number(i, 1)), "',', 9 rows: x0 Number"),
        (
            "one column",
            format!("speed\n{}", lines(9, |i| number(i, 1))),
            "',', header, 9 rows: speed Number",
        ),
        (
            "blank lines first",
            format!("\n\n\na,b\n{}", lines(9, two)),
            "',', header, 9 rows: a Number b Number",
        ),
        (
            "indented rows",
            lines(9, |i| format!("   {}   {}", number(i, 1), number(i, 2))),
            "' ' aligned, 9 rows: x0 Number x1 Number",
        ),
        (
            "two tabs, so that a column is empty",
            lines(9, |i| format!("{}\t\t{}", number(i, 1), number(i, 2))),
            "'\\t', 9 rows: x0 Number x1 Empty-9 x2 Number",
        ),
        (
            "aligned names",
            format!(
                "   a      b\n{}",
                lines(9, |i| format!("{:>8}  {:>8}", number(i, 1), number(i, 2)))
            ),
            "' ' aligned, header, 9 rows: a Number b Number",
        ),
        (
            "per cent comments",
            format!("% made by hand\na,b\n{}", lines(9, two)),
            "',' comments, header, 9 rows: a Number b Number",
        ),
        (
            "hash name",
            format!("#id,a\n{}", lines(9, |i| format!("{},{}", i * i, number(i, 1)))),
            "',', header, 9 rows: #id Integer a Number",
        ),
        (
            "commented names",
            format!("# made\n#a,b\n{}", lines(9, two)),
            "',' comments names in comment, header, 9 rows: a Number b Number",
        ),
        (
            "date and time alone",
            format!("when\n{}", lines(9, |i| format!("2024-01-{:02} {:02}:30", i + 1, 23 - i))),
            "',', header, 9 rows: when Date/%Y-%m-%d %H:%M",
        ),
        (
            "times",
            lines(9, |i| format!("{:02}:{:02},{}", i, 59 - i, number(i, 1))),
            "',', 9 rows: x0 Date/%H:%M x1 Number",
        ),
        (
            "times of 12 hours",
            format!("at,v\n{}", lines(9, |i| format!("{}:05 PM,{}", 1 + i, number(i, 1)))),
            "',', header, 9 rows: at Date/%-I:%M %p v Number",
        ),
        (
            "stamps with a zone",
            format!(
                "at,v\n{}",
                lines(9, |i| format!("2024-01-0{}T10:00:0{}.250+02:00,{}", 1 + i, i, number(i, 1)))
            ),
            "',', header, 9 rows: at Date/%Y-%m-%dT%H:%M:%S%.3f+02:00 v Number",
        ),
        (
            "months",
            format!(
                "month,v\n{}",
                lines(9, |i| format!("{}-24,{}", ["Jan", "Feb", "Mar"][i % 3], number(i, 1)))
            ),
            "',', header, 9 rows: month Date/%b-%y v Number",
        ),
        (
            "months as numbers",
            format!("yearmonth,v\n{}", lines(9, |i| format!("20240{},{}", 1 + i, number(i, 1)))),
            "',', header, 9 rows: yearmonth Date/%Y%m v Number",
        ),
        (
            "numbers of six digits",
            format!(
                "count,v\n{}",
                lines(9, |i| format!("20240{},{}", 1 + i * 7 % 9, number(i, 1)))
            ),
            "',', header, 9 rows: count Integer v Number",
        ),
        (
            "two spellings of dates",
            format!(
                "at,v\n{}",
                lines(20, |i| format!(
                    "{},{}",
                    if i % 2 == 0 {
                        format!("2024-01-{:02}", 1 + i)
                    } else {
                        format!("{:02}.01.2024", 1 + i)
                    },
                    number(i, 1)
                ))
            ),
            "',', header, 20 rows: at Text/Dates v Number",
        ),
        (
            "days before months",
            format!("at,v\n{}", lines(20, |i| format!("{:02}/05/2024,{}", 1 + i, number(i, 1)))),
            "',', header, 20 rows: at Date/%d/%m/%Y v Number",
        ),
        (
            "yes and no",
            format!("ok,v\n{}", lines(9, |i| format!("{},{}", ["Y", "N"][i % 2], number(i, 1)))),
            "',', header, 9 rows: ok YesNo v Number",
        ),
        (
            "words in mixed case",
            format!(
                "ok,v\n{}",
                lines(9, |i| format!("{},{}", ["true", "False", "TRUE"][i % 3], number(i, 1)))
            ),
            "',', header, 9 rows: ok YesNo v Number",
        ),
        (
            "two words of no pair",
            format!("sex,v\n{}", lines(9, |i| format!("{},{}", ["m", "f"][i % 2], number(i, 1)))),
            "',', header, 9 rows: sex Text v Number",
        ),
        (
            "yes, no and nothing",
            format!(
                "ok,v\n{}",
                lines(9, |i| format!("{},{}", ["yes", "no", "NA"][i % 3], number(i, 1)))
            ),
            "',', header, 9 rows: ok YesNo-3 v Number",
        ),
        (
            "words without a header",
            lines(9, |i| format!("{},{}", ["TRUE", "FALSE"][i % 2], number(i, 1))),
            "',', 9 rows: x0 YesNo x1 Number",
        ),
        (
            "units in brackets",
            format!("a,b\n[m],[s]\n{}", lines(9, two)),
            "',' units, header, 9 rows: a Number b Number",
        ),
        (
            "units of one column",
            format!("a,b\nmm,\n{}", lines(9, two)),
            "',' units, header, 9 rows: a Number b Number",
        ),
        (
            "text that is no unit",
            format!("a,b\n{}", lines(9, |i| format!("word {i},{}", number(i, 1)))),
            "',', header, 9 rows: a Text b Number",
        ),
        (
            "stars for gaps",
            format!(
                "a,b\n{}",
                lines(9, |i| format!(
                    "{},{}",
                    if i == 3 { "*".to_owned() } else { number(i, 1) },
                    number(i, 2)
                ))
            ),
            "',', header, 9 rows: a Number-1 b Number",
        ),
        (
            "Excel's errors",
            format!(
                "a,b\n{}",
                lines(40, |i| format!(
                    "{},{}",
                    if i == 30 { "#REF!".to_owned() } else { number(i, 1) },
                    number(i, 2)
                ))
            ),
            "',', header, 40 rows: a Number odd #REF! b Number",
        ),
        (
            "a first row with a gap",
            format!(
                "?,1.5,2\n{}",
                lines(9, |i| format!("{},{},{}", number(i, 1), number(i, 2), i % 3))
            ),
            "',', 10 rows: x0 Number-1 x1 Number x2 Integer",
        ),
        (
            "a row of sums",
            format!("name,v\n{}total,99.5\n", lines(9, |i| format!("item {i},{}", number(i, 1)))),
            "',', header, 10 rows: name Text v Number",
        ),
        (
            "decimal commas and tabs",
            lines(9, |i| format!("{}\t{}", number(i, 1).replace('.', ","), i % 4)),
            "'\\t' comma, 9 rows: x0 Number x1 Integer",
        ),
        (
            "decimal commas in quotes",
            format!(
                "a,b\n{}",
                lines(9, |i| format!("\"{}\",{}", number(i, 1).replace('.', ","), i % 4))
            ),
            "',' comma, header, 9 rows: a Number b Integer",
        ),
        (
            "groups and points",
            format!("a;b\n{}", lines(9, |i| format!("1,{:03}.50;{}", i * 91, number(i, 1)))),
            "';', header, 9 rows: a Number/1,234.5 b Number",
        ),
        (
            "groups of blanks",
            format!("a;b\n{}", lines(9, |i| format!("1 {:03};{}", i * 91, number(i, 1)))),
            "';', header, 9 rows: a Integer/1 234 b Number",
        ),
        (
            "values with units",
            format!("a,b\n{}", lines(9, |i| format!("{i} kg,{}", number(i, 1)))),
            "',', header, 9 rows: a Integer/1234 kg b Number",
        ),
        (
            "limits of detection",
            format!("a,b\n{}", lines(9, |i| format!("<0.{i},{}", number(i, 1)))),
            "',', header, 9 rows: a Text/Comparison b Number",
        ),
        (
            "euros",
            format!("a;b\n{}", lines(9, |i| format!("{i},50 €;{}", i % 4))),
            "';', header, 9 rows: a Number/1234,5 € b Integer",
        ),
        (
            "codes",
            format!("code,v\n{}", lines(9, |i| format!("0{i}17,{}", number(i, 1)))),
            "',', header, 9 rows: code Id v Number",
        ),
        (
            "long numbers",
            format!(
                "n,v\n{}",
                lines(9, |i| format!("90071992547409{:02},{}", 93 + i % 7, number(i, 1)))
            ),
            "',', header, 9 rows: n Id v Number",
        ),
        (
            "names twice",
            format!(
                "a,a,a\n{}",
                lines(9, |i| format!("{},{},{}", number(i, 1), number(i, 2), number(i, 3)))
            ),
            "',' new names, header, 9 rows: a Number a_2 Number a_3 Number",
        ),
        (
            "years as names",
            format!(
                "city,2019,2020\n{}",
                lines(9, |i| format!("town {i},{},{}", number(i, 1), number(i, 2)))
            ),
            "',', header, 9 rows: city Text 2019 Number 2020 Number",
        ),
        (
            "dates as names",
            format!(
                "city,2019-01,2020-01\n{}",
                lines(9, |i| format!("town {i},{},{}", number(i, 1), number(i, 2)))
            ),
            "',', header, 9 rows: city Text 2019-01 Number 2020-01 Number",
        ),
        (
            "counted columns",
            format!(
                "0,1,2,3\n{}",
                lines(9, |i| format!("{},{},{},{}", i % 3, i % 4, i % 5, i % 2))
            ),
            "',', header, 9 rows: 0 Integer 1 Integer 2 Integer 3 Integer",
        ),
        (
            "a first row of whole numbers",
            lines(9, |i| format!("{},{}", 3 + i * i % 7, 9 - i)),
            "',', 9 rows: x0 Integer x1 Integer",
        ),
        (
            "a line too long",
            format!("a,b\n{}1,2,3\n", lines(9, two)),
            "a.csv, line 11: holds 3 fields, and 2 are required, as in the first record; one more than there are names: if each row starts with a name, set data.row_names to true",
        ),
    ];
    let mut wrong = String::new();
    for (name, text, expected) in &tables {
        let found = found(text);
        if found != *expected {
            writeln!(wrong, "{name}:\n  found    {found}\n  expected {expected}")
                .expect("a string");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(tables.len() >= 40);
}
