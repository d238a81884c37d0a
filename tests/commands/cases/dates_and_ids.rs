//! Cases on dates, stamps and ids.

use std::collections::BTreeSet;

use super::Case;

#[test]
fn p06_date_as_integer() {
    let case = Case::new("p06-date-as-integer");
    let read = case.init("sales.csv", &[]);
    assert_eq!((read.rows(), read.names()), (400, vec!["day", "revenue"]));
    assert_eq!(read.column("day")["format"], "%Y%m%d");
    read.says("day: 20190101 to 20231228, dates as %Y%m%d");
    let samples = case.train(60).samples;
    for day in samples.column("day") {
        let part = |from, to| -> u32 { day[from..to].parse().expect("digits") };
        assert_eq!(day.len(), 8, "{day}");
        assert!((2019..=2023).contains(&part(0, 4)), "{day}");
        // 20216289 was a day.
        assert!((1..=12).contains(&part(4, 6)) && (1..=31).contains(&part(6, 8)), "{day}");
    }
}

#[test]
fn o18_day_month_names() {
    let case = Case::new("o18-day-month-names");
    let read = case.init("dates.csv", &[]);
    assert_eq!((read.rows(), read.names()), (100, vec!["when", "v"]));
    assert_eq!(
        (&read.column("when")["kind"], &read.column("when")["format"]),
        (&"date".into(), &"%d-%b-%Y".into())
    );
    let days: BTreeSet<_> = (1..=28).map(|day| format!("{day:02}-Mar-2024")).collect();
    let samples = case.train(60).samples;
    assert!(samples.column("when").iter().all(|day| days.contains(*day)));
    assert!(samples.distinct("when").len() > 10);
}

#[test]
fn p16_timestamps() {
    let case = Case::new("p16-timestamps");
    let read = case.init("frames_us.csv", &[]);
    assert_eq!((read.rows(), read.names()), (300, vec!["timestamp", "value"]));
    read.says("timestamp: 1550083467346371 to 1550083497236770, whole");
    let run = case.train(30);
    run.stays_in(&case.rows("frames_us.csv", ','));
    // To the microsecond: in f32 all would be multiples of 134217728.
    let last: BTreeSet<_> = run
        .samples
        .column("timestamp")
        .iter()
        .map(|stamp| stamp[stamp.len() - 1..].to_owned())
        .collect();
    assert_eq!(last.len(), 10);
    let case = Case::new("p16-timestamps");
    let read = case.init("unix.csv", &[]);
    read.says("t: 1699999997.481 to 1700000003.583, 3 decimals");
    let run = case.train(30);
    run.stays_in(&case.rows("unix.csv", ','));
    assert!(run.samples.distinct("t").len() > 100);
}

#[test]
fn p17_long_ids() {
    for (file, id, why, left) in [
        ("tweets_id.csv", "tweet_id", "\"519565461614508341\" (line 2) is above 2^53", "score"),
        ("tweets.csv", "tweet", "\"519565461614508341\" (line 2) is above 2^53", "score"),
        ("zips.csv", "zip", "\"09243\" (line 22) has a leading zero", "income"),
    ] {
        let case = Case::new("p17-long-ids");
        let read = case.init(file, &[]);
        assert_eq!((read.rows(), read.names(), read.left_out()), (300, vec![left], vec![id]));
        let said = read.why_not(id);
        assert!(said.starts_with("holds ids: ") && said.contains(why), "{said}");
        assert_eq!(case.train(10).samples.names, [left]);
    }
}
