//! docs/performance.md, of the figures of a run.

use std::collections::BTreeMap;

use serde_json::Value;

use super::curves;
use super::jobs::{JOBS, Job};
use super::side::Side;
use super::statistics::{Spread, median, numbers};
use super::verdicts::{shown, verdicts};
use crate::article::markdown::{table, wrapped};

const OPENING: &str = "\
# Performance

What Langevin costs beside [JAX](https://docs.jax.dev) and [PyTorch](https://pytorch.org) on the jobs that it is made for:
small networks, on processors. `cargo xtask bench --peers` measures all of this in one run and writes this page;
`cargo xtask bench` measures ours alone, `--rounds N` says how often, `--short` shows in a minute that everything runs.
The figures themselves lie in [results.json](performance/results.json).";

const METHOD: &str = "\
## How it is measured

Every side of a job is a process of its own, kept from the first round to the last; in a round each has its turn, in
shuffled order, those that are held to one core among them. A ratio is that of the times of one round; given are the median of the rounds and, in
brackets, the least and the most. So what else the machine does meets all sides, and the ratios, not the times, are what
to compare with another machine's.

All train the same network from the same weights with the same loss and optimizer, and draw rows, levels and noise inside the
step, each with its own generator. Before anything is measured the losses of Langevin on flex, of the floor, of JAX and of PyTorch
are compared: on given batches, while they train on them, one by one, on noise of one's own in the mean; and the weights of JAX and
PyTorch after those batches, and their averages. A side that computes something else ends the run. That the tape and ndarray compute
the same is among the tests.

- **Langevin** is `Trainer::step` of a run file, built as `cargo run` builds it (the dev profile), with the program's
  allocator, on flex, with the engine that `auto` takes. On ndarray it is the same engine. It knows each step's loss when the step
  ends, and needs no wait for it.

- **Burn's tape** is the same with `train.engine` `tape`: Burn's autodiff on flex.

- **The floor** is a plain Rust loop without tensors ([benches/floor](../benches/floor/src/lib.rs)), which draws the very same
  noise and takes as many threads as turn out fastest: what bookkeeping costs. Where it takes one thread and we two, as on B, the row
  for one core says that.

- **JAX scan** is many steps in one `lax.scan` under `jit` with donated state, **JAX jit** one call a step whose loss is read
  ([jax_worker.py](../xtask/peers/jax_worker.py)). A training is measured as turned out fastest before the rounds, tried in turns: held to
  one core or with XLA's threads on all, with the generator threefry (JAX's default) or rbg, the scan unrolled by 1 or 4.

- **PyTorch** is eager, with the fused optimizer, held to one core or with threads on all, as turned out fastest ([torch_worker.py](../xtask/peers/torch_worker.py)).";

/// Turns of fewer seconds than this are those of `--short`.
const SHORT: f64 = 0.1;

/// The page.
pub fn render(results: &Value) -> String {
    let mut page = format!("{OPENING}\n\n{}\n\n", setting(results));
    if results["seconds"].as_f64().is_some_and(|seconds| seconds < SHORT) {
        page += "**This run was a short one: it shows that everything runs, its figures say little.**\n\n";
    }
    page += "## What was wanted\n\nThe limits were set before the measurement. What misses is said to miss.\n\n";
    let lines = verdicts(results);
    let rows = lines.iter().map(|verdict| {
        vec![
            verdict.what.clone(),
            verdict.wanted.clone(),
            verdict.measured.clone(),
            verdict.word().to_owned(),
        ]
    });
    page += &table(&["what", "wanted", "measured", "verdict"], &rows.collect::<Vec<_>>());
    page += &format!("\n{METHOD}\n\n{}", steps(results));
    page += &format!(
        "\n{}\n{}\n{}\n{}",
        sampling(results),
        growing(results),
        profile(results),
        rest(results)
    );
    wrapped(&page)
}

/// Day, machine, versions.
fn setting(results: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("unknown").to_owned();
    let (machine, versions) = (&results["machine"], &results["versions"]);
    let memory = machine["memory"].as_f64().map_or(String::new(), |bytes| {
        format!(", {:.0} GiB of memory", bytes / f64::from(1 << 30))
    });
    let sets: Vec<String> =
        machine["instruction_sets"].as_array().into_iter().flatten().map(text).collect();
    let peers = ["jax", "jaxlib", "numpy", "torch", "python"]
        .iter()
        .filter_map(|name| Some(format!("{name} {}", versions[*name].as_str()?)));
    let peers: Vec<String> = peers.collect();
    let mut again: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for (part, when) in results["again"].as_object().into_iter().flatten() {
        again.entry((text(&when["date"]), text(&when["commit"]))).or_default().push(part);
    }
    let again: String = again
        .iter()
        .map(|((date, commit), parts)| {
            format!(" Measured again on {date}, at {commit}: {}.", parts.join(", "))
        })
        .collect();
    format!(
        "Measured on {}, {} rounds of {} s: {} cores of {}{memory} ({}), {}. Langevin at {}, {}{}{}.{again}",
        text(&results["date"]),
        results["rounds"],
        results["seconds"],
        results["cores"],
        text(&machine["cpu"]),
        sets.join(", "),
        text(&machine["system"]),
        text(&versions["commit"]),
        text(&versions["rustc"]),
        if peers.is_empty() { "" } else { "; " },
        peers.join(", ")
    )
}

