//! The N-th operation on the disk fails, once or from then on, for every N until the run succeeds
//! (SQLite's method): the run says where, nothing that was saved is lost, and it goes on afterwards.

use std::{
    fs, io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::small_run::{STEPS, Saved, begin, copy, everything, go_on, quick_folder, results};
use crate::{
    TrainError,
    store::{
        checkpoint::Checkpoints,
        disk::witness::{Watch, watch},
    },
};

/// How long the disk fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failing {
    Once,
    FromThenOn,
}

/// Makes operation `nth`, counted from 1, fail below `root`.
fn fail(root: &Path, nth: usize, failing: Failing) -> (Watch, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let watch = watch(root, move |_| {
        let now = counted.fetch_add(1, Ordering::Relaxed) + 1;
        match now == nth || (now > nth && failing == Failing::FromThenOn) {
            true => Err(io::Error::from_raw_os_error(28)),
            false => Ok(()),
        }
    });
    (watch, count)
}

/// The newest checkpoint that is sound.
fn newest(run: &Path) -> Option<u64> {
    Checkpoints::new(run).newest(&mut |_| {}).ok().map(|checkpoint| checkpoint.progress.step)
}

/// Whether an error names the file, or says that nothing was there to go on from.
fn is_clear(error: &TrainError, run: &Path) -> bool {
    let message = error.to_string();
    let verb = ["cannot write", "cannot read", "cannot create", "cannot rename"];
    let names = verb.iter().any(|verb| message.starts_with(verb))
        && message.contains(&run.display().to_string())
        && message.contains("No space left");
    names || message.contains("there is no checkpoint in")
}

/// Checks whole runs of which the N-th operation fails, for every N, and returns the number of
/// operations.
fn whole_runs(failing: Failing) -> usize {
    let folder = quick_folder();
    let undisturbed = folder.path().join("undisturbed");
    begin(&undisturbed, &mut ()).expect("undisturbed");
    let (wanted, files) = (results(&undisturbed), everything(&undisturbed));
    for nth in 1.. {
        let root = folder.path().join(format!("{nth}"));
        let run = root.join("run");
        let (watch, count) = fail(&root, nth, failing);
        let mut saved = Saved::default();
        let outcome = begin(&run, &mut saved);
        drop(watch);
        if count.load(Ordering::Relaxed) < nth {
            outcome.expect("nothing failed");
            return nth - 1;
        }
        if let Err(error) = &outcome {
            assert!(is_clear(error, &root), "operation {nth}: {error}");
        }
        // The removal of old checkpoints may have failed, but an announced one must be there.
        assert!(newest(&run) >= saved.0, "operation {nth}: {:?} < {:?}", newest(&run), saved.0);
        match go_on(&run, &mut ()) {
            Ok(report) => {
                assert!(report.finished, "operation {nth}");
                assert_eq!(results(&run), wanted, "operation {nth}");
                assert_eq!(everything(&run), files, "operation {nth}");
            }
            Err(error) => {
                assert_eq!(saved.0, None, "operation {nth}: {error}");
                let message = error.to_string();
                let is_nothing = ["is not a run: there is no such folder", "holds no run yet"];
                assert!(is_nothing.iter().any(|it| message.contains(it)), "{nth}: {message}");
            }
        }
        fs::remove_dir_all(&root).unwrap_or_default();
    }
    unreachable!("some run succeeds")
}

#[test]
fn whichever_operation_fails_once_the_run_says_so_and_goes_on() {
    let operations = whole_runs(Failing::Once);
    println!("each of {operations} file operations failed once");
    assert!(operations > 100, "{operations}");
}

#[test]
fn from_whichever_operation_the_disk_fails_the_run_says_so_and_goes_on() {
    let operations = whole_runs(Failing::FromThenOn);
    println!("the disk failed from each of {operations} file operations on");
    assert!(operations > 100, "{operations}");
}

#[test]
fn whichever_operation_of_a_resumed_run_fails_it_can_be_resumed_again() {
    let folder = quick_folder();
    let undisturbed = folder.path().join("undisturbed");
    begin(&undisturbed, &mut ()).expect("undisturbed");
    let wanted = results(&undisturbed);
    // The disk fails in the middle of the run, so that there is something to go on from.
    let stopped = folder.path().join("stopped");
    let (watch, _) = fail(&stopped, 100, Failing::FromThenOn);
    let mut before = Saved::default();
    begin(&stopped, &mut before).expect_err("the disk failed");
    drop(watch);
    assert!(before.0.is_some_and(|step| step < STEPS), "{:?}", before.0);
    let mut operations = 0;
    for failing in [Failing::Once, Failing::FromThenOn] {
        for nth in 1.. {
            let run = folder.path().join("run");
            copy(&stopped, &run);
            let mut saved = Saved(before.0);
            let (watch, count) = fail(&run, nth, failing);
            let outcome = go_on(&run, &mut saved);
            drop(watch);
            match &outcome {
                // A checkpoint that could not be read is not damaged: no older one is taken in its
                // place.
                Ok(report) => {
                    let first = report.step - report.steps_here;
                    assert_eq!(Some(first), before.0, "operation {nth}");
                }
                Err(error) => assert!(is_clear(error, &run), "operation {nth}: {error}"),
            }
            assert!(newest(&run) >= saved.0, "operation {nth}");
            go_on(&run, &mut ()).expect("goes on");
            assert_eq!(results(&run), wanted, "operation {nth}");
            fs::remove_dir_all(&run).expect("removed");
            if count.load(Ordering::Relaxed) < nth {
                outcome.expect("nothing failed");
                operations += nth - 1;
                break;
            }
        }
    }
    println!("each of {operations} file operations of a resumed run failed");
    assert!(operations > 100, "{operations}");
}
