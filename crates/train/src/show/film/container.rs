//! MP4 container around one H.264 track of a constant frame rate (ISO/IEC 14496-12 and -15). A file
//! is a list of boxes, each with length, name and content; the boxes that describe the film come
//! before its frames.

/// Track of a film: its coded frames in the order in which they are shown.
#[derive(Debug)]
pub(super) struct Track {
    size: u32,
    fps: u32,
    /// Sequence parameter set (SPS) of the encoder. The file holds it once.
    sequence: Vec<u8>,
    /// Picture parameter set (PPS) of the encoder. The file holds it once.
    picture: Vec<u8>,
    /// Length in bytes of every frame, and whether it is a key frame, decoded without any other.
    frames: Vec<(u32, bool)>,
    data: Vec<u8>,
}

/// Kinds of an H.264 unit (NAL unit): the last five bits of its first byte.
const KEY_SLICE: u8 = 5;
const SLICE: u8 = 1;
const SEQUENCE: u8 = 7;
const PICTURE: u8 = 8;

impl Track {
    /// Empty track for square frames of `size` pixels a side.
    pub(super) fn new(size: u32, fps: u32) -> Self {
        let (sequence, picture) = (Vec::new(), Vec::new());
        Self { size, fps, sequence, picture, frames: Vec::new(), data: Vec::new() }
    }

    /// Adds a frame. The encoder separates a frame's units by start codes; the track puts each
    /// unit's length before it instead.
    pub(super) fn push(&mut self, stream: &[u8]) {
        let (start, mut key) = (self.data.len(), false);
        for unit in units(stream) {
            match unit[0] & 31 {
                SEQUENCE => self.sequence = unit.to_vec(),
                PICTURE => self.picture = unit.to_vec(),
                kind @ (SLICE | KEY_SLICE) => {
                    key |= kind == KEY_SLICE;
                    self.data.extend((unit.len() as u32).to_be_bytes());
                    self.data.extend(unit);
                }
                _ => {}
            }
        }
        self.frames.push(((self.data.len() - start) as u32, key));
    }
}

/// Units between the start codes `00 00 01`, without the zeros that precede the next code.
fn units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let codes = (2..stream.len()).filter(|end| stream[end - 2..=*end] == [0, 0, 1]);
    let starts: Vec<usize> = codes.map(|end| end + 1).collect();
    let ends: Vec<usize> =
        starts.iter().skip(1).map(|start| start - 3).chain([stream.len()]).collect();
    let unit = |(start, end)| {
        let unit: &[u8] = &stream[start..end];
        // No unit ends in a zero, so that trailing zeros belong to the next start code.
        let kept = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        &unit[..kept]
    };
    starts.into_iter().zip(ends).map(unit).filter(|unit| !unit.is_empty())
}

/// MP4 file of a track. `None` if a parameter set or a frame is missing.
pub(super) fn film(track: &Track) -> Option<Vec<u8>> {
    let whole = track.sequence.len() >= 4
        && !track.picture.is_empty()
        && track.frames.first().is_some_and(|(_, key)| *key)
        && track.frames.iter().all(|(length, _)| *length > 0);
    if !whole {
        return None;
    }
    let kind = boxed(b"ftyp", &[b"isom\0\0\x02\0", b"isomiso2avc1mp41"]);
    // The description has the same length whatever place of the frames it names.
    let data_at = kind.len() + description(track, 0).len() + 8;
    let data = boxed(b"mdat", &[&track.data]);
    Some([kind, description(track, data_at as u32), data].concat())
}

fn boxed(name: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    [&(content.len() as u32 + 8).to_be_bytes(), name.as_slice(), &content].concat()
}

/// Box whose content begins with its version, 0, and its flags.
fn versioned(name: &[u8; 4], flags: u32, fields: &[u32]) -> Vec<u8> {
    boxed(name, &[&flags.to_be_bytes(), &words(fields)])
}

fn words(fields: &[u32]) -> Vec<u8> {
    fields.iter().flat_map(|field| field.to_be_bytes()).collect()
}

/// One as a fixed-point number: 16 bits before the point and 16 after it.
const ONE: u32 = 0x0001_0000;
/// Identity matrix of the transformation on display. Its last column has 2 bits before the point
/// and 30 after it.
const UNTURNED: [u32; 9] = [ONE, 0, 0, 0, ONE, 0, 0, 0, 0x4000_0000];

