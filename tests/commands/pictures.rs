//! Pictures as tables: arrays of three axes and four, the guess of a width, and samples as PNG.

use serde_json::json;

use crate::cases::Case;

/// An NPY file.
fn npy(kind: &str, by_column: bool, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let order = if by_column { "True" } else { "False" };
    let shape: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let header = format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': ({shape}), }}");
    let length = (header.len() + 1 + 10).next_multiple_of(64) - 10;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{header:<width$}\n", width = length - 1).bytes());
    bytes.extend(data);
    bytes
}

/// A byte of a picture's channel: red lies left, green above, blue is little.
fn pixel(picture: usize, x: usize, y: usize, channel: usize) -> u8 {
    let noise = (picture * 31 + x * 7 + y * 13 + channel * 5) % 29;
    let light = match channel {
        0 => 200 - 30 * x,
        1 => 180 - 25 * y,
        _ => 10,
    };
    (light + noise) as u8
}

/// 60 pictures of 5 by 6 in colours, channels last or first.
fn colours(is_first: bool) -> Vec<u8> {
    let mut data = Vec::new();
    for picture in 0..60 {
        for i in 0..90 {
            let (x, y, channel) = match is_first {
                true => (i % 5, i / 5 % 6, i / 30),
                false => (i / 3 % 5, i / 15, i % 3),
            };
            data.push(pixel(picture, x, y, channel));
        }
    }
    let shape = if is_first { [60, 3, 6, 5] } else { [60, 6, 5, 3] };
    npy("|u1", false, &shape, &data)
}

fn floats(shape: &[usize], values: impl Iterator<Item = f32>) -> Vec<u8> {
    npy("<f4", false, shape, &values.flat_map(f32::to_le_bytes).collect::<Vec<_>>())
}

/// Width, height and type of colours of a PNG, by its header.
#[track_caller]
fn header(bytes: &[u8]) -> (u32, u32, u8) {
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four"));
    (number(16), number(20), bytes[25])
}

const SHORT: [&str; 8] = [
    "--set",
    "train.steps=4",
    "--set",
    "sample.count=12",
    "--set",
    "denoiser.network.width=16",
    "--set",
    "report.page=true",
];

#[test]
fn colours_are_never_taken_for_grey_and_samples_become_pictures() {
    for (is_first, axis) in [(false, "last"), (true, "first")] {
        let case = Case::of("rgb.npy", colours(is_first));
        let read = case.init("rgb.npy", &[]);
        read.says("60 pictures of 5 by 6, red, green and blue: by the axes of its rows");
        read.says(&format!("channels {axis}); if they are none: --image-width 0"));
        assert_eq!(read.data["image_width"], 5);
        assert_eq!(read.data["image_channels"], json!({ "count": 3, "axis": axis }));
        assert_eq!(read.data["columns"], json!(null));
        let program = &case.program;
        program.run(&[&["train", "./t.json", "--out", "run"][..], &SHORT].concat()).code(0);
        let figure = String::from_utf8(program.read("run/figures/images.svg")).expect("UTF-8");
        // The data's mean red is far above its blue, so that some colour must be reddish.
        let is_red = |colour: &str| {
            let digits: Vec<_> = colour.chars().take(4).collect();
            matches!(digits[..], [red, _, blue, '"'] if red > '8' && blue < '4')
        };
        assert!(figure.split("stroke=\"#").skip(1).any(is_red), "{axis}");

        let sheet = program.run(&["sample", "run", "--out", "sheet.png"]).code(0);
        assert!(sheet.out.contains("12 samples in sheet.png, black at 0 and white at 255"));
        // Four by three pictures at ten times their size, two pixels apart.
        assert_eq!(header(&program.read("sheet.png")), (4 * 52 + 2, 3 * 62 + 2, 2));
        let folder = program.run(&["sample", "run", "--count", "11", "--out", "new/"]).code(0);
        assert!(folder.out.contains("11 samples in new/"), "{}", folder.out);
        let names = program.everything();
        assert_eq!(names.iter().filter(|name| name.starts_with("new/")).count(), 11);
        assert_eq!(header(&program.read("new/10.png")), (5, 6, 2));

        // What the run keeps of its pictures is enough.
        std::fs::rename(program.path("rgb.npy"), program.path("moved.npy")).expect("moved");
        program.run(&["sample", "run", "--out", "alone.png"]).code(0);
        assert_eq!(program.read("alone.png"), program.read("sheet.png"));
        std::fs::rename(program.path("moved.npy"), program.path("rgb.npy")).expect("moved");

        // Nothing is overwritten, and what else is in a folder stays.
        let again = |out: &str, what: &str| {
            let before = program.everything();
            let arguments = ["sample", "run", "--count", "11", "--out", out];
            program.run(&arguments).code(2).err_has(what);
            assert_eq!(program.everything(), before);
        };
        again("new", "new/00.png exists already");
        std::fs::rename(program.path("new/00.png"), program.path("new/100.png")).expect("moved");
        again("new", "new/01.png exists already");
        std::fs::create_dir(program.path("more")).expect("created");
        std::fs::rename(program.path("new/100.png"), program.path("more/100.png")).expect("moved");
        again("more", "more holds pictures of other samples: name another folder");
        again("sheet.png", "sheet.png exists already");
        again("none/new/", "--out: there is no folder none");
        std::fs::create_dir(program.path("kept")).expect("created");
        program.write("kept/notes.txt", "mine");
        program.run(&["sample", "run", "--count", "2", "--out", "kept"]).code(0);
        assert_eq!(program.read("kept/notes.txt"), b"mine");
        assert_eq!(header(&program.read("kept/1.png")), (5, 6, 2));
    }
}

