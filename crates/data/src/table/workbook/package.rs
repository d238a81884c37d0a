//! [`Package`]: the parts of a workbook that is a zip archive, unpacked one by one within a limit.

use std::io::{Cursor, Read};

use flate2::{Crc, read::DeflateDecoder};
use zip::{CompressionMethod, ZipArchive};

use super::Fault;

/// Parts of a zip archive.
pub(super) struct Package {
    archive: ZipArchive<Cursor<Vec<u8>>>,
    names: Vec<String>,
    /// Bytes that may still be unpacked.
    left: u64,
    limit: u64,
}

impl Package {
    pub fn new(bytes: Vec<u8>, limit: u64) -> Result<Self, Fault> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
        let names = archive.file_names_raw().map(|name| String::from_utf8_lossy(name).into_owned());
        // Some programs write paths of Windows.
        let names = names.map(|name| name.replace('\\', "/")).collect();
        Ok(Self { archive, names, left: limit, limit })
    }

    /// Whether there is a part of this name, or in a folder of this name.
    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known.starts_with(name))
    }

    /// Whether a part's name ends so.
    pub fn has_ending(&self, end: &str) -> bool {
        self.names.iter().any(|known| known.ends_with(end))
    }

    /// The text of a part; `None` if there is none of this name, in any case of letters.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, Fault> {
        let name = name.trim_start_matches('/');
        let place = self.names.iter().position(|known| known.eq_ignore_ascii_case(name));
        let Some(place) = place else { return Ok(None) };
        match String::from_utf8(self.bytes(place)?) {
            Ok(text) => {
                let unmarked = text.strip_prefix('\u{feff}').map(str::to_owned);
                Ok(Some(unmarked.unwrap_or(text)))
            }
            Err(_) => Err(Fault::Damaged(format!("{name} is not UTF-8"))),
        }
    }

    /// The bytes of a part.
    fn bytes(&mut self, place: usize) -> Result<Vec<u8>, Fault> {
        let name = self.names.get(place).cloned().unwrap_or_default();
        let mut part = self.archive.by_index_raw(place).map_err(damaged)?;
        if part.encrypted() {
            return Err(Fault::Locked);
        }
        if part.size() > self.left {
            return Err(Fault::TooLarge(self.limit));
        }
        let (method, checksum) = (part.compression(), part.crc32());
        let mut bytes = Vec::new();
        // One byte too many shows that the limit is passed.
        let most = self.left.saturating_add(1);
        let unpacked = match method {
            CompressionMethod::Stored => part.take(most).read_to_end(&mut bytes),
            // The number of deflate in a zip archive.
            method if method_number(method) == 8 => {
                DeflateDecoder::new(&mut part).take(most).read_to_end(&mut bytes)
            }
            other => {
                return Err(Fault::Damaged(format!("{name} is packed by the method {other}")));
            }
        };
        if bytes.len() as u64 > self.left {
            return Err(Fault::TooLarge(self.limit));
        }
        unpacked.map_err(|error| Fault::Damaged(format!("{name}: {error}")))?;
        self.left -= bytes.len() as u64;
        let mut sum = Crc::new();
        sum.update(&bytes);
        if sum.sum() != checksum {
            return Err(Fault::Damaged(format!("the checksum of {name} is not that of its bytes")));
        }
        Ok(bytes)
    }

    /// Unpacks all parts but pictures, to see that they are sound and within the limit.
    #[cfg(feature = "xls")]
    pub fn unpack_all(&mut self) -> Result<(), Fault> {
        for place in 0..self.names.len() {
            if !self.names.get(place).is_some_and(|name| name.contains("/media/")) {
                self.bytes(place)?;
            }
        }
        Ok(())
    }

    /// The archive itself.
    #[cfg(feature = "xls")]
    pub fn into_bytes(self) -> Vec<u8> {
        self.archive.into_inner().into_inner()
    }

    /// The text of a part that every workbook has.
    pub fn needed(&mut self, name: &str) -> Result<String, Fault> {
        self.text(name)?.ok_or_else(|| Fault::Damaged(format!("it has no {name}")))
    }
}

fn damaged(error: zip::result::ZipError) -> Fault {
    Fault::Damaged(error.to_string())
}

#[allow(deprecated, reason = "without its own decoder the crate has no name for it")]
fn method_number(method: CompressionMethod) -> u16 {
    method.to_u16()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::DeflateEncoder};

    use super::*;

    /// A zip archive of one file `a`, whose header says this of its flags, method, checksum and size.
    fn archive(packed: &[u8], flags: u16, method: u16, checksum: u32, size: u32) -> Vec<u8> {
        let mut said = vec![20, 0];
        said.extend(flags.to_le_bytes());
        said.extend(method.to_le_bytes());
        // The first day of 1980.
        said.extend([0, 0, 0x21, 0]);
        said.extend(checksum.to_le_bytes());
        said.extend((packed.len() as u32).to_le_bytes());
        said.extend(size.to_le_bytes());
        said.extend([1, 0, 0, 0]);
        let mut bytes = [b"PK\x03\x04", &said[..], b"a", packed].concat();
        let start = bytes.len() as u32;
        bytes.extend([b"PK\x01\x02\x14\0", &said[..], &[0; 14][..], b"a"].concat());
        let length = bytes.len() as u32 - start;
        bytes.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
        bytes.extend(length.to_le_bytes());
        bytes.extend(start.to_le_bytes());
        bytes.extend([0, 0]);
        bytes
    }

    fn deflated(text: &[u8]) -> (Vec<u8>, u32) {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).expect("memory");
        let mut sum = Crc::new();
        sum.update(text);
        (encoder.finish().expect("memory"), sum.sum())
    }

    fn read(bytes: Vec<u8>, limit: u64) -> Result<Option<String>, Fault> {
        Package::new(bytes, limit)?.text("A")
    }

    #[test]
    fn parts_unpack_up_to_the_limit_whatever_their_headers_say() {
        let text = "x".repeat(100_000);
        let (packed, sum) = deflated(text.as_bytes());
        assert!(packed.len() < 1000);
        // It says that it is small.
        for size in [100_000, 10] {
            let bytes = archive(&packed, 0, 8, sum, size);
            assert_eq!(read(bytes.clone(), 100_000).expect("a part"), Some(text.clone()));
            assert!(matches!(read(bytes, 99_999), Err(Fault::TooLarge(99_999))));
        }
        let mut package =
            Package::new(archive(&packed, 0, 8, sum, 100_000), 150_000).expect("a zip");
        assert!(package.text("a").is_ok() && package.text("b").is_ok_and(|text| text.is_none()));
        assert!(matches!(package.text("a"), Err(Fault::TooLarge(150_000))), "all together");
    }

    #[test]
    fn damaged_and_locked_parts_are_told_apart() {
        let (packed, sum) = deflated(b"text");
        let damaged = |bytes| matches!(read(bytes, 1000), Err(Fault::Damaged(_)));
        assert!(damaged(archive(&packed, 0, 8, sum ^ 1, 4)), "checksum");
        assert!(damaged(archive(&packed[..3], 0, 8, sum, 4)), "cut");
        assert!(damaged(archive(&packed, 0, 12, sum, 4)), "method");
        assert!(damaged(archive(&deflated(b"\xff").0, 0, 8, deflated(b"\xff").1, 1)), "not UTF-8");
        assert!(matches!(read(archive(&packed, 1, 8, sum, 4), 1000), Err(Fault::Locked)));
        assert!(damaged(b"PK\x05\x06".to_vec()));
    }
}