/// Box `moov`: everything about the film but the frames, which begin at byte `data_at` of the file.
/// Time is counted in frames.
fn description(track: &Track, data_at: u32) -> Vec<u8> {
    let (count, side) = (track.frames.len() as u32, track.size << 16);
    let start = [0, 0, track.fps, count, ONE, 0x0100_0000, 0, 0];
    let next_track = 2;
    let movie = [&start[..], &UNTURNED, &[0; 6], &[next_track]].concat();
    let placed = [&[0, 0, 1, 0, count, 0, 0, 0, 0][..], &UNTURNED, &[side, side]].concat();
    let (used, language) = (3, 0x55c4_0000); // enabled and in the film; "und"
    let kind = [words(&[0, 0]), b"vide".to_vec(), words(&[0; 3]), b"Film\0".to_vec()].concat();
    let here = versioned(b"url ", 1, &[]);
    let place = boxed(b"dinf", &[&boxed(b"dref", &[&words(&[0, 1]), &here])]);
    let media = [
        versioned(b"mdhd", 0, &[0, 0, track.fps, count, language]),
        boxed(b"hdlr", &[&kind]),
        boxed(b"minf", &[&versioned(b"vmhd", 1, &[0, 0]), &place, &table(track, data_at)]),
    ];
    let media = boxed(b"mdia", &[&media.concat()]);
    let film = boxed(b"trak", &[&versioned(b"tkhd", used, &placed), &media]);
    boxed(b"moov", &[&versioned(b"mvhd", 0, &movie), &film])
}

/// Box `stbl`: place, length and duration of every frame, and which are key frames.
fn table(track: &Track, data_at: u32) -> Vec<u8> {
    let count = track.frames.len() as u32;
    let numbered = (1..).zip(&track.frames);
    let keys: Vec<u32> = numbered.filter(|(_, (_, key))| *key).map(|(i, _)| i).collect();
    let lengths: Vec<u32> = track.frames.iter().map(|(length, _)| *length).collect();
    let boxes = [
        boxed(b"stsd", &[&words(&[0, 1]), &coding(track)]),
        versioned(b"stts", 0, &[1, count, 1]),
        versioned(b"stss", 0, &[&[keys.len() as u32][..], &keys].concat()),
        versioned(b"stsc", 0, &[1, 1, count, 1]),
        versioned(b"stsz", 0, &[&[0, count][..], &lengths].concat()),
        versioned(b"stco", 0, &[1, data_at]),
    ];
    boxed(b"stbl", &[&boxes.concat()])
}

/// Box `avc1`: the codec H.264, with the film's size, parameter sets and colour space.
fn coding(track: &Track) -> Vec<u8> {
    let side = (track.size as u16).to_be_bytes();
    let inch = words(&[72 << 16; 2]);
    let (one, depth, none) = (1u16.to_be_bytes(), 24u16.to_be_bytes(), [0xff; 2]);
    let size = [&side[..], &side, &inch, &[0; 4], &one, &[0; 32], &depth, &none].concat();
    let set = |unit: &[u8]| [&(unit.len() as u16).to_be_bytes(), unit].concat();
    let [_, profile, constraints, level, ..] = track.sequence[..] else { return Vec::new() };
    // Unit lengths have four bytes (0xff), and there is one SPS (0xe1) and one PPS. The high
    // profile asks for three more numbers: one colour difference for four pixels (0xfd), eight bits
    // each (0xf8 twice).
    let lengths = [1, profile, constraints, level, 0xff, 0xe1];
    let (sequence, picture) = (set(&track.sequence), set(&track.picture));
    let settings = [&lengths[..], &sequence, &[1], &picture, &[0xfd, 0xf8, 0xf8, 0]].concat();
    // Colour space BT.601, by its numbers for primaries, transfer curve and matrix, in the narrow
    // range.
    let colours = [&b"nclx"[..], &[0, 6, 0, 6, 0, 6, 0]].concat();
    let reference = [0, 0, 0, 0, 0, 0, 0, 1];
    let boxes = [boxed(b"avcC", &[&settings]), boxed(b"colr", &[&colours])];
    boxed(b"avc1", &[&reference, &[0; 16], &size, &boxes.concat()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_what_stands_between_start_codes() {
        let stream = [0, 0, 0, 1, 103, 0, 5, 0, 0, 1, 104, 7, 0, 0, 0, 1, 101, 1, 0, 2, 0];
        let found: Vec<&[u8]> = units(&stream).collect();
        assert_eq!(found, [&[103, 0, 5][..], &[104, 7], &[101, 1, 0, 2]]);
        assert_eq!(units(&[1, 2, 3]).count(), 0);
    }

    #[test]
    fn a_track_without_its_settings_or_first_frame_is_no_film() {
        let mut track = Track::new(64, 24);
        assert_eq!(film(&track), None);
        track.push(&[0, 0, 1, 103, 100, 0, 30, 0, 0, 1, 104, 7, 0, 0, 1, 101, 9]);
        assert!(film(&track).is_some());
        track.push(&[]);
        assert_eq!(film(&track), None, "a frame is missing");
    }
}
