//! Pulse of long work: a thread that shows that it is alive, and ends the process where work that was asked to stop
//! goes on too long. A step in the midst of which a process ends is lost, and nothing before it.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use indicatif::ProgressBar;
use langevin_train::shell_word;
use serde_json::{Value, json};

use crate::{
    output::{Form, note, note_above, print_json},
    signals::Signals,
};

/// Time between two looks at the work.
const LOOK: Duration = Duration::from_millis(250);

/// Time after which work without a sign of life is spoken of.
const QUIET: Duration = Duration::from_secs(5);

/// Longest time between two such words.
const MOST_QUIET: Duration = Duration::from_secs(600);

/// Time that a word has to be heard.
const HEARD: Duration = Duration::from_secs(1);

/// Time that work has to stop after a signal.
const PATIENCE: Duration = Duration::from_secs(3);

/// Kind of work that is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    Starting,
    Steps,
    Sampling,
    Measuring,
}

/// Pulse of a command's work, which ends with it.
pub struct Pulse(Arc<Shared>);

/// What the work leaves for the thread to see.
struct Shared {
    form: Form,
    /// Grows with every sign of life.
    beats: AtomicU64,
    /// Grows with every line that is printed.
    lines: AtomicU64,
    /// A [`Doing`].
    doing: AtomicUsize,
    made: AtomicU64,
    saved: AtomicU64,
    /// The run that trains.
    run: OnceLock<PathBuf>,
    /// The folder of a run that nobody keeps.
    folder: Mutex<Option<PathBuf>>,
    bar: Mutex<Option<ProgressBar>>,
    ended: AtomicBool,
}

impl Pulse {
    /// Starts the thread. Where the system gives none, the work goes on without it.
    pub fn start(form: Form, signals: Signals) -> Self {
        let shared = Arc::new(Shared {
            form,
            beats: AtomicU64::new(0),
            lines: AtomicU64::new(0),
            doing: AtomicUsize::new(Doing::Starting as usize),
            made: AtomicU64::new(0),
            saved: AtomicU64::new(0),
            run: OnceLock::new(),
            folder: Mutex::new(None),
            bar: Mutex::new(None),
            ended: AtomicBool::new(false),
        });
        let seen = Arc::clone(&shared);
        let _ = thread::Builder::new().name("pulse".to_owned()).spawn(move || seen.watch(&signals));
        Self(shared)
    }

    /// The run that trains, and the steps that it has made and saved.
    pub fn begins(&self, run: PathBuf, made: u64) {
        if self.0.folder().is_none() {
            let _ = self.0.run.set(run);
        }
        self.0.made.store(made, Ordering::Relaxed);
        self.saved(made);
        self.turns_to(Doing::Steps);
    }

    /// The run that comes lies in a folder that nobody keeps: nothing of it is unsaved.
    pub fn discards(&self, folder: PathBuf) {
        *self.0.folder() = Some(folder);
    }

    /// A step was made.
    pub fn made(&self, step: u64) {
        self.0.made.store(step, Ordering::Relaxed);
        self.beat();
    }

    /// A step was saved.
    pub fn saved(&self, step: u64) {
        self.0.saved.store(step, Ordering::Relaxed);
        self.beat();
    }

    /// Another kind of work begins, or goes on.
    pub fn turns_to(&self, doing: Doing) {
        self.0.doing.store(doing as usize, Ordering::Relaxed);
        self.beat();
    }

    /// A line was printed.
    pub fn spoke(&self) {
        self.0.lines.fetch_add(1, Ordering::Relaxed);
    }

    /// The bar that is drawn, if one is.
    pub fn draws(&self, bar: Option<ProgressBar>) {
        *self.0.bar() = bar;
    }

