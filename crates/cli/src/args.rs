//! Arguments and commands of `langevin`; their doc comments are its help.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use langevin_train::spelled_out;

const EXAMPLES: &str = "\
Examples:
  langevin train                            train the built-in default run
  langevin train two-moons                  train a built-in config
  langevin train my.json --set train.batch=512
  langevin --backend wgpu train             the same run on a GPU
  langevin train --resume                   go on with the newest unfinished run
  langevin init measurements.csv            write a config for a table of your own
  langevin sample runs/four-modes --count 10000 --seed 1 --out samples.npy";

/// Train diffusion models from a JSON file, on the CPU or on any GPU.
#[derive(Debug, Parser)]
#[command(name = "langevin", version, after_help = EXAMPLES, propagate_version = true)]
pub struct Args {
    /// Where to compute: flex, ndarray, wgpu, vulkan, metal, webgpu, cuda, rocm, remote; without it
    /// the run's own, the variable LANGEVIN_BACKEND, or the first that this build has
    #[arg(long, global = true, value_name = "NAME")]
    pub backend: Option<String>,

    /// The N-th adapter of the backend, as `langevin doctor` lists them
    #[arg(long, global = true, value_name = "N", value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub device: Option<usize>,

    /// Train in a folder whose file system has no locks; then nothing keeps a second process from
    /// training in the same run, which would spoil it
    #[arg(long, global = true)]
    pub no_lock: bool,

    /// Print results and errors only
    #[arg(long, short, global = true)]
    pub quiet: bool,

    /// Print one JSON object a line on standard output
    #[arg(long, global = true)]
    pub json: bool,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a run, or go on with one
    Train(TrainArgs),
    /// Draw samples from a trained run
    Sample(SampleArgs),
    /// Measure a run's samples against held-out rows
    Evaluate(EvaluateArgs),
    /// Write the page of a run: report.html
    Report(RunArgs),
    /// List the runs under a folder: state, steps, losses, evaluation
    Runs {
        /// The folder
        #[arg(value_name = "DIR", default_value = "runs")]
        folder: PathBuf,
    },
    /// Compare runs: what differs in their configs, results and curves side by side
    Compare(CompareArgs),
    /// Write a run's weights for other programs
    Export(ExportArgs),
    /// Train a run again from its config and compare: the same bits on the same processor backend
    Reproduce(ReproduceArgs),
    /// Check a run's checksums and shapes, and say what can be done with it and from where it can go on
    Verify(RunArgs),
    /// Make a film of a run's samples moving from noise to data: GIF and MP4
    Film(FilmArgs),
    /// Write a config for a CSV or NPY file or a workbook: columns found, sizes proposed
    Init(InitArgs),
    /// List the built-in configs, or print one
    Configs {
        #[command(subcommand)]
        action: Option<ConfigsAction>,
    },
    /// Print the JSON Schema of run files
    Schema,
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print versions, backends, adapters and threads
    Doctor,
}

#[derive(Debug, ClapArgs)]
pub struct TrainArgs {
    /// A path (with `/` or `.json`), or the name of a built-in config
    #[arg(value_name = "CONFIG", conflicts_with = "resume")]
    pub config: Option<String>,

    /// Go on with a run; without a value, with the newest unfinished one under runs/
    #[arg(long, value_name = "RUN", num_args = 0..=1, conflicts_with_all = ["set", "out", "seed", "dry_run"])]
    pub resume: Option<Option<PathBuf>>,

    /// Where the table of the run to go on with lies now, if it was moved
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,

    /// Change a field of the config, as train.batch=512
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,

    /// The run's folder, instead of runs/NAME
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// The run's length, instead of train.steps
    #[arg(long, value_name = "N", value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub steps: Option<u64>,

    /// Stop after this many steps of this process, saved, to go on later by --resume
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    pub stop_after: Option<u64>,

    /// The run's seed, instead of the config's
    #[arg(long, value_name = "N", value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub seed: Option<u64>,