#[test]
fn samples_of_other_data_are_no_pictures() {
    let case = Case::of("points.csv", "a,b\n1,2.5\n2,3.5\n4,1.5\n3,0.5\n9,1.5\n7,2.5\n5,3.5\n");
    case.init("points.csv", &[]);
    case.train(2);
    for out in ["sheet.png", "pictures/", "run"] {
        let before = case.program.everything();
        let said = case.program.run(&["sample", "run", "--count", "3", "--out", out]).code(2);
        assert!(
            said.err.contains(&format!("{out}: the run's data are no pictures")),
            "{}",
            said.err
        );
        assert!(said.err.contains(".csv or .npy"), "{}", said.err);
        assert_eq!(case.program.everything(), before);
    }
    case.program.run(&["sample", "run", "--out", "a.jpg"]).code(2).err_has(".csv, .npy or .png");
}

#[test]
fn a_width_is_guessed_of_pixels_alone_and_can_be_undone() {
    let pixels = |columns: usize, most: usize| {
        let row = move |row: usize| (0..columns).map(move |i| ((row * 37 + i * 11) % most) as u8);
        npy("|u1", false, &[80, columns], &(0..80).flat_map(row).collect::<Vec<_>>())
    };
    for (columns, most, width) in [
        (64, 256, json!(8)),
        (64, 2, json!(8)),
        (100, 17, json!(10)),
        // No square, too few, and one of a square's neighbours.
        (63, 256, json!(null)),
        (25, 256, json!(null)),
        (65, 256, json!(null)),
    ] {
        let case = Case::of("a.npy", pixels(columns, most));
        let read = case.init("a.npy", &[]);
        assert_eq!(read.data["image_width"], width, "{columns} {most}");
        assert_eq!(read.names().len(), columns);
        if !width.is_null() {
            read.says(&format!("80 pictures of {width} by {width}, grey: since {columns} columns"));
            read.says("if they are none: --image-width 0");
            read.says(&format!("{columns} columns, x0 to x{}: 0 to", columns - 1));
            assert!(!read.listing.contains("x7:"), "columns one by one: {}", read.listing);
            let read = case.init("a.npy", &["--image-width", "0"]);
            assert_eq!(read.data["image_width"], json!(null));
            assert_eq!(read.data["columns"].as_array().map(Vec::len), Some(columns));
        }
    }
    let case = Case::of("a.npy", pixels(63, 256));
    let read = case.init("a.npy", &["--image-width", "9"]);
    assert_eq!(read.data["image_width"], 9);
    read.says("80 pictures of 9 by 7, grey");
    let said = case.program.run(&["init", "a.npy", "--image-width", "8"]).code(2);
    assert!(said.err.contains("--image-width 8: must divide the 63 columns"), "{}", said.err);

    // A CSV of pixels from 0 to 1; flags; columns of several names; numbers of several scales.
    let csv = |name: fn(usize) -> String, value: fn(usize, usize) -> String| {
        let line = |cells: Vec<String>| cells.join(",") + "\n";
        let rows = (0..40).map(|row| line((0..36).map(|i| value(row, i)).collect()));
        line((0..36).map(name).collect()) + &rows.collect::<String>()
    };
    let grey = |row: usize, i: usize| format!("{:.2}", ((row * 37 + i * 11) % 100) as f64 / 100.0);
    let numbered: fn(usize) -> String = |i| format!("pixel_{}_{}", i / 6, i % 6);
    for (text, width) in [
        (csv(numbered, grey), json!(6)),
        (csv(numbered, |row, i| ((row * 7 + i * i) % 3 % 2).to_string()), json!(null)),
        (csv(|i| format!("{}{i}", if i == 9 { "a" } else { "b" }), grey), json!(null)),
        (
            csv(numbered, |row, i| {
                let most = if i < 30 { 3 } else { 250 };
                ((row * 37 + i * 11) % most).to_string()
            }),
            json!(null),
        ),
    ] {
        let case = Case::of("a.csv", text);
        assert_eq!(case.init("a.csv", &[]).data["image_width"], width);
    }
}