    fn beat(&self) {
        self.0.beats.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    fn bar(&self) -> std::sync::MutexGuard<'_, Option<ProgressBar>> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn folder(&self) -> std::sync::MutexGuard<'_, Option<PathBuf>> {
        self.folder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the work again and again until it ends.
    fn watch(self: &Arc<Self>, signals: &Signals) {
        let counts = || (self.beats.load(Ordering::Relaxed), self.lines.load(Ordering::Relaxed));
        let (mut beats, mut lines) = counts();
        let (mut alive, mut spoken) = (Instant::now(), Instant::now());
        let (mut pause, mut asked, mut has_answered) = (QUIET, None, false);
        loop {
            thread::park_timeout(LOOK);
            if self.ended.load(Ordering::Relaxed) {
                return;
            }
            let now = counts();
            if now.0 != beats {
                alive = Instant::now();
            }
            if now.1 != lines {
                spoken = Instant::now();
            }
            (beats, lines) = now;
            if alive.elapsed() > QUIET && spoken.elapsed() > pause {
                self.say_alive(alive.elapsed());
                (spoken, pause) = (Instant::now(), (2 * pause).min(MOST_QUIET));
            }
            if let Ok(bar) = self.bar.try_lock()
                && let Some(bar) = &*bar
            {
                bar.tick();
            }
            let Some(code) = signals.exit_code() else { continue };
            let asked = *asked.get_or_insert_with(Instant::now);
            if asked.elapsed() > PATIENCE && alive.elapsed() > PATIENCE && !has_answered {
                has_answered = true;
                self.answer(code);
            }
        }
    }

    /// The work in words, as `at step 7`.
    fn work(&self) -> String {
        match self.doing.load(Ordering::Relaxed) {
            doing if doing == Doing::Starting as usize => "starting".to_owned(),
            doing if doing == Doing::Steps as usize => {
                format!("at step {}", self.made.load(Ordering::Relaxed) + 1)
            }
            doing if doing == Doing::Sampling as usize => "drawing samples".to_owned(),
            _ => "measuring samples and showing them".to_owned(),
        }
    }

    fn say_alive(self: &Arc<Self>, since: Duration) {
        let (work, seconds) = (self.work(), since.as_secs());
        self.say(
            format!("still {work}, after {seconds} s"),
            json!({ "event": "alive", "work": work, "seconds": seconds }),
        );
    }

    /// Says a line, or its event.
    fn say(self: &Arc<Self>, line: String, event: Value) {
        self.heard(move |shared| match (shared.form, &*shared.bar()) {
            (Form::Quiet, _) => {}
            (Form::Json, _) => print_json(&event),
            (_, Some(bar)) => note_above(bar, &line),
            (_, None) => note(&line),
        });
    }

    /// Says something for as long as a reader lets it: whoever reads what is printed may read no more.
    fn heard(self: &Arc<Self>, say: impl FnOnce(&Self) + Send + 'static) {
        let (done, is_done) = mpsc::channel();
        let shared = Arc::clone(self);
        let say = move || {
            say(&shared);
            let _ = done.send(());
        };
        if thread::Builder::new().spawn(say).is_ok() {
            let _ = is_done.recv_timeout(HEARD);
        }
    }

    /// Answers a signal in the midst of long work: ends the process where nothing is lost by it, and says otherwise
    /// what is.
    fn answer(self: &Arc<Self>, code: u8) {
        let (made, saved) = (self.made.load(Ordering::Relaxed), self.saved.load(Ordering::Relaxed));
        let (work, run) = (self.work(), self.run.get());
        if made > saved && self.folder().is_none() {
            self.say(
                format!(
                    "still {work}: the run is saved when that ends; once more ends at once, and loses the steps since \
                     {saved}"
                ),
                json!({ "event": "stopping", "work": work, "saved": saved }),
            );
            return;
        }
        let way_on = run.map_or("what was written whole before stays".to_owned(), |run| {
            let run = shell_word(run);
            format!("nothing that was saved is lost; go on with `langevin train --resume {run}`")
        });
        let run = run.map(|run| run.display().to_string());
        let line = format!("stopped while {work}: {way_on}");
        let event = json!({ "event": "stopped", "run": run, "step": made, "work": work });
        self.heard(move |shared| {
            if let Some(bar) = shared.bar().take() {
                bar.finish_and_clear();
            }
            note(&line);
            if shared.form == Form::Json {
                print_json(&event);
            }
        });
        if let Some(folder) = self.folder().take() {
            // It may be in use still, and then stays among the temporary ones.
            let _ = std::fs::remove_dir_all(folder);
        }
        signal_hook::low_level::exit(i32::from(code));
    }
}
