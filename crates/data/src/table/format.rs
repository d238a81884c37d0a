//! [`recognise`]: what a file is that is no table, by its first bytes.

/// Bytes of a file that are looked at.
pub(super) const LOOKED_AT: usize = 2048;

/// Kind of file that is no table of text or numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    /// What it is.
    pub what: &'static str,
    /// What to do with it.
    pub way: &'static str,
}

const PANDAS: &str =
    "write it as CSV, as by pandas: pandas.read_parquet(file).to_csv(\"table.csv\", index=False)";
const UNPACK: &str = "unpack it (a CSV file may be packed by gzip)";
const SHEET: &str = "save its sheet as CSV";
const FRAME: &str = "write it as CSV with one column for each number, or as NPY";

/// Formats that their first bytes tell: place, bytes, what and way.
const MAGIC: &[(usize, &[u8], &str, &str)] = &[
    (0, b"PAR1", "a Parquet file", PANDAS),
    (
        0,
        b"ARROW1",
        "an Arrow or Feather file",
        "write it as CSV, as by pandas: pandas.read_feather(file).to_csv(\"table.csv\", index=False)",
    ),
    (0, b"\xfd7zXZ\0", "a file packed by xz", UNPACK),
    (4, b"1AY&SY", "a file packed by bzip2", UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "a file packed by zstd", UNPACK),
    (0, b"\x04\x22\x4d\x18", "a file packed by lz4", UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (0, b"Rar!", "a RAR archive", UNPACK),
    (257, b"ustar", "a tar archive", UNPACK),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file", FRAME),
    (0, b"CDF\x01", "a NetCDF file", FRAME),
    (0, b"CDF\x02", "a NetCDF file", FRAME),
    (
        0,
        b"SQLite format 3\0",
        "an SQLite database",
        "write the query's rows as CSV: sqlite3 -csv -header FILE 'select …'",
    ),
    (0, b"MATLAB 5.0 MAT-file", "a MATLAB file", "write it as CSV, as by writematrix"),
    (
        0,
        b"RDX",
        "an R data file",
        "write it as CSV: write.csv(data, \"table.csv\", row.names = FALSE)",
    ),
    (
        0,
        b"RDA",
        "an R data file",
        "write it as CSV: write.csv(data, \"table.csv\", row.names = FALSE)",
    ),
    (0, b"<stata_dta>", "a Stata file", "write it as CSV: export delimited"),
    (0, b"$FL2", "an SPSS file", "save it as CSV"),
    (0, b"%PDF-", "a PDF document", SHEET),
    (0, b"\x89PNG\r\n\x1a\n", "a PNG picture", FRAME),
    (0, b"\xff\xd8\xff", "a JPEG picture", FRAME),
    (0, b"GIF8", "a GIF picture", FRAME),
    (0, b"\x7fELF", "a program", "give a table"),
    (0, b"\x80\x04\x95", "a pickle of Python", "write it as CSV, or an array by numpy.save"),
    (0, b"\x80\x05\x95", "a pickle of Python", "write it as CSV, or an array by numpy.save"),
    (0, b"\xff\xfe", "text in UTF-16", "save it as UTF-8"),
    (0, b"\xfe\xff", "text in UTF-16", "save it as UTF-8"),
];

/// Texts that open a file of another kind, in lower case.
const TEXTS: &[(&[u8], &str, &str)] = &[
    (b"<!doctype html", "a web page", "save the table itself as CSV"),
    (b"<html", "a web page", "save the table itself as CSV"),
    (b"<?xml", "XML", "save its table as CSV"),
    (b"@relation", "an ARFF file", "take the lines below @data as CSV"),
    (b"{\\rtf", "a document of rich text", "save it as plain text"),
    (b"sep=", "a table with Excel's line sep= before it", "remove that line"),
    (b"version https://git-lfs", "a pointer of Git LFS", "fetch the file itself: git lfs pull"),
];

/// What the file `name` is by its first bytes, if it is none that can be a table. Zip archives and compound files, which
/// may be workbooks, are told by their parts: [`workbook::open`](super::workbook::open).
pub(super) fn recognise(name: &str, start: &[u8]) -> Option<Format> {
    // A short magic of letters may be the name of a column, where no control character follows.
    let is_binary = start.iter().any(|byte| *byte < b'\t' || (14..32).contains(byte));
    let is_it = |(at, magic, ..): &&(usize, &[u8], &str, &str)| {
        let is_there = start.get(*at..).is_some_and(|start| start.starts_with(magic));
        is_there && (is_binary || magic.len() > 4 || !magic.is_ascii())
    };
    let magic = MAGIC.iter().find(is_it);
    if let Some((_, _, what, way)) = magic {
        return Some(Format { what, way });
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let lower = text.get(..64.min(text.len())).unwrap_or_default().to_ascii_lowercase();
    let is_it = |(known, ..): &&(&[u8], &str, &str)| {
        // A line of Excel's ends behind the delimiter.
        lower.starts_with(known)
            && (*known != b"sep=" || lower.get(5).is_some_and(|byte| b"\r\n".contains(byte)))
    };
    if let Some((_, what, way)) = TEXTS.iter().find(is_it) {
        return Some(Format { what, way });
    }
    json(name, text)
}

/// JSON: an object with a first name in quotes, or a list of objects or lists. A column may be called `[x]`,
/// so that a list of plain values is JSON by its name alone.
fn json(name: &str, text: &[u8]) -> Option<Format> {
    let way =
        "write it as CSV, as by pandas: pandas.read_json(file).to_csv(\"table.csv\", index=False)";
    let lines = "write it as CSV, as by pandas: pandas.read_json(file, lines=True).to_csv(\"table.csv\", index=False)";
    let inner = |open: &[u8]| Some(text.strip_prefix(open)?.trim_ascii_start());
    let is_named =
        [".json", ".jsonl", ".ndjson"].iter().any(|end| name.to_ascii_lowercase().ends_with(end));
    if let Some(object) = inner(b"{") {
        let is_object = is_named || object.starts_with(b"\"") || object.starts_with(b"}");
        let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
        let is_whole = first.ends_with(b"}") && text.len() > first.len() + 1;
        return is_object.then_some(match is_whole {
            true => Format { what: "JSON, an object a line", way: lines },
            false => Format { what: "JSON", way },
        });
    }
    let list = inner(b"[")?;
    let is_list = is_named || list.starts_with(b"{") || list.starts_with(b"[");
    is_list.then_some(Format { what: "JSON", way })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_say_what_they_are_and_tables_are_none_of_them() {
        for (name, start, what) in [
            ("a.csv", &b"PAR1\x15"[..], "a Parquet file"),
            ("a.json", b"[1, 2]", "JSON"),
            ("a.csv", b" [ {\"a\": 1}]", "JSON"),
            ("a.csv", b"{\"a\": 1}\n{\"a\": 2}\n", "JSON, an object a line"),
            ("a.csv", b"{\n  \"version\": 2", "JSON"),
            ("a.csv", b"\xef\xbb\xbf<!DOCTYPE HTML>", "a web page"),
            ("a.csv", b"sep=;\r\na;b\r\n", "a table with Excel's line sep= before it"),
            ("a.csv", b"\xff\xfea\0,\0", "text in UTF-16"),
        ] {
            assert_eq!(recognise(name, start).map(|format| format.what), Some(what));
        }
        for table in [
            "[x],[y]\n1,2\n",
            "PAR1,GIF8\n1,2\n",
            "{a},b\n1,2",
            "PK,b\n",
            "BZ,h\n1,2",
            "\u{feff}a,b\n1,2",
            "",
            "[",
        ] {
            assert_eq!(recognise("a.csv", table.as_bytes()), None, "{table}");
        }
    }
}
