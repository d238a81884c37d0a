//! Tests of films: number, size and rate of the frames are as asked for, and the frames go from the
//! noise to the samples, whatever the numbers are.

use std::process::Command;

use super::*;

/// Standard normal numbers, the same in every call.
fn normals(count: usize) -> Vec<f32> {
    let mut state = 7u64;
    let mut uniform = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    };
    let normal = |_| {
        let radius = (-2.0 * uniform().ln()).sqrt();
        (radius * (std::f64::consts::TAU * uniform()).cos()) as f32
    };
    (0..count).map(normal).collect()
}

/// Trajectory of rows from standard normal noise to `goal`, which all of them reach, in four steps.
fn trajectory(rows: usize, goal: &[f32]) -> Vec<Vec<f32>> {
    let noise = normals(rows * goal.len());
    let level = |left: f32| {
        let value = |(i, noise): (usize, &f32)| left * noise + (1.0 - left) * goal[i % goal.len()];
        noise.iter().enumerate().map(value).collect()
    };
    [1.0, 0.6, 0.3, 0.1, 0.0].map(level).into()
}

fn film<'a>(
    config: FilmConfig,
    levels: &'a [&'a [f32]],
    features: usize,
    density: Option<DensityAt<'a>>,
) -> Result<Film<'a>, FilmError> {
    Film::new(config, Course::OneWay, Trajectory { levels, features, names: &[] }, density)
}

/// Settings of a small and short film, with axes of ±3.
const SMALL: FilmConfig = FilmConfig {
    seconds: 0.5,
    fps: 24,
    size: 120,
    extent: Some(3.0),
    picture: FilmPicture::Points,
    there_and_back: false,
};

/// Darkness of a frame's pixels, row by row, 0 for white.
type Ink = Vec<f64>;

/// Frames of a GIF, their delays, and whether it loops for ever.
fn decode_gif(bytes: &[u8]) -> (Vec<Ink>, Vec<u16>, bool) {
    let mut options = ::gif::DecodeOptions::new();
    options.set_color_output(::gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(bytes).unwrap();
    let (width, height) = (decoder.width(), decoder.height());
    let (mut frames, mut delays) = (Vec::new(), Vec::new());
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        assert_eq!((frame.left, frame.top, frame.width, frame.height), (0, 0, width, height));
        let pixels = frame.buffer.chunks_exact(4);
        // Weights of a video's brightness (BT.601).
        let ink = |p: &[u8]| {
            255.0 - (0.299 * f64::from(p[0]) + 0.587 * f64::from(p[1]) + 0.114 * f64::from(p[2]))
        };
        frames.push(pixels.map(ink).collect());
        delays.push(frame.delay);
    }
    (frames, delays, decoder.repeat() == ::gif::Repeat::Infinite)
}

