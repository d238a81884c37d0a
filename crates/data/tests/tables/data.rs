//! The split, the draws and what a user is told.

use std::collections::BTreeSet;

use langevin_data::{
    Dataset, Holdout, Part, Purpose, Split, SplitOptions, Streams, Table, TableData, TableOptions,
    Transform, built_in_table,
};

use super::{names, read, specs};

/// Row i holds i, i² and nothing else.
fn numbered(rows: usize) -> Table {
    read(&(0..rows).map(|row| format!("{row},{}\n", row * row)).collect::<String>()).unwrap()
}

fn split(table: Table, holdout: Holdout, seed: u64) -> TableData {
    split_as(Split::Random, table, holdout, seed)
}

fn split_as(split: Split, table: Table, holdout: Holdout, seed: u64) -> TableData {
    let transform = Transform::None;
    let options = SplitOptions { holdout, split, seed, transform, round_integers: false };
    TableData::new(table, &options).unwrap()
}

/// The numbers of a part's rows, in its order.
fn rows(data: &TableData, part: Part) -> Vec<usize> {
    let mut row = vec![0.0; data.features()];
    (0..data.len(part).unwrap())
        .map(|i| {
            data.row(part, i, &mut row);
            row[0] as usize
        })
        .collect()
}

#[test]
fn every_row_is_either_trained_on_or_held_out() {
    for (count, holdout, held_out) in [
        (100, Holdout::Share(0.25), 25),
        (10, Holdout::Share(0.26), 3),
        (10, Holdout::Share(0.01), 1),
        (10, Holdout::Share(0.0), 0),
        (10, Holdout::Rows(8), 8),
        (10, Holdout::Rows(0), 0),
        (3, Holdout::Share(0.2), 1),
    ] {
        let data = split(numbered(count), holdout, 5);
        let (training, held) = (rows(&data, Part::Training), rows(&data, Part::HeldOut));
        assert_eq!((training.len(), held.len()), (count - held_out, held_out), "{holdout:?}");
        let all: BTreeSet<_> = training.into_iter().chain(held).collect();
        assert_eq!(all.into_iter().collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
    }
}

#[test]
fn the_split_depends_on_the_seed_and_the_rows_alone() {
    let held = |seed, holdout| rows(&split(numbered(50), holdout, seed), Part::HeldOut);
    assert_eq!(held(1, Holdout::Share(0.2)), held(1, Holdout::Rows(10)));
    assert_ne!(held(1, Holdout::Rows(10)), held(2, Holdout::Rows(10)));
    assert_eq!(held(1, Holdout::Rows(30))[..10], held(1, Holdout::Rows(10)), "the same and others");
    let options = TableOptions {
        columns: Some(specs(&["x0"])),
        header: Some(false),
        ..TableOptions::default()
    };
    let text: String = (0..50).map(|row| format!("{row},text\n")).collect();
    let fewer = Table::from_bytes("b.csv", text.as_bytes(), &options).unwrap();
    let options = SplitOptions { holdout: Holdout::Rows(10), seed: 1, ..SplitOptions::default() };
    let fewer = TableData::new(fewer, &options).unwrap();
    let (mut row, mut restored) = ([0.0], Vec::new());
    for i in 0..10 {
        fewer.row(Part::HeldOut, i, &mut row);
        fewer.restore(&row, &mut restored);
    }
    let restored: Vec<_> = restored.iter().map(|value| value.round() as usize).collect();
    assert_eq!(restored, held(1, Holdout::Rows(10)), "other columns and another transform");
}

#[test]
fn the_last_rows_are_held_out_whatever_the_seed() {
    for (count, holdout, held_out) in
        [(10, Holdout::Share(0.2), 2), (10, Holdout::Rows(8), 8), (10, Holdout::Rows(0), 0)]
    {
        for seed in [0, 7] {
            let data = split_as(Split::Last, numbered(count), holdout, seed);
            let border = count - held_out;
            assert_eq!(rows(&data, Part::Training), (0..border).collect::<Vec<_>>());
            assert_eq!(rows(&data, Part::HeldOut), (border..count).collect::<Vec<_>>());
        }
    }
}

/// Every release must hold out the same rows: runs of old config files depend on them.
#[test]
fn the_split_is_stable() {
    let held = rows(&split(numbered(100), Holdout::Rows(8), 42), Part::HeldOut);
    assert_eq!(held, STABLE);
}

const STABLE: [usize; 8] = [0, 50, 82, 43, 59, 60, 38, 93];

#[test]
fn every_set_of_rows_is_held_out_equally_often() {
    const SEEDS: u64 = 5000;
    let mut counts = [[0; 5]; 5];
    for seed in 0..SEEDS {
        let mut held = rows(&split(numbered(5), Holdout::Rows(2), seed), Part::HeldOut);
        held.sort_unstable();
        counts[held[0]][held[1]] += 1;
    }
    // Of 10 pairs each is binomial: 500 ± 21; 5 standard errors of either side.
    for (i, counts) in counts.iter().enumerate() {
        for (j, count) in counts.iter().enumerate() {
            let exact = if i < j { SEEDS as i32 / 10 } else { 0 };
            assert!((count - exact).abs() <= if i < j { 106 } else { 0 }, "{i} and {j}: {count}");
        }
    }
}

#[test]
fn a_row_is_drawn_by_one_word_from_its_part() {
    let data = split(numbered(10), Holdout::Rows(3), 7);
    assert_eq!(data.words_per_row(), 1);
    for (part, purpose) in [(Part::Training, Purpose::Data), (Part::HeldOut, Purpose::HeldOut)] {
        let of_part = rows(&data, part);
        let mut drawn = vec![0.0; 2 * 1000];
        data.draw(part, &mut Streams::new(3).at(purpose, 4, 0), &mut drawn);
        let mut words = Streams::new(3).at(purpose, 4, 0);
        for row in drawn.chunks(2) {
            let share = words.next_word() as f64 / 2_f64.powi(64);
            let exact = of_part[(share * of_part.len() as f64) as usize];
            assert_eq!(row, [exact as f64, (exact * exact) as f64]);
        }
        let seen: BTreeSet<_> = drawn.chunks(2).map(|row| row[0] as usize).collect();
        assert_eq!(seen, of_part.iter().copied().collect(), "each row is drawn sometimes");
    }
}

#[test]
fn without_held_out_rows_held_out_draws_are_training_rows() {
    let data = split(numbered(4), Holdout::Rows(0), 7);
    let draw = |part| {
        let mut drawn = vec![0.0; 2 * 50];
        data.draw(part, &mut Streams::new(3).at(Purpose::HeldOut, 0, 0), &mut drawn);
        drawn
    };
    assert_eq!(draw(Part::HeldOut), draw(Part::Training));
    assert_eq!(data.len(Part::HeldOut), Some(0));
}

#[test]
fn a_row_that_is_not_there_leaves_its_place_as_it_is() {
    let data = split(numbered(4), Holdout::Rows(1), 7);
    let mut row = [-1.0, -2.0];
    data.row(Part::HeldOut, 1, &mut row);
    data.row(Part::Training, 3, &mut row);
    assert_eq!(row, [-1.0, -2.0]);
}

#[test]
fn a_user_is_told_what_became_of_the_table() {
    let penguins = built_in_table("penguins").unwrap();
    let options =
        TableOptions { exclude: names(&["species", "island", "sex"]), ..TableOptions::default() };
    let table = Table::from_bytes(penguins.name, penguins.bytes, &options).unwrap();
    let data = TableData::new(table, &SplitOptions::default()).unwrap();
    assert_eq!(data.attribution(), None);
    let data = data.with_attribution(penguins.attribution);
    assert_eq!(data.attribution(), Some(penguins.attribution));
    assert_eq!(
        data.remarks(),
        [
            "rows dropped for a missing value: 2 (lines of the file: 5, 273)",
            "columns left out: species, island, sex",
            "columns of whole numbers, not rounded in samples (data.round_integers): flipper_length_mm, body_mass_g, year",
        ]
    );

    let digits = built_in_table("digits").unwrap();
    let table = Table::from_bytes(digits.name, digits.bytes, &TableOptions::default()).unwrap();
    let options = SplitOptions { round_integers: true, ..SplitOptions::default() };
    let remarks = TableData::new(table, &options).unwrap().remarks();
    assert_eq!(
        remarks[0],
        "columns that are constant, kept out of the network and restored: x0 = 0, x16 = 0, x32 = 0, x39 = 0, x56 = 0"
    );
    assert_eq!(
        remarks[1],
        "columns of whole numbers, rounded in samples: x1, x2, x3, x4, x5, x6, x7, x8, x9, x10 and 50 more"
    );
    assert_eq!(remarks[2], "held-out values lost to those constant columns: 5");
    assert_eq!(remarks.len(), 3);

    let text = format!("1\n{}2\n3\n", "NA\n".repeat(12));
    let data = TableData::new(read(&text).unwrap(), &SplitOptions::default()).unwrap();
    assert_eq!(
        data.remarks()[0],
        "rows dropped for a missing value: 12 (lines of the file: 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more)"
    );
}

#[test]
fn distributions_need_say_nothing_of_rows() {
    let moons = langevin_data::TwoMoons::new(0.1).unwrap();
    let (mut row, mut out) = ([1.0, 2.0], vec![0.5]);
    moons.row(Part::Training, 0, &mut row);
    moons.restore(&row, &mut out);
    moons.scale(&row, &mut out);
    assert_eq!(out, [0.5, 1.0, 2.0, 1.0, 2.0]);
    assert_eq!((moons.len(Part::Training), moons.attribution()), (None, None));
    assert!(moons.remarks().is_empty());
}

#[test]
fn a_class_that_no_training_row_has_is_named() {
    let rows = (0..20).map(|i| format!("{i},{}\n", if i == 7 { "rare" } else { "ab" }));
    let more = (20..40).map(|i| format!("{i},other\n"));
    let text: String = ["x,kind\n".to_owned()].into_iter().chain(rows).chain(more).collect();
    let mut seen = [0; 2];
    for seed in 0..20 {
        let told = vec!["kind".to_owned()];
        let options = TableOptions { told, ..TableOptions::default() };
        let table = Table::from_bytes("a.csv", text.as_bytes(), &options).expect("a table");
        let split = SplitOptions { seed, ..SplitOptions::default() };
        let data = TableData::new(table, &split).expect("data");
        let mut row = Vec::new();
        let held_out = (0..8).any(|i| {
            row.clear();
            data.user_row(Part::HeldOut, i, &mut row);
            (row[0] - 7.0).abs() < 1e-9
        });
        let named =
            "classes of kind that no training row has, of which the model learns nothing: rare";
        assert_eq!(data.remarks().iter().any(|remark| remark == named), held_out, "{seed}");
        seen[usize::from(held_out)] += 1;
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}
