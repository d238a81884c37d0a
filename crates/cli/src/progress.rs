//! Display of a run's progress: a live bar on a terminal, one line a log step elsewhere, JSON lines for
//! programs.

use std::{path::Path, time::Instant};

use indicatif::{ProgressBar, ProgressStyle};
use langevin_train::{Event, Metrics, Observer, StepReport, number};
use serde_json::json;

use crate::{
    args::Args,
    output::{Form, is_on_a_terminal, note, note_above, print, print_json},
    pulse::{Doing, Pulse},
    signals::Signals,
};

/// Most lines of progress in a log, beside the last.
const MOST_LINES: u64 = 39;

/// Display of a run's progress: results go to standard output, all else to standard error.
pub struct Display {
    form: Form,
    signals: Option<Signals>,
    pulse: Option<Pulse>,
    bar: Option<ProgressBar>,
    start: Instant,
    first_step: u64,
    steps: u64,
    /// Step from which on a log gets its next line.
    next_line: u64,
    sampling: bool,
    stopping: bool,
}

impl Display {
    /// The display that the arguments and the terminal ask for.
    pub fn new(args: &Args, signals: Option<Signals>) -> Self {
        let form = if args.json {
            Form::Json
        } else if args.quiet {
            Form::Quiet
        } else if is_on_a_terminal() {
            Form::Live
        } else {
            Form::Lines
        };
        Self {
            form,
            pulse: signals.clone().map(|signals| Pulse::start(form, signals)),
            signals,
            bar: None,
            start: Instant::now(),
            first_step: 0,
            steps: 0,
            next_line: 0,
            sampling: false,
            stopping: false,
        }
    }

    /// Prints a line about what happens to standard error, unless JSON or quiet was asked for.
    pub fn say(&self, line: &str) {
        match (&self.bar, self.form) {
            (_, Form::Json | Form::Quiet) => {}
            (Some(bar), _) => note_above(bar, line),
            (None, _) => note(line),
        }
    }

    /// Prints a warning to standard error, in every form of output.
    pub fn warn(&self, line: &str) {
        match &self.bar {
            Some(bar) => note_above(bar, &format!("warning: {line}")),
            None => note(&format!("warning: {line}")),
        }
    }

    /// Prints a result to standard output as JSON, if that was asked for.
    pub fn json(&self, value: &serde_json::Value) {
        if self.form == Form::Json {
            print_json(value);
        }
    }

    /// Prints a result to standard output as text, unless JSON was asked for.
    pub fn result(&self, line: &str) {
        if self.form != Form::Json {
            print(line);
        }
    }

    /// Prints the lines of a result, unless JSON was asked for.
    pub fn result_lines<T: AsRef<str>>(&self, lines: impl IntoIterator<Item = T>) {
        lines.into_iter().for_each(|line| self.result(line.as_ref()));
    }

    /// The run that comes lies in a folder that nobody keeps.
    pub fn is_temporary_in(&self, folder: &Path) {
        self.tell(|pulse| pulse.discards(folder.to_owned()));
    }

    /// Prints that the user stopped the work, and what came of it.
    pub fn stopped(&self, outcome: &str) {
        self.result(&format!("stopped; {outcome}"));
        self.json(&json!({ "event": "stopped", "outcome": outcome }));
    }

