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
        let mut part = self.archive.by_index_raw(place).map_err(damaged)?;
        if part.encrypted() {
            return Err(Fault::Locked);
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
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(Fault::Damaged(format!("{name} is not UTF-8"))),
        }
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
