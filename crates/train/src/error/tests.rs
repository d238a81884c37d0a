//! Messages of errors, word by word.

use std::path::PathBuf;

use super::*;

#[test]
fn messages_say_what_is_wrong_and_what_to_do() {
    let (path, cause) = (|| PathBuf::from("runs/x"), || "why".into());
    let (usage, failure) = (true, false);
    let errors: [(TrainError, bool, &str); 13] = [
        (TrainError::NamesTaken(path()), usage, "every name after runs/x is taken"),
        (TrainError::LockNotAFile(path()), usage, "runs/x must be a file, not a link or a folder"),
        (
            TrainError::HoldsARun(path()),
            usage,
            "runs/x holds a run already: go on with it by `train --resume runs/x`, or name another \
             folder",
        ),
        (
            TrainError::LengthDecidesRates { steps: 20, length: 10 },
            usage,
            "--steps 20: the learning rate of every step depends on the run's length of 10, so a \
             run of another length is another run from its first step on. Start it anew, or use a learning \
             rate of kind `constant` or `step_decay`",
        ),
        (
            TrainError::StepsToReproduce { given: 9, made: 3 },
            usage,
            "--steps: must be from 1 to 3, got 9",
        ),
        (
            TrainError::NothingHeldOut,
            usage,
            "no rows are held out to measure by: data.holdout must be above 0",
        ),
        (
            TrainError::TooLittleMemory { needed: 3 << 30, free: 3 << 29, within: None },
            usage,
            "this run needs about 3.0 GiB of memory, 1.5 GiB are free: lower the numbers of \
             denoiser.network, train.batch or sample.count",
        ),
        (
            TrainError::TooLittleMemory {
                needed: 3 << 30,
                free: 0,
                within: Some("a limit".into()),
            },
            usage,
            "this run needs about 3.0 GiB of memory, 0.0 GiB are free within a limit: lower the numbers \
             of denoiser.network, train.batch or sample.count",
        ),
        (
            TrainError::NoCheckpoint(path().join("checkpoints")),
            failure,
            "runs/x/checkpoints holds no checkpoint yet: `train --resume runs/x` begins the run again",
        ),
        (TrainError::SaveArrays(cause()), failure, "cannot save the arrays: why"),
        (TrainError::device("why"), failure, "the device failed: why"),
        (
            TrainError::Panic(Some("lost".to_owned())),
            failure,
            "the run stopped at a panic, as a lost device or a defect causes: lost",
        ),
        (TrainError::figure("film", "why"), failure, "cannot draw the figure film: why"),
    ];
    for (error, is_usage, message) in errors {
        assert_eq!((error.to_string(), error.is_usage()), (message.to_owned(), is_usage));
    }
}

#[test]
fn a_holder_is_named_where_the_lock_names_one() {
    let locked = |holder: Option<&str>| {
        let holder = holder.map(str::to_owned);
        TrainError::Locked { run: PathBuf::from("x"), holder }.to_string()
    };
    assert_eq!(locked(None), "another process is training in x");
    assert_eq!(
        locked(Some("process 7 on here")),
        "another process is training in x: process 7 on here"
    );
}