#[test]
fn one_infinity_or_nan_of_an_array_costs_its_row_and_no_column() {
    let value = |i: usize| match i {
        // Row 7, column 1; row 11, column 0.
        15 => f32::INFINITY,
        22 => f32::NAN,
        _ => ((i * 37) % 101) as f32 / 8.0,
    };
    let case = Case::of("a.npy", floats(&[100, 2], (0..200).map(value)));
    let read = case.init("a.npy", &[]);
    assert_eq!((read.rows(), read.complete(), read.names()), (100, 98, vec!["x0", "x1"]));
    assert_eq!(read.column("x1")["missing"], json!(["inf"]));
    read.says("x1: a.npy row 7 (counted from 0): \"inf\", 1 of 100; those rows are left out");
    read.says("x0: a.npy row 11 (counted from 0): \"NaN\", 1 of 100; those rows are left out");
    assert_eq!(case.train(2).samples.rows.len(), 300);

    // Of pictures no column can be spared, whatever stands in it.
    let value = |i: usize| match i {
        i if i % 36 == 5 && i / 36 < 9 => f32::NEG_INFINITY,
        1000 => f32::NAN,
        _ => ((i * 37) % 101) as f32 / 8.0,
    };
    let case = Case::of("a.npy", floats(&[40, 6, 6], (0..1440).map(value)));
    let read = case.init("a.npy", &[]);
    assert_eq!((read.rows(), read.complete(), read.names().len()), (40, 30, 36));
    read.says("30 of 40 rows are complete");
}

#[test]
fn what_is_said_of_text_is_refused_of_an_array_and_missing_numbers_count() {
    let case = Case::of(
        "a.npy",
        floats(&[90, 1], (0..90).map(|i| if i == 4 { -99.0 } else { i as f32 * 0.3 })),
    );
    for flags in [
        ["--header", "no"],
        ["--delimiter", ";"],
        ["--delimiter", "space"],
        ["--decimal", ","],
        ["--comment", "#"],
        ["--skip-lines", "1"],
    ] {
        let said = case.refused("a.npy", &flags);
        let expected =
            format!("is an array (NPY), and {} says how a file of text is read", flags[0]);
        assert!(said.contains(&expected), "{said}");
    }
    let read = case.init("a.npy", &["--missing", "-99"]);
    assert_eq!((read.rows(), read.complete()), (90, 89));
    let samples = case.train(20).samples;
    assert!(samples.numbers("x0").iter().all(|value| *value >= 0.0), "within those that are left");
}

