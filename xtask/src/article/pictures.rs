//! Figures and films of a whole run, and their copies beside the page.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::files::named;

/// Folder of the pictures, from the top of the repository.
pub const FOLDER: &str = "docs/article";

/// Most bytes of pictures that the repository should hold.
pub const MOST_BYTES: u64 = 6_000_000;

/// Figures that a run may have, in the order of the page, each with its caption.
const FIGURES: [(&str, &str); 8] = [
    ("noise", "Noise scale of each level"),
    ("levels", "Mean and standard deviation along the sampling, and what they should be"),
    ("loss", "Training loss"),
    ("trajectory", "Samples at each level"),
    ("convergence", "Mean squared distance to the nearest mode, level by level"),
    ("modes", "Share and spread of the samples by mode"),
    ("density", "Exact density of each level, and the samples there"),
    ("cumulative", "Exact distribution function of each level, and the samples there"),
];

/// Films that a run may have, each with its caption.
const FILMS: [(&str, &str); 3] = [
    ("film.gif", "The samples moving through the levels"),
    ("film-loop.gif", "There and back"),
    ("film.mp4", "The film as MP4"),
];

/// Picture of a run.
pub struct Picture {
    /// Name, as `levels` or `film.gif`.
    pub name: &'static str,
    pub shows: &'static str,
    source: PathBuf,
    /// Path from the page's folder.
    pub link: String,
}

impl Picture {
    /// Markdown of the picture; a link for a film that a page cannot show.
    pub fn markdown(&self) -> String {
        let sign = if self.link.ends_with(".mp4") { "" } else { "!" };
        format!("{sign}[{}]({})", self.shows, self.link)
    }
}

/// Pictures in a run's folder; an error where there are none.
pub fn of_run(folder: &Path, config: &str) -> Result<Vec<Picture>, String> {
    let picture = |name: &'static str, shows: &'static str, source: PathBuf| {
        let file = source.file_name().unwrap_or_default().to_string_lossy();
        let link = format!("article/{config}/{file}");
        Picture { name, shows, source, link }
    };
    let figures = FIGURES.iter().filter_map(|(name, shows)| {
        let figure = smaller(&folder.join("figures"), name)?;
        Some(picture(name, shows, figure))
    });
    let films = FILMS.iter().filter_map(|(name, shows)| {
        let film = folder.join(name);
        film.is_file().then(|| picture(name, shows, film))
    });
    let pictures: Vec<Picture> = figures.chain(films).collect();
    if pictures.is_empty() {
        return Err(format!("{config}: the run drew nothing"));
    }
    Ok(pictures)
}

/// File of a figure: the SVG or, where that is larger, the PNG.
fn smaller(folder: &Path, name: &str) -> Option<PathBuf> {
    let formats = ["svg", "png"].map(|ending| folder.join(format!("{name}.{ending}")));
    let sized = formats.into_iter().filter_map(|path| Some((path.metadata().ok()?.len(), path)));
    sized.min_by_key(|(size, _)| *size).map(|(_, path)| path)
}

/// Copies the pictures to where the page links to. They replace those that lie there. Gives the bytes of
/// all.
pub fn copy<'a>(root: &Path, pictures: impl Iterator<Item = &'a Picture>) -> Result<u64, String> {
    let folder = root.join(FOLDER);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| format!("{FOLDER}: {error}"))?;
    }
    let mut bytes = 0;
    for picture in pictures {
        let target = root.join("docs").join(&picture.link);
        let copied = target.parent().map_or(Ok(()), fs::create_dir_all);
        let copied = copied.and_then(|()| fs::copy(&picture.source, &target));
        bytes += copied.map_err(named(&target))?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Scratch;

    #[test]
    fn the_smaller_format_is_taken_and_the_rest_left() {
        let scratch = Scratch::new("test-of-pictures").expect("a temporary folder");
        let run = scratch.folder().join("run");
        fs::create_dir_all(run.join("figures")).expect("a folder");
        let files =
            [("loss.svg", 3), ("loss.png", 9), ("trajectory.svg", 9), ("trajectory.png", 5)];
        for (name, size) in files {
            fs::write(run.join("figures").join(name), vec![b' '; size]).expect("written");
        }
        fs::write(run.join("film.mp4"), "1234").expect("written");
        let pictures = of_run(&run, "x").expect("pictures");
        let links: Vec<String> = pictures.iter().map(Picture::markdown).collect();
        assert_eq!(
            links,
            [
                "![Training loss](article/x/loss.svg)",
                "![Samples at each level](article/x/trajectory.png)",
                "[The film as MP4](article/x/film.mp4)"
            ]
        );
        let root = scratch.folder().join("root");
        fs::create_dir_all(root.join(FOLDER).join("old")).expect("a folder");
        assert_eq!(copy(&root, pictures.iter()), Ok(3 + 5 + 4));
        assert!(root.join("docs/article/x/trajectory.png").is_file());
        assert!(!root.join("docs/article/old").exists());
    }

    #[test]
    fn a_run_without_pictures_is_an_error() {
        let scratch = Scratch::new("test-of-no-pictures").expect("a temporary folder");
        assert!(of_run(scratch.folder(), "x").is_err());
    }
}