/// The sides of a table, without ours.
const OTHERS: [Side; 6] =
    [Side::JAX_SCAN, Side::JAX_JIT, Side::TORCH, Side::FLOOR, Side::TAPE, Side::NDARRAY];

fn measured(results: &Value, job: &Job) -> bool {
    results["jobs"][job.name].is_object()
}

fn steps(results: &Value) -> String {
    if !JOBS.iter().any(|job| measured(results, job)) {
        return String::new();
    }
    let mut text = "## A training step\n\n".to_owned();
    for job in JOBS.iter().filter(|job| measured(results, job)) {
        text += &format!(
            "- **{}**: {} ([{}](../{})).\n\n",
            job.name, job.about, job.run_file, job.run_file
        );
    }
    text += &format!(
        "With {} cores to take: our time, and ours over each other's.\n\n",
        results["cores"]
    );
    text += &ratios(results, "all", &OTHERS);
    text += "\nOn one core, every side:\n\n";
    text += &ratios(results, "one", &[Side::JAX_SCAN, Side::FLOOR]);
    text += &choices(results);
    text += "\nThe most memory that each process had, the interpreter's share included:\n\n";
    let sides: Vec<Side> = [Side::FLEX].into_iter().chain(OTHERS).collect();
    let head: Vec<&str> = ["job"].into_iter().chain(sides.iter().map(|side| side.shown)).collect();
    let rows = JOBS.iter().filter(|job| measured(results, job)).map(|job| {
        let memory = sides.iter().map(|side| {
            let bytes = results["jobs"][job.name]["all"][side.key]["memory"].as_f64();
            bytes.map_or("–".to_owned(), |bytes| format!("{:.0} MB", bytes / 1e6))
        });
        [job.name.to_owned()].into_iter().chain(memory).collect()
    });
    text += &table(&head, &rows.collect::<Vec<Vec<String>>>());
    text + &agreement(results)
}

/// Our time, and its ratio to each other side's.
fn ratios(results: &Value, cores: &str, others: &[Side]) -> String {
    let head: Vec<&str> =
        ["job", "Langevin"].into_iter().chain(others.iter().map(|side| side.shown)).collect();
    let rows = JOBS.iter().filter_map(|job| {
        let sides = &results["jobs"][job.name][cores];
        let ours = numbers(&sides[Side::FLEX.key]["seconds"]);
        let row = others.iter().map(|side| {
            let ratio = Spread::of_ratios(&ours, &numbers(&sides[side.key]["seconds"]));
            ratio.map_or("–".to_owned(), |ratio| shown(&ratio))
        });
        (!ours.is_empty())
            .then(|| [job.name.to_owned(), micro(median(&ours))].into_iter().chain(row).collect())
    });
    table(&head, &rows.collect::<Vec<Vec<String>>>())
}