#[test]
fn axes_that_are_no_pictures_are_read_as_columns_and_said() {
    let values = |count: usize| (0..count).map(|i| ((i * 37) % 101) as f32 / 8.0);
    for (shape, count, words) in [
        (&[30, 4, 3][..], 360, "each row has 4 by 3 numbers"),
        (&[30, 2, 5, 2], 600, "each row has 2 by 5 by 2 numbers"),
    ] {
        let case = Case::of("a.npy", floats(shape, values(count)));
        let read = case.init("a.npy", &[]);
        read.says(words);
        assert_eq!(read.data["shape"], json!(shape[1..]));
        assert_eq!(read.data["image_width"], json!(null));
        assert_eq!(read.names().len(), count / 30);
    }
    // Another array in its place is told.
    let case = Case::of("a.npy", floats(&[30, 8, 6], values(1440)));
    case.init("a.npy", &[]);
    std::fs::write(case.program.path("a.npy"), floats(&[30, 6, 8], values(1440))).expect("written");
    let said = case.program.run(&["train", "./t.json", "--dry-run"]).code(2);
    assert!(said.err.contains("its rows are 6 by 8, and data.shape says 8 by 6"), "{}", said.err);
    // Five axes are none of a table.
    let case = Case::of("a.npy", floats(&[10, 2, 2, 2, 2], values(160)));
    let said = case.refused("a.npy", &[]);
    assert!(
        said.contains("it has 5 axes") && said.contains("array.reshape(len(array), -1)"),
        "{said}"
    );
}

#[test]
fn an_array_in_fortran_order_is_the_same_pictures() {
    let value = |n: usize, y: usize, x: usize| ((n * 37 + y * 11 + x * 5) % 200) as u8;
    let (mut c_order, mut fortran) = (Vec::new(), Vec::new());
    for n in 0..30 {
        for y in 0..7 {
            c_order.extend((0..9).map(|x| value(n, y, x)));
        }
    }
    for x in 0..9 {
        for y in 0..7 {
            fortran.extend((0..30).map(|n| value(n, y, x)));
        }
    }
    let train = |bytes: Vec<u8>| {
        let case = Case::of("a.npy", bytes);
        case.init("a.npy", &[]).says("30 pictures of 9 by 7, grey");
        case.train(3);
        case.program.read("run/samples.csv")
    };
    let (one, other) =
        (npy("|u1", false, &[30, 7, 9], &c_order), npy("|u1", true, &[30, 7, 9], &fortran));
    assert!(train(one) == train(other), "the same rows and columns");
}

#[test]
fn pixels_of_a_csv_keep_the_zeros_at_their_ends() {
    let row = |i: usize| {
        let pixel = |j: usize| format!("{:.2}", ((i * 37 + j * 13) % 101) as f64 / 100.0);
        (0..64).map(pixel).collect::<Vec<_>>().join(",")
    };
    let names: Vec<String> = (0..64).map(|j| format!("p{j}")).collect();
    let rows: Vec<String> = (0..120).map(row).collect();
    let case = Case::of("pixels.csv", format!("{}\n{}\n", names.join(","), rows.join("\n")));
    let program = &case.program;
    program.run(&["init", "pixels.csv"]).code(0);
    let train = ["train", "./pixels.json", "--steps", "2", "--out", "run"];
    let settings = ["--set", "sample.count=20", "--set", "report.figures=[]"];
    program.run(&[&train[..], &settings].concat()).code(0);
    let samples = String::from_utf8(program.read("run/samples.csv")).expect("UTF-8");
    let mut cells = samples.lines().skip(1).flat_map(|line| line.split(','));
    assert!(
        cells.all(|cell| cell.split_once('.').is_some_and(|(_, rest)| rest.len() == 2)),
        "{samples}"
    );
}
