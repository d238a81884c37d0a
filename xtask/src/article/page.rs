//! docs/article.md from the results. Nothing is run or read here.

use std::collections::BTreeMap;

use minijinja::{Value, context, value::Serde};

use super::collapse::{Target, perfect_std};
use super::density::Level;
use super::measures::Near;
use super::pictures::Picture;
use super::recommended;
use super::systems::{SECTIONS, Section, System};
use super::verdict::{Judged, Results, Summary, seeds};
use crate::markdown::{environment, fill, wrapped};

/// Number of seeds of the reference's medians.
pub const REFERENCE_SEEDS: u64 = 20;

/// Whole run of a config, as the page shows it.
pub struct Shown {
    pub config: &'static str,
    pub seconds: f64,
    pub pictures: Vec<Picture>,
}

/// All results that the page shows.
pub struct Content<'a> {
    /// Number of seeds that each system was run with.
    pub seeds: u64,
    /// Machine of the times, in words.
    pub machine: &'a str,
    pub judged: &'a [Judged],
    /// Samples of the recommended config near the modes, seed by seed.
    pub near: &'a [Near],
    pub shown: &'a [Shown],
    pub density: &'a [Level],
}

/// Text of the page; an error names what is missing for it.
pub fn render(content: &Content<'_>) -> Result<String, String> {
    let sections = SECTIONS.iter().map(|section| Ok((section.config, content.section(section)?)));
    let sections = sections.collect::<Result<BTreeMap<_, _>, String>>()?;
    let seconds = SECTIONS.iter().map(|section| Ok(content.shown(section.config)?.seconds));
    let values = context! {
        seeds => content.seeds,
        reference_seeds => REFERENCE_SEEDS,
        machine => content.machine,
        systems => sections,
        counts => counts(content.judged.iter()),
        seconds => seconds.sum::<Result<f64, String>>()?,
        script_seconds => SECTIONS.iter().map(|section| section.script_seconds).sum::<f64>(),
        density => Serde(content.density),
        pictures => content.shown.iter().map(by_name).collect::<BTreeMap<_, _>>(),
        medians => content.judged.iter().map(medians).collect::<BTreeMap<_, _>>(),
        perfect => context! {
            published => perfect_std(Target::Published),
            corrected => perfect_std(Target::Corrected),
        },
        recommended => context! {
            ..whole(content.shown(recommended::CONFIG)?), ..recommended::found(content.near)
        },
    };
    let mut environment = environment()?;
    for (name, template) in [("numbers.md", NUMBERS), ("whole.md", WHOLE)] {
        environment.add_template(name, template).map_err(|error| error.to_string())?;
    }
    Ok(wrapped(&fill(&environment, "article.md", ARTICLE, values)?))
}

const ARTICLE: &str = include_str!("../../templates/article.md.jinja");
const NUMBERS: &str = include_str!("../../templates/article-numbers.md.jinja");
const WHOLE: &str = include_str!("../../templates/article-whole.md.jinja");

impl Content<'_> {
    fn shown(&self, config: &str) -> Result<&Shown, String> {
        let found = self.shown.iter().find(|shown| shown.config == config);
        found.ok_or_else(|| format!("no whole run of {config}"))
    }

    fn section(&self, section: &Section) -> Result<Value, String> {
        let shown = self.shown(section.config)?;
        let judged = section.systems.iter().map(|System { label, .. }| {
            let found = self.judged.iter().find(|judged| judged.first.system.label == *label);
            found.ok_or_else(|| format!("no results of {label}"))
        });
        let judged = judged.collect::<Result<Vec<_>, _>>()?;
        let variants = judged.iter().map(|judged| {
            let system = judged.first.system;
            let verdict = if judged.fails() { "it misses again" } else { "it does not miss again" };
            let trials: Vec<Value> = judged.trials().map(trial).collect();
            context! { heading => system.heading, command => command(system), trials, verdict }
        });
        Ok(context! {
            title => section.title,
            variants => variants.collect::<Vec<_>>(),
            counts => counts(judged.into_iter()),
            script_seconds => section.script_seconds,
            ..whole(shown)
        })
    }
}

/// Config, seconds and pictures of a whole run.
fn whole(shown: &Shown) -> Value {
    let pictures: Vec<String> = shown.pictures.iter().map(Picture::markdown).collect();
    context! { config => shown.config, seconds => shown.seconds, pictures }
}

/// Pictures of a whole run by their names, with its config.
fn by_name(shown: &Shown) -> (&'static str, BTreeMap<&'static str, String>) {
    let pictures = shown.pictures.iter().map(|picture| (picture.name, picture.markdown()));
    (shown.config, pictures.collect())
}

/// Medians of a system's last trial by their names, with the system's label.
fn medians(judged: &Judged) -> (&'static str, BTreeMap<&'static str, f64>) {
    let last = judged.again.as_ref().unwrap_or(&judged.first);
    let medians = last.summaries().map(|found| (found.quantity.measure.name(), found.median));
    (last.system.label, medians.collect())
}

/// Config and settings, as a reader types them.
fn command(system: &System) -> String {
    let settings: String = system.settings.iter().map(|set| format!(" --set {set}")).collect();
    format!("{}{settings}", system.config)
}

/// Results of a trial beside the reference, quantity by quantity.
fn trial(results: &Results) -> Value {
    let row = |summary: Summary| {
        context! {
            quantity => summary.quantity.measure.name(),
            seeds => summary.quantity.seeds.map_or([None; 3], |seeds| seeds.map(Some)),
            range => summary.quantity.median.map_or(vec![None], |range| range.map(Some).into()),
            median => summary.median,
            extremes => summary.extremes,
            verdict => match summary.inside() {
                Some(true) => "inside",
                Some(false) => "**outside**",
                None => "",
            },
        }
    };
    context! {
        seeds => seeds(&results.seeds),
        count => results.seeds.end - results.seeds.start,
        rows => results.summaries().map(row).collect::<Vec<_>>(),
    }
}

/// Number of medians that lie in their range, in the first trial and in the second.
fn counts<'a>(judged: impl Iterator<Item = &'a Judged> + Clone) -> String {
    let count = |trials: Vec<&Results>| {
        let summaries = trials.into_iter().flat_map(Results::summaries);
        let inside: Vec<bool> = summaries.filter_map(|summary| summary.inside()).collect();
        (inside.iter().filter(|inside| **inside).count(), inside.len())
    };
    let first = count(judged.clone().map(|judged| &judged.first).collect());
    let again = count(judged.filter_map(|judged| judged.again.as_ref()).collect());
    match (first, again) {
        ((_, 0), _) => "–".to_owned(),
        ((inside, all), (_, 0)) => format!("{inside} of {all}"),
        ((inside, all), (second, of)) => {
            format!("{inside} of {all}; run once more: {second} of {of}")
        }
    }
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
