//! The training and held-out rows of a run's table as CSV files, for tools of your own.
//!
//! `cargo run -p cli --example split -- FOLDER [SEED]` writes training.csv and held-out.csv of the digits
//! with their labels. The split depends on the seed and the number of rows alone.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{fmt::Write, fs, path::PathBuf};

use langevin_data::Part;
use langevin_train::parse_config;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder =
        arguments.next().map_or_else(|| std::env::temp_dir().join("digits"), PathBuf::from);
    let seed = arguments.next().unwrap_or("0".to_owned());
    // The label is left out of what the model learns, and is wanted here: 65 columns are no image.
    let settings =
        [format!("seed={seed}"), "data.exclude=[]".to_owned(), "data.image_width=null".to_owned()];
    let config = parse_config("digits", include_str!("../configs/digits.json"), &settings)?;
    let data = config.data.build(config.seed)?;

    fs::create_dir_all(&folder)?;
    for (part, name) in [(Part::Training, "training.csv"), (Part::HeldOut, "held-out.csv")] {
        let mut text = format!("{}\n", data.column_names().join(","));
        let mut row = vec![0.0; data.features()];
        for index in 0..data.len(part).unwrap_or(0) {
            data.row(part, index, &mut row);
            let mut restored = Vec::new();
            data.restore(&row, &mut restored);
            let fields: Vec<_> = restored.iter().map(f64::to_string).collect();
            writeln!(text, "{}", fields.join(","))?;
        }
        let path = folder.join(name);
        fs::write(&path, text)?;
        println!("{} rows in {}", data.len(part).unwrap_or(0), path.display());
    }
    Ok(())
}