    /// Removes the bar.
    pub fn clear(&mut self) {
        self.tell(|pulse| pulse.draws(None));
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn open_bar(&mut self, length: u64, template: &str) {
        if self.form == Form::Live {
            let bar = ProgressBar::new(length);
            // The templates are constants; a mistake in one falls back to indicatif's own.
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("━╸─"));
            }
            self.tell(|pulse| pulse.draws(Some(bar.clone())));
            self.bar = Some(bar);
        }
    }

    /// Tells the pulse what happens.
    fn tell(&self, what: impl FnOnce(&Pulse)) {
        if let Some(pulse) = &self.pulse {
            what(pulse);
        }
    }

    fn started(&mut self, run: &Path, step: u64, steps: u64) {
        (self.start, self.first_step, self.steps) = (Instant::now(), step, steps);
        self.tell(|pulse| pulse.begins(run.to_owned(), step));
        self.say(&match step {
            0 => format!("training {steps} steps in {}", run.display()),
            _ => format!("going on from step {step} of {steps} in {}", run.display()),
        });
        let run = run.display().to_string();
        self.json(&json!({ "event": "started", "run": run, "step": step, "steps": steps }));
        self.open_bar(steps, "{wide_bar} {pos}/{len}  {msg}  {elapsed}, {eta} left");
        if let Some(bar) = &self.bar {
            bar.set_position(step);
            bar.reset_eta();
        }
    }

    fn step(&mut self, report: &StepReport) {
        self.tell(|pulse| pulse.made(report.step));
        if let Some(bar) = &self.bar {
            bar.set_position(report.step);
        }
        if let Some(metrics) = &report.metrics {
            self.metrics(metrics);
        }
    }

    /// Whether a log gets a line at this step: the first, the last, and evenly spread ones.
    fn is_due(&mut self, step: u64) -> bool {
        let is_due = step >= self.next_line || step == self.steps;
        if is_due {
            self.next_line = step + (self.steps - self.first_step).div_ceil(MOST_LINES);
        }
        is_due
    }

    fn metrics(&mut self, metrics: &Metrics) {
        let seconds = self.start.elapsed().as_secs_f64().max(1e-9);
        let rate = (metrics.step - self.first_step) as f64 / seconds;
        let shown_rate = if rate < 10.0 { number(rate) } else { format!("{rate:.0}") };
        let held_out =
            metrics.held_out_loss.map_or(String::new(), |loss| format!("  held out {loss:.5}"));
        let losses = format!("loss {:.5}{held_out}", metrics.mean_loss);
        let is_due = self.is_due(metrics.step);
        match (&self.bar, self.form) {
            (Some(bar), _) => bar.set_message(format!("{losses}  {shown_rate}/s")),
            (None, Form::Lines) if is_due => {
                self.tell(Pulse::spoke);
                note(&format!(
                    "step {}/{}  {losses}  {shown_rate} steps/s",
                    metrics.step, self.steps
                ));
            }
            (None, _) => {}
        }
        if self.form == Form::Json {
            self.tell(Pulse::spoke);
        }
        self.json(&json!({ "event": "metrics", "metrics": metrics, "steps_per_second": rate }));
    }

    fn sampling(&mut self, share: f64) {
        self.tell(|pulse| pulse.turns_to(Doing::Sampling));
        if !self.sampling {
            self.sampling = true;
            self.clear();
            self.say("drawing samples");
            self.open_bar(1000, "{bar:32} sampling {percent}%");
        }
        if let Some(bar) = &self.bar {
            bar.set_position((share * 1000.0) as u64);
        }
        if share >= 1.0 {
            self.clear();
        }
    }
}

impl Observer for Display {
    fn event(&mut self, event: Event) {
        match event {
            Event::Started { run, step, steps } => self.started(run, step, steps),
            Event::Step(report) => self.step(report),
            Event::Saved { step } => {
                self.tell(|pulse| pulse.saved(step));
                self.json(&json!({ "event": "checkpoint", "step": step }));
            }
            Event::Warning(what) => {
                self.warn(what);
                self.json(&json!({ "event": "warning", "message": what }));
            }
            Event::Sampling(share) => self.sampling(share),
            Event::Remark(what) => {
                self.say(what);
                self.json(&json!({ "event": "remark", "message": what }));
            }
            Event::Evaluating => {
                self.tell(|pulse| pulse.turns_to(Doing::Measuring));
                self.say("measuring the samples");
            }
            Event::Wrote(path) => {
                let path = path.display().to_string();
                self.json(&json!({ "event": "wrote", "path": path }));
            }
        }
    }

    fn stop(&mut self) -> bool {
        let asked = self.signals.as_ref().is_some_and(|signals| signals.exit_code().is_some());
        if asked && !self.stopping {
            self.stopping = true;
            self.say("stopping after this step, saved; once more ends at once, unsaved");
        }
        asked
    }
}
