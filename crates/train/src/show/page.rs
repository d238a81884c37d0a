//! Pages of runs: self-contained HTML from templates, which escape every value.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use langevin_data::{
    Dataset,
    measure::{ColumnFound, Copying, Distance, GroupFound, Metric, ModeFound},
};
use minijinja::{AutoEscape, Environment, Value, context, value::Serde};
use serde::Serialize;

use crate::{
    TrainError,
    show::{
        comparison::Comparison,
        denoising::denoising_text,
        figures::FIGURE_CSS,
        filled::{filled_lines, single_cell_rows},
        numbers::number,
        table_measures,
        verdict::{energy_text, word_text},
    },
    store::RunRecords,
};

const REPORT: &str = include_str!("../../assets/report.html");
const COMPARE: &str = include_str!("../../assets/compare.html");
const PAGE_CSS: &str = include_str!("../../assets/page.css");

/// Section of a page: one figure.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    /// Heading.
    pub(crate) name: &'static str,
    /// What the figure shows, and what is good.
    pub(crate) says: &'static str,
    /// Description of the run's files that the figure was drawn from.
    pub(crate) source: &'static str,
    /// Drawing as SVG text.
    pub(crate) svg: String,
}

/// Film of a page.
#[derive(Debug)]
pub(crate) struct PageFilm {
    /// The film as an MP4.
    pub(crate) mp4: Vec<u8>,
    /// Its width in pixels.
    pub(crate) size: u32,
    /// What it shows, and what is good.
    pub(crate) says: &'static str,
}

/// Most bytes of a film that a page carries in itself. A usual film has half a million.
const MOST_FILM: usize = 8_000_000;
/// Least width at which a film is shown, in pixels: its text is legible there.
const LEAST_FILM_WIDTH: u32 = 480;

impl PageFilm {
    fn values(&self) -> Value {
        let fits = self.mp4.len() <= MOST_FILM;
        let where_else = match fits {
            true => "film.mp4 and film.gif are the same film.",
            false => "It is too large for this page: see film.mp4 and film.gif.",
        };
        context! {
            address => fits.then(|| format!("data:video/mp4;base64,{}", STANDARD.encode(&self.mp4))),
            width => self.size.max(LEAST_FILM_WIDTH),
            says => format!("{} {where_else}", self.says),
        }
    }
}

/// Value with its name, in the page's list of facts.
#[derive(Debug, Serialize)]
struct Fact {
    name: &'static str,
    value: String,
}

/// Readable name of a metric.
pub(crate) fn metric_name(name: &str) -> &str {
    match name {
        "energy_distance" => "energy distance",
        "sliced_wasserstein_2" => "sliced Wasserstein-2",
        "correlation_root_mean_square" => "correlations, root mean square",
        "correlation_largest" => "correlations, largest",
        other => other,
    }
}

/// Page of one run, as HTML.
pub(crate) fn run_page(
    records: &RunRecords,
    data: &dyn Dataset,
    remarks: &[String],
    film: Option<&PageFilm>,
    sections: &[Section],
) -> Result<String, TrainError> {
    let evaluation = records.evaluation.as_ref();
    let baselines: Vec<String> = evaluation
        .and_then(|evaluation| evaluation.metrics.first())
        .map_or(Vec::new(), |metric| metric.distance.baselines.keys().cloned().collect());
    let metrics: Vec<_> = evaluation.map_or(Vec::new(), |evaluation| {
        let row = |m: &Metric| row(metric_name(&m.name), &m.distance, &baselines);
        evaluation.metrics.iter().map(row).collect()
    });
    let columns: Vec<_> = evaluation.map_or(Vec::new(), |evaluation| {
        let column = |c: &ColumnFound| {
            context! {
                name => c.name.as_str(),
                wasserstein_1 => number(c.wasserstein_1.samples),
                floor => number(c.wasserstein_1.floor),
                kolmogorov_smirnov => number(c.kolmogorov_smirnov),
                p_value => number(c.p_value),
            }
        };
        evaluation.columns.iter().map(column).collect()
    });
    let verdict = records.verdict().map(|verdict| {
        context! {
            word => word_text(verdict),
            reasons => verdict.reasons.clone(),
            energy => verdict.energy.as_ref().map(energy_text),
        }
    });
    let conditionals = evaluation.and_then(|evaluation| evaluation.conditionals.as_ref());
    let single_cells = conditionals.map_or(&[][..], |it| &it.single_cells);
    let (single_cell_heads, single_cells) = single_cell_rows(single_cells);
    let modes = evaluation.and_then(|evaluation| evaluation.modes.as_ref());
    let modes: Option<Vec<_>> = modes.map(|found| found.modes.iter().map(mode).collect());
    let manifest = &records.manifest;
    render(
        "report.html",
        REPORT,
        context! {
            css => css(),
            name => records.config.name.as_str(),
            state => manifest.state.name(),
            step => records.step(),
            steps => records.config.train.steps,
            backend => manifest.program.backend.as_str(),
            device => manifest.program.device.as_str(),
            attribution => data.attribution(),
            remarks => remarks.to_vec(),
            facts => Serde(facts(records)),
            sections => Serde(sections),
            evaluation => Serde(evaluation),
            verdict,
            film => film.map(PageFilm::values),
            metrics,
            baselines,
            columns,
            denoising => evaluation.and_then(|e| denoising_text(e.denoising.as_ref()?)),
            filled => conditionals.and_then(|it| Some(filled_lines(it.filled.as_ref()?))),
            single_cell_heads => single_cell_heads.to_vec(),
            single_cells,
            groups => conditionals.map(|it| it.groups.iter().map(group).collect::<Vec<_>>()),
            copying => evaluation.map(|evaluation| copying_text(&evaluation.copying)),
            modes,
            measures => Serde(evaluation.map(table_measures)),
            config => records.config_text.as_str(),
            langevin => manifest.program.langevin.as_str(),
            burn => manifest.program.burn.as_str(),
            cpu => manifest.machine.cpu.as_str(),
            system => manifest.machine.system.as_str(),
            digest => manifest.data.as_str(),
        },
    )
}