/// Properties of an MP4 in ffprobe's words, and its frames as ffmpeg decodes them. `None` without
/// ffmpeg; if `LANGEVIN_REQUIRE_FFMPEG` is set, the test fails instead.
fn decode_mp4(bytes: &[u8], size: u32) -> Option<(String, Vec<Ink>)> {
    let runs = |name: &str| Command::new(name).arg("-version").output().is_ok();
    let found = runs("ffmpeg") && runs("ffprobe");
    let required = std::env::var_os("LANGEVIN_REQUIRE_FFMPEG").is_some();
    assert!(found || !required, "no ffmpeg, or no ffprobe");
    if !found {
        println!("SKIPPED: no ffmpeg, or no ffprobe");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    std::fs::write(&path, bytes).unwrap();
    let run = |name: &str, before: &[&str], after: &[&str]| {
        let mut command = Command::new(name);
        let output = command.args(before).arg(&path).args(after).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{name}: {said}");
        output.stdout
    };
    let entries = "stream=codec_name,width,height,r_frame_rate,avg_frame_rate,nb_frames,\
                   nb_read_frames,color_range,color_space,duration";
    let probe = ["-v", "warning", "-count_frames", "-show_entries", entries, "-of", "csv=p=0"];
    let words = String::from_utf8(run("ffprobe", &probe, &[])).unwrap();
    let raw = ["-fps_mode", "passthrough", "-pix_fmt", "gray", "-f", "rawvideo", "pipe:1"];
    let gray = run("ffmpeg", &["-nostdin", "-v", "warning", "-i"], &raw);
    let frames = gray.chunks_exact((size * size) as usize);
    let ink = |pixels: &[u8]| pixels.iter().map(|gray| 255.0 - f64::from(*gray)).collect();
    Some((words.trim().to_owned(), frames.map(ink).collect()))
}

/// Mean and standard deviation of the ink's place, across and down, in pixels.
fn moments(frame: &Ink, size: u32) -> [(f64, f64); 2] {
    let side = size as usize;
    // The faintest ink is left out: an MP4 makes it of white.
    let ink = |i: usize| if frame[i] > 30.0 { frame[i] } else { 0.0 };
    let whole: f64 = (0..frame.len()).map(ink).sum();
    [|i, side| i % side, |i, side| i / side].map(|place: fn(usize, usize) -> usize| {
        let at = |i: usize| place(i, side) as f64 + 0.5;
        let mean = (0..frame.len()).map(|i| ink(i) * at(i)).sum::<f64>() / whole;
        let square = (0..frame.len()).map(|i| ink(i) * (at(i) - mean).powi(2)).sum::<f64>();
        (mean, (square / whole).sqrt())
    })
}

fn assert_near(got: f64, want: f64, tolerance: f64, what: &str) {
    assert!((got - want).abs() < tolerance, "{what}: {got}, not {want}");
}

/// Place of a point on a frame of `size` pixels whose axes reach to ±3, and the pixels of one unit.
fn place(size: u32, x: Option<f64>, y: f64) -> ((f64, f64), f64) {
    let ends = Some((-3.0, 3.0));
    let ends = [x.and(ends), ends];
    let ground = Ground { name: "", note: "", axes: ["", ""], ends, has_data: false };
    let field = ground.draw().1;
    let scale = f64::from(size) / CANVAS;
    let at = |y| field.at(x.unwrap_or(0.5), y).unwrap();
    ((at(y).0 * scale, at(y).1 * scale), (at(0.0).1 - at(1.0).1) * scale)
}

/// Place of a share of the index, from 0 to 1, on a frame of 120 pixels.
fn place_of_index(share: f64) -> f64 {
    let ends = [None, Some((-3.0, 3.0))];
    let ground = Ground { name: "", note: "", axes: ["sample", ""], ends, has_data: false };
    ground.draw().1.at(share, 0.0).unwrap().0 * 120.0 / CANVAS
}

/// Frames without what is the same in an empty film: axes and grid.
fn without_ground(frames: &[Ink], config: FilmConfig, features: usize) -> Vec<Ink> {
    let nothing = vec![f32::NAN; features];
    let levels: [&[f32]; 2] = [&nothing, &nothing];
    let empty = film(config, &levels, features, None).unwrap();
    let ground = &decode_gif(&empty.gif().unwrap()).0[0];
    let ink = |frame: &Ink| frame.iter().zip(ground).map(|(a, b)| (a - b).abs()).collect();
    frames.iter().map(ink).collect()
}

/// Asserts that frames go from noise in the middle of axes of ±3 to rows that are all at (−1, 1).
fn assert_from_noise_to_data(frames: &[Ink], config: FilmConfig) {
    let frames = without_ground(frames, config, 2);
    let size = config.size;
    let [first, last] = [&frames[0], &frames[frames.len() - 1]].map(|frame| moments(frame, size));
    let (middle, unit) = place(size, Some(0.0), 0.0);
    for ((mean, spread), middle) in first.into_iter().zip([middle.0, middle.1]) {
        // The mean of 300 normal rows has a standard error of 0.06 deviations, which are a unit. Overlapping dots
        // take some ink away, as does the ground under them.
        assert_near(mean, middle, 0.25 * unit, "middle of the noise");
        assert_near(spread, unit, 0.15 * unit, "spread of the noise");
    }
    let (goal, _) = place(size, Some(-1.0), 1.0);
    for ((mean, spread), goal) in last.into_iter().zip([goal.0, goal.1]) {
        assert_near(mean, goal, 0.75, "middle of the data");
        assert!(spread < 2.0, "spread of the data: {spread}");
    }
}

#[test]
fn a_gif_has_the_frames_size_and_length_that_were_asked_for() {
    let rows = trajectory(300, &[-1.0, 1.0]);
    let levels: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
    for (seconds, fps, frames, hundredths) in [
        (2.0, 24, 48, 200),
        (2.0, 20, 40, 200),
        (1.0, 7, 7, 100),
        (1.0, 30, 30, 100),
        (0.5, 80, 25, 50),
    ] {
        for course in [Course::OneWay, Course::ThereAndBack] {
            let times = if course == Course::OneWay { 1 } else { 2 };
            let config = FilmConfig { seconds, fps, ..SMALL };
            let trajectory = Trajectory { levels: &levels, features: 2, names: &[] };
            let bytes = Film::new(config, course, trajectory, None).unwrap().gif().unwrap();
            let (decoded, delays, loops) = decode_gif(&bytes);
            assert_eq!((decoded.len(), decoded[0].len()), (times * frames, 120 * 120));
            // The samples stay for a second more, at the end or where the film turns.
            let mut delays = delays;
            delays[if times == 1 { frames - 1 } else { frames }] -= 100;
            let whole: u16 = delays.iter().sum();
            assert_eq!((usize::from(whole), loops), (times * hundredths, true), "{fps} fps");
            let shortest = delays.iter().min().unwrap();
            assert!(*shortest >= 2 && delays.iter().max().unwrap() - shortest <= 1, "{delays:?}");
        }
    }
}

#[test]
fn a_gif_begins_with_the_noise_and_ends_with_the_samples() {
    let rows = trajectory(300, &[-1.0, 1.0]);
    let levels: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
    let bytes = film(SMALL, &levels, 2, None).unwrap().gif().unwrap();
    assert_from_noise_to_data(&decode_gif(&bytes).0, SMALL);
}

#[test]
fn an_mp4_has_what_was_asked_for_and_the_pictures_of_the_gif() {
    let rows = trajectory(300, &[-1.0, 1.0]);
    let levels: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
    // Sizes that are whole blocks of the codec and sizes that are not; one film with more frames
    // than lie between two key frames.
    for (seconds, fps, size) in [(2.0, 24, 480), (1.0, 7, 122), (6.0, 20, 64), (0.5, 50, 96)] {
        let settings = FilmConfig { seconds, fps, size, ..SMALL };
        let film = film(settings, &levels, 2, None).unwrap();
        let Some((words, frames)) = decode_mp4(&film.mp4().unwrap(), size) else { return };
        let moving = film.config.frame_count(Course::OneWay);
        // The samples stay for a second more.
        let count = moving + fps as usize;
        let rates = format!("{fps}/1,{fps}/1,{:.6}", seconds + 1.0);
        let want = format!("h264,{size},{size},tv,smpte170m,{rates},{count},{count}");
        assert_eq!((words, frames.len()), (want, count));
        let (drawn, ..) = decode_gif(&film.gif().unwrap());
        assert_eq!(drawn.len(), moving);
        let held = std::iter::repeat(&drawn[moving - 1]);
        for (i, (shown, drawn)) in frames.iter().zip(drawn.iter().chain(held)).enumerate() {
            let squares = shown.iter().zip(drawn).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
            // Measured: coding and the GIF's palette together differ by 4.4 at most. The
            // neighbouring frame differs by 8 to 28 while dots move.
            let error = (squares / shown.len() as f64).sqrt();
            assert!(error < 5.0, "{size} pixels, frame {i}: {error}");
        }
        if fps == 24 {
            assert_from_noise_to_data(&frames, settings);
        }
    }
}

#[test]
fn there_and_back_turns_at_the_samples_and_closes_without_a_jump() {
    assert_eq!(SMALL.frame_count(Course::ThereAndBack), 24);
    let positions: Vec<f64> = SMALL.positions(Course::ThereAndBack, 24, 6).collect();
    assert_eq!((positions[0], positions[12], positions[23]), (0.0, 6.0, 0.5));
    assert!(positions.windows(2).all(|pair| (pair[1] - pair[0]).abs() == 0.5), "{positions:?}");
    let one_way: Vec<f64> = SMALL.positions(Course::OneWay, 24, 4).collect();
    assert_eq!((one_way.len(), one_way[0], one_way[11]), (12, 0.0, 4.0));
}

#[test]
fn rows_go_straight_from_snapshot_to_snapshot() {
    let levels: [&[f32]; 3] = [&[0.1, 2.0], &[1.1, f32::NAN], &[0.3, 7.0]];
    let trajectory = Trajectory { levels: &levels, features: 1, names: &[] };
    let first: Vec<f64> = levels[0].iter().copied().map(f64::from).collect();
    assert_eq!(
        trajectory.at(0.0),
        first,
        "the bits of the snapshot, though the next is not finite"
    );
    assert_near(trajectory.at(0.25)[0], 0.35, 1e-7, "a quarter of the way");
    assert!(trajectory.at(0.25)[1].is_nan());
    assert_eq!(trajectory.at(2.0), [f64::from(0.3f32), 7.0]);
}

#[test]
fn the_value_stands_over_the_index_where_there_is_one_column() {
    let levels: [&[f32]; 2] = [&[2.0, 0.0, -2.0], &[0.0, 0.0, 0.0]];
    let bytes = film(SMALL, &levels, 1, None).unwrap().gif().unwrap();
    let frames = without_ground(&decode_gif(&bytes).0, SMALL, 1);
    let ((middle, _), _) = place(120, None, 0.0);
    let third = 2.0 * (middle - place_of_index(0.0)) / 3.0;
    for (frame, values) in [(&frames[0], [2.0, 0.0, -2.0]), (&frames[11], [0.0; 3])] {
        for (index, value) in values.into_iter().enumerate() {
            let from = place_of_index(0.0) + third * index as f64;
            let inside = |i: usize| (from..from + third).contains(&((i % 120) as f64 + 0.5));
            let alone = (0..frame.len()).map(|i| if inside(i) { frame[i] } else { 0.0 }).collect();
            let [(across, _), (down, _)] = moments(&alone, 120);
            // Ink over a grid line differs less from it than ink beside it.
            assert_near(across, from + third / 2.0, 0.3, "index");
            assert_near(down, place(120, None, value).0.1, 0.3, "value");
        }
    }
}

#[test]
fn what_is_not_finite_is_left_out_and_draws_nothing() {
    let bad = [f32::NAN, 0.0, f32::INFINITY, 0.0, 0.0, f32::NEG_INFINITY, f32::MAX, f32::MIN];
    let levels: [&[f32]; 2] = [&bad, &[0.0; 8]];
    for extent in [None, Some(3.0), Some(1e-30), Some(1e30)] {
        for features in [1, 2, 4] {
            let settings = FilmConfig { extent, ..SMALL };
            let points = film(settings, &levels, features, None).unwrap();
            assert_eq!(decode_gif(&points.gif().unwrap()).0.len(), 12);
            let curve = |_| vec![(f64::NAN, 1.0), (0.0, f64::INFINITY), (0.5, 1e300), (1e300, 0.0)];
            let bars = FilmConfig { picture: FilmPicture::Density, ..settings };
            for density in [None, Some(&curve as DensityAt)] {
                let bytes = film(bars, &levels, features, density).unwrap().gif().unwrap();
                assert_eq!(decode_gif(&bytes).0.len(), 12);
            }
        }
    }
    let (frames, ..) = decode_gif(&film(SMALL, &levels, 2, None).unwrap().gif().unwrap());
    let frames = without_ground(&frames, SMALL, 2);
    assert!(frames[0].iter().all(|ink| *ink == 0.0), "a dot of a row that is not finite");
    assert!(frames[11].iter().any(|ink| *ink > 30.0));
}

#[test]
fn a_stray_row_does_not_press_the_others_together() {
    let mut rows = trajectory(300, &[-1.0, 1.0]);
    let axes = |rows: &[Vec<f32>]| {
        let levels: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
        Trajectory { levels: &levels, features: 2, names: &[] }.axes(&[])
    };
    let before = axes(&rows);
    let [x, y] = before;
    assert_near(x.1 - x.0, y.1 - y.0, 1e-12, "one scale");
    assert!((5.0..7.0).contains(&(x.1 - x.0)), "{before:?}");
    rows[3][0] = 1e6;
    let [after, _] = axes(&rows);
    assert!(after.1 < x.1 + 1.0, "{after:?} after {x:?}");
}

#[test]
fn a_density_and_its_histogram_move_together() {
    let rows = trajectory(2000, &[1.0]);
    let levels: Vec<&[f32]> = rows.iter().take(4).map(Vec::as_slice).collect();
    let left = [1.0, 0.6, 0.3, 0.1];
    let curve = |position: f64| {
        let i = (position as usize).min(2);
        let left: f64 = left[i] + (position - i as f64) * (left[i + 1] - left[i]);
        let density = |i: i32| {
            let z = f64::from(i) / 50.0;
            (1.0 - left + left * z, (-z * z / 2.0).exp() / left)
        };
        (-300..=300).map(density).collect()
    };
    let settings = FilmConfig { size: 240, picture: FilmPicture::Density, ..SMALL };
    let film = film(settings, &levels, 1, Some(&curve)).unwrap();
    let frames: Vec<Pixmap> = film.frames(24).collect::<Result<_, _>>().unwrap();
    // The axis of ±3 lies from 14 to 286 of the canvas' 300, of which each is 0.8 pixels.
    let pixel = |x: f64| 0.8 * (14.0 + (x + 3.0) / 6.0 * 272.0);
    for (frame, left) in [(&frames[0], 1.0), (&frames[11], 0.1)] {
        let colours = |reddish: bool| -> Vec<f64> {
            let pixels = frame.pixels().iter().enumerate().filter(move |(_, p)| {
                p.red().abs_diff(p.blue()) > 60 && (p.red() > p.blue()) == reddish
            });
            pixels.map(|(i, _)| (i % 240) as f64 + 0.5).collect()
        };
        let (bars, line) = (colours(false), colours(true));
        let mean = bars.iter().sum::<f64>() / bars.len() as f64;
        let square = bars.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / bars.len() as f64;
        assert_near(mean, pixel(1.0 - left), 4.0, "middle of the histogram");
        assert_near(square.sqrt(), left * 0.8 * 272.0 / 6.0, 3.0, "spread of the histogram");
        let top =
            frame.pixels().iter().position(|p| p.red() > p.blue().saturating_add(60)).unwrap();
        assert_near((top % 240) as f64 + 0.5, pixel(1.0 - left), 6.0, "place of the peak");
        assert_near(
            (top / 240) as f64,
            0.8 * (30.0 + 240.0 * (1.0 - 1.0 / 1.15)),
            3.0,
            "its height",
        );
        assert!(line.len() > 200, "{} pixels of the line", line.len());
    }
}

#[test]
fn a_level_is_named_and_columns_that_are_not_shown_are_spoken_of() {
    let levels: [&[f32]; 3] = [&[0.0; 3], &[0.0; 3], &[0.0; 3]];
    let names = ["σ = 1", "σ = 0.5", ""].map(str::to_owned);
    let rows = |names: &[String], features, frame: usize, rows: std::ops::Range<usize>| {
        let trajectory = Trajectory { levels: &levels, features, names };
        let config = FilmConfig { size: 300, ..SMALL };
        let film = Film::new(config, Course::OneWay, trajectory, None).unwrap();
        let frame = film.frames(24).nth(frame).unwrap().unwrap();
        frame.data()[rows.start * 1200..rows.end * 1200].to_vec()
    };
    // Above the axes of a film as large as the canvas, and in the line below.
    let top = |frame| rows(&names, 1, frame, 0..26);
    let is_white = |pixels: &[u8]| pixels.iter().all(|channel| *channel == 255);
    assert_ne!(top(0), top(5), "two levels");
    assert!(top(0).contains(&0x22) && is_white(&top(11)), "a name, and none");
    assert!(is_white(&rows(&[], 1, 0, 0..26)), "no names");
    let note = |features| {
        rows(&[], features, 0, 27..40)[..].chunks(1200).all(|row| is_white(&row[32..120]))
    };
    assert!(note(1) && !note(3));
}

#[test]
fn the_data_lies_in_grey_under_the_samples_and_within_the_axes() {
    let levels: [&[f32]; 2] = [&[-1.0, -1.0], &[-1.0, 1.0]];
    let target = [1.0, -1.0, 2.0, 2.0, 9.0, 9.0];
    let config = FilmConfig { size: 300, ..SMALL };
    let with = |target: &[f64], config| -> Vec<Pixmap> {
        let film = film(config, &levels, 2, None).unwrap().with_target(target);
        film.frames(24).collect::<Result<_, _>>().unwrap()
    };
    let frames = with(&target, config);
    let colour = |frame: &Pixmap, x, y| {
        let ((x, y), _) = place(300, Some(x), y);
        let pixel = frame.pixel(x as u32, y as u32).unwrap();
        [pixel.red(), pixel.green(), pixel.blue()]
    };
    let is_blue = |[r, _, b]: [u8; 3]| b > r + 60;
    let is_grey = |[r, g, b]: [u8; 3]| r == g && g == b && r < 190;
    for frame in [&frames[0], &frames[11]] {
        assert!(is_grey(colour(frame, 1.0, -1.0)) && is_grey(colour(frame, 2.0, 2.0)));
    }
    assert!(is_blue(colour(&frames[0], -1.0, -1.0)) && is_blue(colour(&frames[11], -1.0, 1.0)));
    // Where both are, the sample is on top.
    assert!(is_blue(colour(&with(&[-1.0, -1.0], config)[0], -1.0, -1.0)));
    // Without a given extent, the axes reach as far as the data, and no further from it and from the samples in the
    // end than these are wide.
    let ends = |target: &[f64]| {
        film(FilmConfig { extent: None, ..config }, &levels, 2, None)
            .unwrap()
            .with_target(target)
            .axes
    };
    let [x, y] = ends(&target);
    assert!(x.1 > 9.0 && y.1 > 9.0 && ends(&[])[0].1 < 2.0, "{x:?} {y:?}");
    let noisy: [&[f32]; 2] = [&[-80.0, -80.0, 80.0, 80.0], &[-1.0, -1.0, 1.0, 1.0]];
    let reach = |target: &[f64]| {
        let settings = FilmConfig { extent: None, ..config };
        film(settings, &noisy, 2, None).unwrap().with_target(target).axes[0]
    };
    assert_near(reach(&[-1.0, -1.0, 1.0, 1.0]).1, 3.0 + 0.06 * 6.0, 1e-6, "three times as wide");
    assert!(reach(&[]).1 > 80.0, "without data as far as the noise");
}

#[test]
fn settings_that_no_film_can_have_are_named() {
    let check_on =
        |course, config: FilmConfig| config.validate(course).map_err(|error| error.to_string());
    let check = |config| check_on(Course::OneWay, config);
    let refused = |settings, want: &str| assert_eq!(check(settings), Err(want.to_owned()));
    refused(FilmConfig { fps: 0, ..SMALL }, "film.fps: must be from 1 to 100, got 0");
    refused(FilmConfig { fps: 101, ..SMALL }, "film.fps: must be from 1 to 100, got 101");
    for seconds in [0.0, -1.0, 60.5, f64::NAN, f64::INFINITY] {
        let want = format!("film.seconds: must be above 0 and at most 60, got {seconds}");
        refused(FilmConfig { seconds, ..SMALL }, &want);
    }
    for size in [0, 62, 121, 2002, u32::MAX] {
        let want = format!("film.size: must be an even number from 64 to 2000, got {size}");
        refused(FilmConfig { size, ..SMALL }, &want);
    }
    for half in [0.0, -3.0, f64::NAN, f64::INFINITY] {
        let want = format!("film.extent: must be from 1e-30 to 1e30, got {half}");
        refused(FilmConfig { extent: Some(half), ..SMALL }, &want);
    }
    let frames = "film.seconds: must be such that there are 2 to 2000 frames, got";
    refused(FilmConfig { seconds: 0.05, ..SMALL }, &format!("{frames} 0.05 (frames: 1)"));
    let long = FilmConfig { seconds: 25.0, fps: 80, ..SMALL };
    assert_eq!(check(long), Ok(()));
    let want = format!("{frames} 25 (frames: 4000)");
    assert_eq!(check_on(Course::ThereAndBack, long), Err(want));
    assert_eq!(check(FilmConfig::default()), Ok(()));
}

#[test]
fn snapshots_that_are_no_trajectory_are_named() {
    let refused = |levels: &[&[f32]], features, names: &[String], want: &str| {
        let trajectory = Trajectory { levels, features, names };
        let error = Film::new(SMALL, Course::OneWay, trajectory, None).unwrap_err();
        assert_eq!(error.to_string(), want);
    };
    refused(&[], 1, &[], "film: needs two snapshots or more, got 0");
    refused(&[&[1.0]], 1, &[], "film: needs two snapshots or more, got 1");
    refused(&[&[1.0, 2.0, 3.0], &[0.0; 3]], 2, &[], "film: 3 values are no rows of 2 columns");
    refused(&[&[1.0], &[1.0]], 0, &[], "film: 1 values are no rows of 0 columns");
    refused(&[&[], &[]], 1, &[], "film: 0 values are no rows of 1 columns");
    refused(&[&[1.0], &[]], 1, &[], "film: snapshot 1 has 0 values, snapshot 0 has 1");
    refused(&[&[1.0], &[1.0]], 1, &["σ".to_owned()], "film: 1 names for 2 snapshots");
}

#[test]
fn equal_rows_give_equal_bytes() {
    let rows = trajectory(300, &[-1.0, 1.0]);
    let levels: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
    let make = || {
        let film = film(SMALL, &levels, 2, None).unwrap().with_target(&[0.0, 1.0]);
        (film.gif().unwrap(), film.mp4().unwrap())
    };
    assert!(make() == make());
}
