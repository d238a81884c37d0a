//! Cases on files that are no CSV.

use super::Case;

#[test]
fn o08_other_formats() {
    let case = Case::new("o08-other-formats");
    for (file, what, way_out) in [
        ("t.parquet", "is a Parquet file", "to_csv("),
        ("a.npz", "is a NumPy archive (npz)", "numpy.save("),
        ("soil.csv.zip", "is a zip archive", "unpack it"),
        ("soil.csv.xz", "is a file packed by xz", "unpack it"),
        ("soil.csv.bz2", "is a file packed by bzip2", "unpack it"),
        ("rows.json", "is JSON", "to_csv("),
        ("rows.jsonl", "is JSON, an object a line", "lines=True"),
    ] {
        let said = case.refused(file, &[]);
        assert!(said.contains(what) && said.contains(way_out), "{said}");
    }
    // The beginning of a workbook, followed by noise.
    case.refused("book.xlsx", &[]);
    let read = case.init("array_named.csv", &[]);
    assert_eq!((read.rows(), read.names()), (100, vec!["x0", "x1"]));
    let read = case.init("plain_named.npy.csv", &[]);
    assert_eq!((read.rows(), read.names()), (30, vec!["b"]));
    assert_eq!(read.why_not("a"), "numbers the rows");
}

#[test]
fn p26_image_arrays() {
    let case = Case::new("p26-image-arrays");
    for (file, shape) in [
        ("images3d.npy", serde_json::json!([8, 8])),
        ("images4d.npy", serde_json::json!([1, 8, 8])),
        ("flat.npy", serde_json::Value::Null),
    ] {
        let read = case.init(file, &[]);
        read.says("300 pictures of 8 by 8, grey");
        assert_eq!((read.rows(), read.names().len(), &read.data["shape"]), (300, 64, &shape));
        assert_eq!(read.data["image_width"], 8);
    }
    for (file, what) in [
        ("half.npy", "its numbers are of the type '<f2'"),
        ("mask.npy", "its numbers are of the type '|b1'"),
    ] {
        let said = case.refused(file, &[]);
        assert!(said.contains(what) && said.contains("array.astype(\"float32\")"), "{said}");
    }
    let read = case.init("flat.npy", &[]);
    assert_eq!((read.rows(), read.names().len()), (300, 64));
    // Pixels came back as -16.
    let most = case.program.read("flat.npy")[128..].iter().max().copied();
    let samples = case.train(30).samples;
    let pixels = samples.rows.iter().flatten();
    let pixels = pixels.map(|pixel| pixel.parse::<u8>().expect("a whole number from 0 on"));
    assert!(pixels.max() <= most);
    let arguments = ["train", "./t.json", "--dry-run", "--set", "data.image_width=8"];
    case.program.run(&arguments).code(0);
}