/// Page that compares several runs, as HTML.
pub(crate) fn compare_page(
    comparison: &Comparison,
    sections: &[Section],
) -> Result<String, TrainError> {
    render(
        "compare.html",
        COMPARE,
        context! {
            css => css(),
            runs => Serde(&comparison.runs),
            results => Serde(&comparison.results),
            differences => Serde(&comparison.differences),
            sections => Serde(sections),
        },
    )
}

fn css() -> String {
    format!("{PAGE_CSS}{FIGURE_CSS}")
}

fn render(name: &str, template: &str, values: Value) -> Result<String, TrainError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let rendered = environment.render_named_str(name, template, values);
    rendered.map_err(|error| TrainError::figure(name, error))
}

fn group(found: &GroupFound) -> Value {
    let distance = |distance: Option<f64>| distance.map_or("–".to_owned(), number);
    context! {
        told => format!("{} {}", found.column, found.group),
        samples => found.samples,
        held_out => found.held_out,
        distance => distance(found.energy_distance),
        floor => distance(found.floor),
    }
}

fn row(name: &str, distance: &Distance, baselines: &[String]) -> Value {
    let of = |name: &String| distance.baselines.get(name).map_or("–".to_owned(), |d| number(*d));
    let baselines: Vec<_> = baselines.iter().map(of).collect();
    context! {
        name,
        samples => number(distance.samples),
        standard_error => number(distance.standard_error),
        floor => number(distance.floor),
        baselines,
    }
}

fn mode(mode: &ModeFound) -> Value {
    let list = |values: &[f64]| {
        let values: Vec<_> = values.iter().map(|value| number(*value)).collect();
        values.join(", ")
    };
    let known = |values: &Option<Vec<f64>>| values.as_deref().map_or("–".to_owned(), list);
    context! {
        center => list(&mode.center),
        share => number(mode.share),
        expected_share => number(mode.expected_share),
        mean => known(&mode.mean),
        std => known(&mode.std),
        expected_std => number(mode.expected_std),
    }
}

fn facts(records: &RunRecords) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add =
        |name, value: Option<String>| facts.extend(value.map(|value| Fact { name, value }));
    add("held-out loss", records.held_out_loss().map(number));
    // An evaluation of version 0.1 has no verdict, which has a heading of its own.
    let distance = records.evaluation.as_ref().and_then(|e| e.metric("energy_distance"));
    let distance = distance.filter(|_| records.verdict().is_none());
    add("energy distance", distance.map(|m| number(m.distance.samples)));
    add("its floor", distance.map(|m| number(m.distance.floor)));
    let denoising = records.evaluation.as_ref().and_then(|e| e.denoising.as_ref());
    let regret = denoising.and_then(|denoising| denoising.regret);
    add("regret in nats", regret.map(|regret| number(regret.nats)));
    let seconds = records.training_seconds();
    add("training", (seconds > 0.0).then(|| format!("{seconds:.1} s")));
    let rate = records.timings.last().map(|timing| timing.steps_per_second);
    add("steps per second", rate.map(|rate| format!("{rate:.0}")));
    add("seed", Some(records.config.seed.to_string()));
    facts
}

/// Result of the check for copied training rows, in words.
pub(crate) fn copying_text(copying: &Copying) -> String {
    let share = 100.0 * copying.share_nearer_than_1_percent;
    let ratio = copying.ratio.map_or(String::new(), |ratio| format!(", {ratio:.2} times as far"));
    format!(
        "A sample's nearest training row is {} away in the median, a held-out row's {}{ratio}. {share:.1} % of \
         the samples are nearer than 1 % of the held-out rows are: much more than 1 % would be copies.",
        number(copying.samples_median),
        number(copying.held_out_median),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_film_is_in_the_page_where_it_is_not_too_large() {
        let film = |bytes| PageFilm { mp4: vec![0; bytes], size: 240, says: "It moves." }.values();
        let text = |film: &Value, name: &str| film.get_attr(name).expect("there").to_string();
        let small = film(3);
        assert_eq!(text(&small, "address"), "data:video/mp4;base64,AAAA");
        assert_eq!(text(&small, "width"), "480", "its text is legible");
        assert!(text(&small, "says").starts_with("It moves. film.mp4"));
        let large = film(MOST_FILM + 1);
        assert!(large.get_attr("address").expect("there").is_none());
        assert!(text(&large, "says").contains("too large for this page"));
    }

    #[test]
    fn names_are_escaped() {
        let comparison = Comparison {
            runs: vec!["<script>alert(1)</script>".to_owned(), "\"a\" & 'b'".to_owned()],
            ..Comparison::default()
        };
        let page = compare_page(&comparison, &[]).expect("rendered");
        assert!(!page.contains("<script>"), "{page}");
        assert!(page.contains("&lt;script&gt;") && page.contains("&amp;"), "{page}");
    }
}