/// How the sides worked that had a choice.
fn choices(results: &Value) -> String {
    let columns = [
        ("all", Side::JAX_SCAN),
        ("all", Side::JAX_JIT),
        ("all", Side::TORCH),
        ("one", Side::JAX_SCAN),
    ];
    let of = |job: &Job, (cores, side): (&str, Side)| {
        let choice = &results["jobs"][job.name][cores][side.key]["choice"];
        let cores = choice["cores"].as_u64()?;
        let generator = choice["generator"]
            .as_str()
            .map_or(String::new(), |name| format!(", {}", name.trim_end_matches("2x32")));
        let unroll = choice["unroll"].as_u64().filter(|times| *times > 1);
        let unroll = unroll.map_or(String::new(), |times| format!(", unrolled by {times}"));
        let plural = if cores == 1 { "" } else { "s" };
        Some(format!("{cores} core{plural}{generator}{unroll}"))
    };
    let rows = JOBS.iter().filter_map(|job| {
        let found = columns.map(|column| of(job, column));
        let known = found.iter().any(Option::is_some);
        let cells = found.map(|cell| cell.unwrap_or_else(|| "–".to_owned()));
        known.then(|| [job.name.to_owned()].into_iter().chain(cells).collect())
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        return String::new();
    }
    let [scan, jit, torch, _] = columns.map(|(_, side)| side.shown);
    let head = ["job", scan, jit, torch, "JAX scan, all on one core"];
    format!("\nWhat peers took, as turned out fastest:\n\n{}", table(&head, &rows))
}

fn micro(seconds: f64) -> String {
    let micro = 1e6 * seconds;
    if micro < 100.0 { format!("{micro:.1} µs") } else { format!("{micro:.0} µs") }
}

fn agreement(results: &Value) -> String {
    let jobs = JOBS.iter().map(|job| &results["jobs"][job.name]["agreement"]);
    let of = |key: &str| {
        let sides = [Side::FLOOR, Side::JAX_SCAN, Side::TORCH];
        let all = jobs.clone().flat_map(|job| sides.map(|side| job[side.key][key].as_f64()));
        all.flatten().fold(0.0, f64::max)
    };
    let of_weights = [Side::JAX_SCAN, Side::TORCH].map(|side| {
        let apart = jobs.clone().filter_map(move |job| job[side.key]["apart"].as_object());
        apart.flat_map(|apart| apart.values()).filter_map(Value::as_f64).fold(0.0, f64::max)
    });
    let apart = of_weights.into_iter().fold(0.0, f64::max);
    let peers = if apart > 0.0 {
        format!(
            "; the peers' weights after them, and the averages of those, lie at most {apart:.0e} of the way that ours \
             went from ours, and their means over noise of their own at most {:.1} standard errors from ours",
            of("own")
        )
    } else {
        String::new()
    };
    format!(
        "\nThe sides compared computed the same: on given batches their losses differ from ours by at most {:.0e} of the \
         losses' mean{peers}.\n",
        of("given")
    )
}

fn sampling(results: &Value) -> String {
    let sampling = &results["sampling"];
    if sampling.is_null() {
        return String::new();
    }
    let sides = [Side::FLEX, Side::JAX_SCAN, Side::TORCH];
    let ours = numbers(&sampling["turns"][Side::FLEX.key]["seconds"]);
    let rows = sides.iter().filter_map(|side| {
        let million = &sampling["million"][side.key];
        let theirs = numbers(&sampling["turns"][side.key]["seconds"]);
        let ratio = Spread::of_ratios(&ours, &theirs)?;
        let whole = |key: &str, size: f64, unit: &str| {
            let value = million[key].as_f64();
            value.map_or("–".to_owned(), |value| format!("{:.1} {unit}", value / size))
        };
        Some(vec![
            side.shown.to_owned(),
            format!("{:.2} µs", 1e6 * median(&theirs)),
            shown(&ratio),
            whole("seconds", 1.0, "s"),
            whole("memory", 1e6, "MB"),
        ])
    });
    let head = ["side", "a sample", "ours over theirs", "all in one go", "peak memory"];
    format!(
        "## Sampling\n\nSamples in the plane, 24 steps of Heun with the network of the default run, on all cores. \
         JAX's sampler is jitted, and its pieces, as PyTorch's, have the size that turned out fastest. From the \
         same start all draw the same samples; all multiply the columns that tell the level once a level. In one go: {} samples.\n\n{}",
        sampling["count"],
        table(&head, &rows.collect::<Vec<_>>())
    )
}

fn growing(results: &Value) -> String {
    let pictures = curves::pictures(results);
    if pictures.is_empty() {
        return String::new();
    }
    let images = pictures
        .iter()
        .map(|(name, _)| format!("![{}](performance/{name}.svg)", curves::caption(name)));
    let slower = match &curves::slower_than_jax(results)[..] {
        [] => "Nowhere here does JAX's scan take less time.".to_owned(),
        points => {
            format!("Here JAX's scan takes less time (our time over its): {}.", points.join(", "))
        }
    };
    format!(
        "## How the cost grows\n\nBoth axes are logarithmic: a line that rises by one decade a decade is a cost in \
         proportion. {slower}\n\n{}\n",
        images.collect::<Vec<_>>().join("\n\n")
    )
}

fn profile(results: &Value) -> String {
    let jobs: Vec<_> = results["profile"].as_object().into_iter().flatten().collect();
    if jobs.is_empty() {
        return String::new();
    }
    let mut kinds: Vec<&str> = Vec::new();
    let shares = |job: &Value| -> Vec<(String, f64)> {
        let pairs = job.as_array().cloned().unwrap_or_default();
        let pair = |pair: &Value| Some((pair[0].as_str()?.to_owned(), pair[1].as_f64()?));
        pairs.iter().filter_map(pair).collect()
    };
    for (_, job) in &jobs {
        for pair in job.as_array().into_iter().flatten() {
            let name = pair[0].as_str().unwrap_or_default();
            if !kinds.contains(&name) {
                kinds.push(name);
            }
        }
    }
    let head: Vec<&str> =
        ["what"].into_iter().chain(jobs.iter().map(|(name, _)| name.as_str())).collect();
    let rows = kinds.iter().map(|kind| {
        let of_job = jobs.iter().map(|(_, job)| {
            let share = shares(job).into_iter().find(|(name, _)| name == kind);
            share.map_or("–".to_owned(), |(_, share)| format!("{share:.1} %"))
        });
        [(*kind).to_owned()].into_iter().chain(of_job).collect()
    });
    format!(
        "## Where the time goes\n\nShares of the processors' time in a training step, by what the code does at which \
         `perf` found a thread (sampled by the clock, all cores).\n\n{}",
        table(&head, &rows.collect::<Vec<Vec<String>>>())
    )
}

/// Whole runs, disk, memory and the GPU.
fn rest(results: &Value) -> String {
    let (disk, whole) = (&results["disk"], &results["whole"]);
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |what: &str, found: Option<String>| {
        rows.extend(found.map(|found| vec![what.to_owned(), found]));
    };
    let seconds = |value: &Value| Some(numbers(value)).filter(|list| !list.is_empty());
    row(
        "`langevin --help`",
        seconds(&whole["help"]).map(|s| format!("{:.1} ms", 1e3 * median(&s))),
    );
    for run in whole["default"].as_array().into_iter().flatten().take(1) {
        row("the default run, whole, the first of them", whole_run(run));
    }
    for run in whole["article"].as_array().into_iter().flatten() {
        row(run["config"].as_str().unwrap_or_default(), whole_run(run));
    }
    row(
        "a normal number, in bulk, one core",
        seconds(&disk["normals"]).map(|s| format!("{:.2} ns", 1e9 * median(&s))),
    );
    let megabytes = disk["csv"]["bytes"].as_f64().unwrap_or(0.0) / 1e6;
    row(
        "reading a CSV file of 100 MB",
        seconds(&disk["csv"]["seconds"])
            .map(|s| format!("{:.2} s, {:.0} MB/s", median(&s), megabytes / median(&s))),
    );
    for (key, name) in
        [("checkpoint", "the default run"), ("large_checkpoint", "ten million parameters")]
    {
        let one = &disk[key];
        let size = one["bytes"].as_f64().unwrap_or(0.0) / 1e6;
        for (what, verb) in [
            ("save", "write a checkpoint"),
            ("dd", "the same bytes by dd with fsync"),
            ("load", "start from a checkpoint"),
        ] {
            let found = seconds(&one[what])
                .map(|s| format!("{:.1} ms, {:.0} MB/s", 1e3 * median(&s), size / median(&s)));
            row(&format!("{verb}, {name} ({size:.1} MB)"), found);
        }
    }
    let resident = results["growth"]["resident"].as_array().into_iter().flatten();
    let steps = resident.filter_map(|pair| Some((pair[0].as_u64()?, pair[1].as_f64()?)));
    let steps: Vec<_> = steps.collect();
    for place in [0, steps.len() / 2, steps.len().saturating_sub(1)] {
        if let Some((step, bytes)) = steps.get(place) {
            row(
                &format!("resident after {step} steps of A"),
                Some(format!("{:.2} MB", bytes / 1e6)),
            );
        }
    }
    let text = format!("## Everything else\n\n{}", table(&["what", "measured"], &rows));
    match gpu(results) {
        Some(gpu) => format!("{text}\n{gpu}"),
        None => text,
    }
}

fn whole_run(run: &Value) -> Option<String> {
    let (seconds, training) = (run["seconds"].as_f64()?, run["training"].as_f64()?);
    Some(format!("{seconds:.2} s, of which {training:.2} s training"))
}

fn gpu(results: &Value) -> Option<String> {
    let adapter = results["gpu"]["adapter"].as_str()?;
    let jobs = results["gpu"]["jobs"].as_object()?;
    let others = [Side::WGPU_TAPE, Side::WGPU_PLAIN];
    let rows = jobs.iter().filter_map(|(name, sides)| {
        let seconds = |side: Side| numbers(&sides[side.key]["seconds"]);
        let ours = seconds(Side::WGPU);
        let over = |side: Side| Some(shown(&Spread::of_ratios(&ours, &seconds(side))?));
        let ratios: Option<Vec<String>> = others.map(over).into_iter().collect();
        Some([vec![name.clone(), micro(median(&ours))], ratios?].concat())
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let heads = ["job", "a step", others[0].shown, others[1].shown];
    Some(format!(
        "## On wgpu\n\nOn {adapter}: a step on wgpu, and its time over those of Burn's tape with our update and of \
         plain Burn, as its book writes a training loop ([plain.rs](../benches/worker/plain.rs)), on the same \
         adapter. All read their losses as rarely. On a software adapter launches cost little and arithmetic much; \
         [decisions.md](decisions.md) has the same on a GPU, beside JAX and PyTorch there: a scan of JAX is several times \
         as fast there.\n\n{}",
        table(&heads, &rows)
    ))
}
