//! Random tables come back exactly from every dialect, and no bytes at all make a reader panic.

use langevin_data::{
    FloatArray, Place, SplitOptions, Survey, Table, TableData, TableOptions, Transform,
};
use proptest::{
    collection::vec,
    num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO},
    prelude::*,
    test_runner::RngSeed,
};

use super::{array, packed};

/// The same cases in every run, and no file where one fails.
fn settings(cases: u32) -> ProptestConfig {
    let (rng_seed, failure_persistence) = (RngSeed::Fixed(10), None);
    ProptestConfig { cases, rng_seed, failure_persistence, ..ProptestConfig::default() }
}

#[derive(Clone, Debug)]
struct Dialect {
    delimiter: char,
    line_end: &'static str,
    is_quoted: bool,
    has_header: bool,
    has_mark: bool,
    is_packed: bool,
    blank_lines: bool,
    last_line_end: bool,
}

fn dialects() -> impl Strategy<Value = Dialect> {
    let bools = (any::<bool>(), any::<bool>(), any::<bool>());
    let more = (any::<bool>(), any::<bool>(), any::<bool>());
    let signs =
        (prop::sample::select(vec![',', ';', '\t']), prop::sample::select(vec!["\n", "\r\n"]));
    (signs, bools, more).prop_map(|((delimiter, line_end), (a, b, c), (d, e, f))| Dialect {
        delimiter,
        line_end,
        is_quoted: a,
        has_header: b,
        has_mark: c,
        is_packed: d,
        blank_lines: e,
        last_line_end: f,
    })
}

/// Rows of numbers, some of which are missing.
fn tables() -> impl Strategy<Value = Vec<Vec<Option<f64>>>> {
    let number = POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO;
    let value = prop::option::weighted(0.95, number);
    (1..6_usize).prop_flat_map(move |width| vec(vec(value.clone(), width), 1..40))
}

impl Dialect {
    fn write(&self, table: &[Vec<Option<f64>>]) -> Vec<u8> {
        let field = |text: String| if self.is_quoted { format!("\"{text}\"") } else { text };
        let line = |fields: Vec<String>| fields.join(&self.delimiter.to_string());
        let number = |(i, value): (usize, &Option<f64>)| match (value, i % 2) {
            (None, _) => field("NA".to_owned()),
            (Some(value), 0) => field(value.to_string()),
            (Some(value), _) => field(format!("{value:e}")),
        };
        let mut lines = Vec::new();
        if self.has_header {
            // The other delimiters are part of the names.
            lines.push(line((0..table[0].len()).map(|i| format!("\"a,;\t{i}\"")).collect()));
        }
        lines.extend(table.iter().map(|row| line(row.iter().enumerate().map(number).collect())));
        let between =
            if self.blank_lines { self.line_end.repeat(2) } else { self.line_end.to_owned() };
        let mut text = if self.has_mark { "\u{feff}" } else { "" }.to_owned();
        text += &lines.join(&between);
        if self.last_line_end {
            text += self.line_end;
        }
        if self.is_packed { packed(text.as_bytes()) } else { text.into_bytes() }
    }
}

proptest! {
    #![proptest_config(settings(500))]

    #[test]
    fn tables_come_back_from_every_dialect(table in tables(), dialect in dialects()) {
        let bytes = dialect.write(&table);
        // One column has no delimiter to be found by, and one of a name is misleading.
        let delimiter = (table[0].len() == 1).then_some(dialect.delimiter as u8);
        let options = TableOptions { delimiter, ..TableOptions::default() };
        let exact: Vec<Vec<f64>> =
            table.iter().filter_map(|row| row.iter().copied().collect()).collect();
        let step = 1 + u64::from(dialect.blank_lines);
        let first = 1 + step * u64::from(dialect.has_header);
        let gaps = (0..table.len() as u64).filter(|i| table[*i as usize].contains(&None));
        let gaps: Vec<_> = gaps.map(|i| Place::Line(first + step * i)).collect();
        match Table::from_bytes("a.csv", &bytes, &options) {
            Ok(read) => {
                let rows: Vec<_> = (0..read.rows()).map(|row| read.row(row).to_vec()).collect();
                prop_assert_eq!(rows, exact);
                prop_assert_eq!(read.dropped_rows(), gaps.len() as u64);
                let places: Vec<_> = read.dropped().iter().map(|row| row.place).collect();
                prop_assert_eq!(&places[..], &gaps[..gaps.len().min(10)]);
            }
            Err(error) => prop_assert!(exact.is_empty(), "{error}"),
        }
    }

    #[test]
    fn rows_come_back_through_every_transform(
        table in (1..4_usize).prop_flat_map(|width| vec(vec(-1e6..1e6_f64, width), 3..40)),
        transform in prop::sample::select(vec![
            Transform::None,
            Transform::Standardise,
            Transform::StandardiseTogether,
            Transform::Quantile,
        ]),
    ) {
        let text: String = table.iter().map(|row| {
            row.iter().map(f64::to_string).collect::<Vec<_>>().join(",") + "\n"
        }).collect();
        let read = Table::from_bytes("a.csv", text.as_bytes(), &TableOptions::default()).unwrap();
        let options = SplitOptions { transform, ..SplitOptions::default() };
        super::scaling::assert_rows_come_back(TableData::new(read, &options).unwrap(), &table);
    }
}

