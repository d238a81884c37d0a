//! Runs of the article's systems. Bare runs of many seeds go side by side on all cores; a whole run, with
//! its pictures, goes alone.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
    sync::Mutex,
    time::{Duration, Instant},
};

use rayon::prelude::*;

use super::measures::{Near, Run};
use super::systems::System;
use super::verdict::Results;
use crate::files::named;
use crate::program::{Program, Scratch};

/// Program, and the folder where it may write.
pub struct Runner<'a> {
    pub program: &'a Program,
    pub scratch: &'a Scratch,
}

/// Settings of a bare run: they leave out all that only a reader of the run looks at.
const BARE: [&str; 4] =
    ["report.figures=[]", "report.page=false", "report.evaluation=false", "report.film=null"];

/// Whole run: all that a user of the config gets.
pub struct Whole {
    pub folder: PathBuf,
    pub time: Duration,
    /// Output of the program.
    pub said: String,
}

impl Runner<'_> {
    /// Results of these systems over these seeds, in the order of the systems.
    pub fn measure(
        &self,
        systems: &[&'static System],
        seeds: Range<u64>,
    ) -> Result<Vec<Results>, String> {
        let jobs: Vec<(usize, u64)> = (0..systems.len())
            .flat_map(|system| seeds.clone().map(move |seed| (system, seed)))
            .collect();
        let count = (seeds.end - seeds.start) as usize;
        let done = Mutex::new(vec![0; systems.len()]);
        let values = side_by_side(jobs.len(), |job| {
            let (at, seed) = jobs[job];
            let system = systems[at];
            let values = self.seed(system, seed)?;
            if let Ok(mut done) = done.lock() {
                done[at] += 1;
                let settings = system.settings.join(" ");
                let name = [system.config, &settings].join(" ");
                println!("{}: {} of {count}", name.trim_end(), done[at]);
            }
            Ok(values)
        })?;
        let of_system = |(at, system): (usize, &&'static System)| {
            let by_seed = &values[at * count..(at + 1) * count];
            let quantities = 0..system.quantities.len();
            let by_quantity = quantities.map(|q| by_seed.iter().map(|seed| seed[q]).collect());
            Results { system, seeds: seeds.clone(), values: by_quantity.collect() }
        };
        Ok(systems.iter().enumerate().map(of_system).collect())
    }

    /// Quantities of one seed.
    fn seed(&self, system: &System, seed: u64) -> Result<Vec<f64>, String> {
        let run = self.bare(system.config, seed, &system.settings)?;
        let of = system.quantities.iter().map(|quantity| quantity.measure.of(&run));
        of.collect::<Result<_, _>>()
            .map_err(|error| format!("{}, seed {seed}: {error}", system.label))
    }

    /// Samples of a config near the modes, for the seeds 0 … count − 1.
    pub fn near(&self, config: &str, count: u64) -> Result<Vec<Near>, String> {
        side_by_side(count as usize, |seed| {
            let near = Near::of(&self.bare(config, seed as u64, &[])?);
            let near = near.map_err(|error| format!("{config}, seed {seed}: {error}"))?;
            println!("{config}: seed {seed} of {count}");
            Ok(near)
        })
    }

    /// Bare run, read and then removed.
    fn bare(&self, config: &str, seed: u64, settings: &[&str]) -> Result<Run, String> {
        let name = [&[config], settings, &[&seed.to_string()]].concat().join("-");
        let folder = self.scratch.folder().join(name);
        let settings = [&BARE, settings].concat();
        self.train(config, seed, &settings, &["--quiet"], &folder)?;
        let run = Run::read(&folder).map_err(|error| format!("{config}, seed {seed}: {error}"));
        fs::remove_dir_all(&folder).map_err(named(&folder))?;
        run
    }

    /// Whole run of a config, with seed 0.
    pub fn whole(&self, config: &str) -> Result<Whole, String> {
        println!("{config}: whole");
        let folder = self.scratch.folder().join(config);
        let start = Instant::now();
        let said = self.train(config, 0, &[], &[], &folder)?;
        Ok(Whole { time: start.elapsed(), folder, said })
    }

    /// Output of the program that trains a config.
    pub fn train(
        &self,
        config: &str,
        seed: u64,
        settings: &[&str],
        flags: &[&str],
        folder: &Path,
    ) -> Result<String, String> {
        let seed_text = seed.to_string();
        let mut command = self.program.command(flags);
        command.args(["train", config, "--seed", &seed_text, "--out"]).arg(folder);
        command.args(settings.iter().flat_map(|setting| ["--set", setting]));
        let output = command.output().map_err(|error| format!("langevin: {error}"))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            return Ok(text(&output.stdout) + &text(&output.stderr));
        }
        let changed: String = settings.iter().map(|setting| format!(" --set {setting}")).collect();
        Err(format!(
            "`langevin train {config} --seed {seed}{changed}` failed ({}):\n{}",
            output.status,
            text(&output.stderr).trim_end()
        ))
    }
}

/// Results of work 0 … count − 1, in this order. The work is done on all cores, and after a failure
/// nothing more is begun.
fn side_by_side<T: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<T, String> + Sync + Send,
) -> Result<Vec<T>, String> {
    // One piece of work at a time, so that no core is idle while another has a list of them.
    (0..count).into_par_iter().with_max_len(1).map(work).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_work() {
        let slow_first = |at: usize| {
            thread::sleep(Duration::from_millis(8 - at as u64));
            Ok(at * at)
        };
        assert_eq!(side_by_side(8, slow_first), Ok(vec![0, 1, 4, 9, 16, 25, 36, 49]));
    }

    #[test]
    fn after_a_failure_nothing_more_is_begun() {
        let begun = AtomicUsize::new(0);
        let fails = |at: usize| {
            begun.fetch_add(1, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(1));
            if at == 0 { Err("planted".to_owned()) } else { Ok(()) }
        };
        assert_eq!(side_by_side(100_000, fails), Err("planted".to_owned()));
        assert!(begun.into_inner() < 100_000);
    }
}