    /// Check config, data and memory, take one step, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, ClapArgs)]
pub struct SampleArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    pub run: PathBuf,

    /// How many, instead of sample.count
    #[arg(long, value_name = "N", value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub count: Option<usize>,

    /// The sampling method: heun, dpm2, euler, ddim, ddpm, subtract
    #[arg(long, value_name = "NAME")]
    pub sampler: Option<String>,

    /// Noise levels used, instead of the config's
    #[arg(long, value_name = "N", value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub steps: Option<usize>,

    /// The seed of the samples, instead of the run's
    #[arg(long, value_name = "N", value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub seed: Option<u64>,

    /// Value of a column that the model is told, as species=Adelie, for all samples; once for each column. Nothing
    /// (age=) says that it is missing, and two ends (age=30..40) that it lies between them
    #[arg(long, value_name = "COLUMN=VALUE")]
    pub given: Vec<String>,

    /// CSV of such values, a row for each N samples; an empty cell is drawn
    #[arg(long, value_name = "FILE", conflicts_with = "given")]
    pub given_file: Option<PathBuf>,

    /// Table like the run's own whose empty cells are filled, --count times (once, if it is left out); its other cells
    /// and columns stay as they are
    #[arg(long, value_name = "FILE", conflicts_with_all = ["given", "given_file"])]
    pub fill: Option<PathBuf>,

    /// How far samples are moved towards what they are told: 1 is not at all
    #[arg(long, value_name = "WEIGHT", allow_negative_numbers = true)]
    pub guidance: Option<f64>,

    /// A weaker run that guides, told the same, in place of the run itself told nothing; @STEP is one of its checkpoints
    #[arg(long, value_name = "RUN[@STEP]", requires = "guidance")]
    pub guide: Option<String>,

    /// Fill in what is not given with a model that was never told anything, going back J levels R times
    #[arg(long, value_name = "JxR", num_args = 0..=1, default_missing_value = "10x10")]
    pub inpaint: Option<String>,

    /// Where to, .csv or .npy; of pictures also .png, one sheet, or a folder (pictures/), a PNG for each;
    /// instead of a new file in the run's folder
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Where the run's table lies now, if it was moved
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum ConfigsAction {
    /// List the built-in configs
    List,
    /// Print a built-in config, or a starting point with a comment on every field
    Show {
        /// Its name
        #[arg(required_unless_present = "defaults")]
        name: Option<String>,

        /// Every field with its default and its meaning, as a config to begin from
        #[arg(long, conflicts_with = "name")]
        defaults: bool,
    },
}

#[derive(Debug, ClapArgs)]
pub struct RunArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    pub run: PathBuf,

    /// Where the run's table lies now, if it was moved
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct EvaluateArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    pub run: PathBuf,

    /// Samples to draw, instead of sample.count
    #[arg(long, value_name = "N", value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub count: Option<usize>,

    /// Column that trees learn to predict from samples, to be tested on held-out rows; instead of report.target
    #[arg(long, value_name = "COLUMN")]
    pub target: Option<String>,

    /// Where the run's table lies now, if it was moved
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct CompareArgs {
    /// The runs' folders
    #[arg(value_name = "RUN", num_args = 2.., required = true)]
    pub runs: Vec<PathBuf>,

    /// Write the comparison as a page too
    #[arg(long, value_name = "FILE.html")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct ExportArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    pub run: PathBuf,

    /// The form of the file
    #[arg(long, value_enum, default_value = "safetensors")]
    pub format: ExportFormat,

    /// Where to, instead of RUN/weights.safetensors or RUN/weights.npz
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct ReproduceArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    pub run: PathBuf,

    /// Make this many steps again, instead of all up to the newest checkpoint
    #[arg(long, value_name = "N", value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub steps: Option<u64>,

    /// Where the run's table lies now, if it was moved
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct FilmArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    pub run: PathBuf,

    /// Change a field of report.film, as seconds=4; fields: seconds, fps, size, extent, picture,
    /// there_and_back
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,

    /// Where to, .gif or .mp4; instead of new film.gif and film.mp4 in the run's folder
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Where the run's table lies now, if it was moved
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
}

/// File format of exported weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// Read by Python's safetensors, PyTorch, candle, Burn
    Safetensors,
    /// Read by numpy.load
    Npz,
}