proptest! {
    #![proptest_config(settings(500))]

    #[test]
    fn arrays_of_any_shape_come_back(shape in vec(0..5_usize, 0..5), fills in any::<u32>()) {
        let count = shape.iter().product::<usize>();
        let values = (0..count).map(|i| f32::from_bits(fills.wrapping_mul(i as u32 + 1)));
        let data: Vec<u8> = values.clone().flat_map(f32::to_le_bytes).collect();
        let sizes: String = shape.iter().map(|size| format!("{size},")).collect();
        let bytes = array("<f4", false, &sizes, &data);
        let read = FloatArray::from_npy(&bytes).unwrap();
        prop_assert_eq!(&read.shape, &shape);
        prop_assert!(read.values.iter().map(|x| x.to_bits()).eq(values.map(f32::to_bits)));
        // A byte less or more is another file.
        prop_assert!(FloatArray::from_npy(&[&bytes[..], b"0"].concat()).is_err());
        prop_assert!(FloatArray::from_npy(&bytes[..bytes.len() - 1]).is_err());
    }
}

/// What a file's bytes may suffer.
#[derive(Clone, Debug)]
enum Damage {
    Set(usize, u8),
    Insert(usize, u8),
    Remove(usize, usize),
    Cut(usize),
}

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    let byte = prop_oneof![any::<u8>(), prop::sample::select(b"\",;\n\r\t(){}'0189eE-.".to_vec())];
    let place = any::<prop::sample::Index>().prop_map(|index| index.index(1 << 20));
    let one = prop_oneof![
        4 => (place.clone(), byte.clone()).prop_map(|(place, byte)| Damage::Set(place, byte)),
        3 => (place.clone(), byte).prop_map(|(place, byte)| Damage::Insert(place, byte)),
        2 => (place.clone(), 1..20_usize).prop_map(|(place, count)| Damage::Remove(place, count)),
        1 => place.prop_map(Damage::Cut),
    ];
    vec(one, 1..12)
}

fn damaged(mut bytes: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        let len = bytes.len().max(1);
        match *damage {
            Damage::Set(place, byte) => {
                if let Some(there) = bytes.get_mut(place % len) {
                    *there = byte;
                }
            }
            Damage::Insert(place, byte) => bytes.insert(place % len % (bytes.len() + 1), byte),
            Damage::Remove(place, count) => {
                let start = (place % len).min(bytes.len());
                bytes.drain(start..(start + count).min(bytes.len()));
            }
            Damage::Cut(place) => bytes.truncate(place % len),
        }
    }
    bytes
}

/// Files of every format to begin with.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let csv = b"id,\"b, c\",d\r\n1,2.5,NA\r\n2,\"-1e5\",3\n3,0,.5\n4,,7\n".to_vec();
    let numbers: Vec<u8> = (0..12).flat_map(|i| f64::from(i).to_le_bytes()).collect();
    let by_row = array("<f8", false, "6, 2", &numbers);
    let by_column = array(">f8", true, "3, 4", &numbers);
    vec![
        ("a.csv.gz", packed(&csv)),
        ("a.npy.gz", packed(&by_column)),
        ("a.csv", csv),
        ("a.npy", by_row),
        ("a.npy", by_column),
    ]
}

proptest! {
    #![proptest_config(settings(20_000))]

    #[test]
    fn no_damage_makes_a_reader_panic(file in 0..5_usize, damages in damages()) {
        let (name, bytes) = files().swap_remove(file);
        let bytes = damaged(bytes, &damages);
        let _ = (Survey::from_bytes(name, &bytes, &TableOptions::default()), FloatArray::from_npy(&bytes));
        if let Ok(table) = Table::from_bytes(name, &bytes, &TableOptions::default()) {
            prop_assert!(table.rows() > 0);
            let values = (0..table.rows()).flat_map(|row| table.row(row));
            prop_assert!(values.into_iter().all(|value| value.is_finite()));
            let options = SplitOptions { transform: Transform::Quantile, ..SplitOptions::default() };
            let _ = TableData::new(table, &options);
        }
    }
}
