//! docs/article.md from the results: pure text, nothing is run or read here.

use super::density::Level;
use super::markdown::{anchor, ours, reference, table, wrapped};
use super::measures::{Measure, Near};
use super::pictures::Picture;
use super::systems::{Quantity, System};
use super::texts::{ENDING, OPENING, READING, SECTIONS, Section, TIMES};
use super::verdict::{Judged, Results, Summary, seeds};
use super::{published_target, recommended};

/// Of so many seeds is the median whose range is known.
pub const REFERENCE_SEEDS: u64 = 20;

/// What the whole run of a config gave.
pub struct Shown {
    pub config: &'static str,
    pub seconds: f64,
    pub pictures: Vec<Picture>,
}

/// All that the page says.
pub struct Content<'a> {
    /// How many seeds a system was run with.
    pub seeds: u64,
    /// The machine of the times, in words.
    pub machine: &'a str,
    pub judged: &'a [Judged],
    /// Of each seed of the recommended config.
    pub near: &'a [Near],
    pub shown: &'a [Shown],
    pub density: &'a [Level],
}

/// The page; an error names what is missing for it.
pub fn render(content: &Content<'_>) -> Result<String, String> {
    let mut page = format!("{OPENING}\n\n{}\n\n{READING}\n\n", content.overview()?);
    if content.seeds != REFERENCE_SEEDS {
        page += &format!(
            "This page is of {} seeds a system, and the ranges are for the median of \
             {REFERENCE_SEEDS}.\n\n",
            content.seeds
        );
    }
    for section in &SECTIONS {
        page += &content.section(section)?;
    }
    page += &published_target::section(content)?;
    page += &recommended::section(content)?;
    Ok(wrapped(&(page + ENDING)))
}

impl Content<'_> {
    fn judged(&self, label: &str) -> Result<&Judged, String> {
        let found = self.judged.iter().find(|judged| judged.first.system.label == label);
        found.ok_or_else(|| format!("no results of {label}"))
    }

    pub fn shown(&self, config: &str) -> Result<&Shown, String> {
        let found = self.shown.iter().find(|shown| shown.config == config);
        found.ok_or_else(|| format!("no whole run of {config}"))
    }

    pub fn picture(&self, config: &str, name: &str) -> Result<&Picture, String> {
        let found = self.shown(config)?.pictures.iter().find(|picture| picture.name == name);
        found.ok_or_else(|| format!("{config} drew no {name}"))
    }

    /// A median of the last trial of a system.
    pub fn median(&self, label: &str, measure: Measure) -> Result<f64, String> {
        let judged = self.judged(label)?;
        let last = judged.again.as_ref().unwrap_or(&judged.first);
        let mut summaries = last.summaries();
        let found = summaries.find(|summary| summary.quantity.measure == measure);
        found.map(|found| found.median).ok_or_else(|| format!("{label} has no {}", measure.name()))
    }

    /// The table of all nine.
    fn overview(&self) -> Result<String, String> {
        let mut rows = Vec::new();
        let (mut ours, mut scripts) = (0.0, 0.0);
        for section in &SECTIONS {
            let seconds = self.shown(section.config)?.seconds;
            ours += seconds;
            scripts += section.script_seconds;
            let judged = section.variants.iter().map(|(label, _)| self.judged(label));
            let judged = judged.collect::<Result<Vec<_>, _>>()?;
            rows.push(vec![
                format!("[{}](#{})", section.title, anchor(section.title)),
                format!("`langevin train {}`", section.config),
                counts(judged.into_iter()),
                format!("{seconds:.1} s"),
                format!("{:.1} s", section.script_seconds),
            ]);
        }
        rows.push(vec![
            "together".to_owned(),
            String::new(),
            counts(self.judged.iter()),
            format!("{ours:.1} s"),
            format!("{scripts:.0} s"),
        ]);
        let head = ["system", "command", "medians in their range", "time", "the script's time"];
        let table = table(&head, &rows);
        Ok(format!("{table}\n\n{TIMES} Ours were measured on {}.", self.machine))
    }

    fn section(&self, section: &Section) -> Result<String, String> {
        let shown = self.shown(section.config)?;
        let mut text = format!("## {}\n\n{}\n\n", section.title, section.about);
        for (label, heading) in section.variants {
            let judged = self.judged(label)?;
            let (command, trials) = (command(judged.first.system), trials(judged));
            text += &format!("**{heading}**\n\n{command}\n\n{trials}\n\n");
        }
        if section.config == super::DENSITY_CONFIG {
            text += &density(self.density);
        }
        Ok(format!(
            "{text}{}\n\nThe command took {:.1} s with all that is shown here; the published \
             script takes {:.1} s.\n\n{}\n\n",
            section.remark,
            shown.seconds,
            section.script_seconds,
            gallery(&shown.pictures)
        ))
    }
}