#[derive(Debug, ClapArgs)]
pub struct InitArgs {
    /// The data: CSV or NPY, gzipped or not, or a workbook (xlsx, xlsm, ods)
    #[arg(value_name = "DATA")]
    pub data: PathBuf,

    /// The config to write, instead of the data's name with .json in this folder
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Whether the first line names the columns, instead of a guess
    #[arg(long, value_name = "yes|no", hide_possible_values = true)]
    pub header: Option<YesNo>,

    /// The character between fields, or `tab`, or `space` for aligned columns, instead of a guess
    #[arg(long, value_name = "CHAR", value_parser = delimiter, allow_hyphen_values = true)]
    pub delimiter: Option<char>,

    /// A field that stands for a missing value, as -9999 or ?; once for each
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub missing: Vec<String>,

    /// The sign before decimals, `.` or `,`; the other may then group digits
    #[arg(long, value_name = "SIGN", value_parser = [".", ","], hide_possible_values = true)]
    pub decimal: Option<String>,

    /// The character that opens a comment at a line's start, as '#'
    #[arg(long, value_name = "CHAR", value_parser = character)]
    pub comment: Option<char>,

    /// Lines above the table to skip, as a title, instead of a guess
    #[arg(long, value_name = "N", value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub skip_lines: Option<u64>,

    /// The width in pixels of the pictures that the rows are, or 0 where they are none, instead of a guess
    #[arg(long, value_name = "N")]
    pub image_width: Option<usize>,

    /// The sheet of a workbook, by name or number, instead of the first that has cells
    #[arg(long, value_name = "NAME|NUMBER")]
    pub sheet: Option<String>,

    /// The column of what rows weigh, which is not learnt: a row is drawn as often as it says
    #[arg(long, value_name = "COLUMN")]
    pub weight: Option<String>,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum YesNo {
    Yes,
    No,
}

/// A whole number: its digits, or a number as 1e3.
fn whole<N: TryFrom<u64>>(text: &str) -> Result<N, String> {
    let digits = text.parse::<u64>().ok();
    // Up to 2^53 every whole number is a 64-bit float.
    let exact = |x: &f64| x.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(x);
    let number = digits.or_else(|| text.parse::<f64>().ok().filter(exact).map(|x| x as u64));
    if let Some(number) = number {
        return N::try_from(number).map_err(|_| "is too large".to_owned());
    }
    let hint = spelled_out(text).map_or(String::new(), |meant| format!("; write {meant}"));
    Err(format!("must be a whole number, at least 0{hint}"))
}

/// A whole number that is not 0.
fn at_least_one(text: &str) -> Result<u64, String> {
    match whole(text) {
        Ok(number @ 1..) => Ok(number),
        _ => Err("must be a whole number, at least 1".to_owned()),
    }
}

/// A delimiter: one character or a word for one.
fn delimiter(text: &str) -> Result<char, String> {
    match text {
        "tab" | "\\t" => Ok('\t'),
        "space" | "spaces" | "blank" | "blanks" => Ok(' '),
        "comma" => Ok(','),
        "semicolon" => Ok(';'),
        "pipe" => Ok('|'),
        _ => character(text),
    }
}

/// One character that can stand between fields.
fn character(text: &str) -> Result<char, String> {
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(c), None) if c.is_ascii() && !"\"\r\n".contains(c) => Ok(c),
        _ => Err("must be one ASCII character, not a quote".to_owned()),
    }
}