/// The command that a reader types.
fn command(system: &System) -> String {
    let settings: String = system.settings.iter().map(|set| format!(" --set {set}")).collect();
    format!("```sh\nlangevin train {}{settings}\n```", system.config)
}

/// The table of a system, and that of its second trial.
fn trials(judged: &Judged) -> String {
    let Some(again) = &judged.again else { return numbers(&judged.first) };
    let verdict = if judged.fails() { "it misses again" } else { "it does not miss again" };
    format!(
        "{}\n\nWith seeds {} it misses, as a faithful copy does once in a hundred. With seeds {} \
         {verdict}:\n\n{}",
        numbers(&judged.first),
        seeds(&judged.first.seeds),
        seeds(&again.seeds),
        numbers(again)
    )
}

/// Reference and ours, quantity by quantity.
fn numbers(results: &Results) -> String {
    let head = [
        "quantity",
        "per seed: 1 %",
        "median",
        "99 %",
        &format!("range of the median of {REFERENCE_SEEDS}"),
        &format!("ours: median of {}", results.seeds.end - results.seeds.start),
        "smallest – largest",
        "",
    ];
    let dash = || "–".to_owned();
    let row = |summary: Summary| {
        let Quantity { measure, seeds, median } = summary.quantity;
        let seeds = seeds.map_or_else(|| [dash(), dash(), dash()], |seeds| seeds.map(reference));
        let range =
            median.map_or_else(dash, |[from, to]| format!("{}–{}", reference(from), reference(to)));
        let verdict = match summary.inside() {
            Some(true) => "inside",
            Some(false) => "**outside**",
            None => "",
        };
        let [from, to] = summary.extremes.map(ours);
        let ours = [ours(summary.median), format!("{from} – {to}"), verdict.to_owned()];
        [vec![measure.name().to_owned()], seeds.to_vec(), vec![range], ours.to_vec()].concat()
    };
    table(&head, &results.summaries().map(row).collect::<Vec<_>>())
}

/// How many medians lie in their range, in the first trial and in the second.
fn counts<'a>(judged: impl Iterator<Item = &'a Judged>) -> String {
    let count = |results: &Results| {
        let verdicts = results.summaries().filter_map(|summary| summary.inside());
        verdicts.fold((0, 0), |(inside, all), verdict| (inside + u32::from(verdict), all + 1))
    };
    let (mut inside, mut all, mut again) = (0, 0, (0, 0));
    for judged in judged {
        let first = count(&judged.first);
        (inside, all) = (inside + first.0, all + first.1);
        if let Some(second) = &judged.again {
            let second = count(second);
            again = (again.0 + second.0, again.1 + second.1);
        }
    }
    match (all, again) {
        (0, _) => "–".to_owned(),
        (_, (_, 0)) => format!("{inside} of {all}"),
        (_, (second, of)) => format!("{inside} of {all}; run once more: {second} of {of}"),
    }
}

fn density(levels: &[Level]) -> String {
    let head =
        ["alpha", "sigma", "integral", "mean", "alpha · mu", "std", "sqrt(alpha² s² + 1 − alpha²)"];
    let row = |level: &Level| {
        let five = |value: f64| format!("{value:.5}");
        let integral = format!("{:.9}", level.integral);
        let moments = [level.mean, level.exact_mean, level.std, level.exact_std].map(five);
        [vec![five(level.alpha), five(level.sigma), integral], moments.to_vec()].concat()
    };
    format!(
        "**The exact density of each level**, the noisiest first: by quadrature, and by the closed \
         formula with mu = 1 and s = 0.01. alpha² is the papers' ᾱ.\n\n{}\n\n",
        table(&head, &levels.iter().map(row).collect::<Vec<_>>())
    )
}

/// The pictures one below the other.
pub fn gallery(pictures: &[Picture]) -> String {
    pictures.iter().map(Picture::markdown).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
