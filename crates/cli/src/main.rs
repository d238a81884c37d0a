//! The `langevin` program: trains, resumes and samples diffusion models described by JSON files.
//!
//! Only this crate prints, parses arguments or exits. Exit codes: 0 done, 1 failed at run time, 2
//! wrong use, 130 and 143 interrupted after saving.

mod advice;
mod args;
mod article;
mod backend;
mod commands;
mod commented;
mod configs;
mod doctor;
mod failure;
mod memory;
mod output;
mod panics;
mod progress;
mod pulse;
mod signals;
mod table;
mod threads;

use std::{process::ExitCode, sync::atomic::Ordering};

use clap::Parser;

use failure::Failure;

#[global_allocator]
static ALLOCATOR: memory::Allocator = memory::Allocator;

fn main() -> ExitCode {
    panics::watch();
    // Known before the arguments are read, since memory may end before.
    let is_json = std::env::args_os().any(|argument| argument == "--json");
    memory::SAYS_JSON.store(is_json, Ordering::Relaxed);
    threads::run(program).unwrap_or_else(|failure| commands::end(is_json, Err(failure)))
}

fn program() -> ExitCode {
    match args::Args::try_parse() {
        Ok(args) => commands::run(&args),
        Err(mut error) if error.use_stderr() => {
            let arguments: Vec<String> =
                std::env::args_os().map(|it| it.to_string_lossy().into_owned()).collect();
            match advice::on(&error, &arguments) {
                Some(message) => commands::end(false, Err(Failure::usage(message))),
                None => {
                    output::explain(&mut error);
                    ExitCode::from(2)
                }
            }
        }
        // What --help and --version give is output.
        Err(mut text) => {
            output::explain(&mut text);
            commands::end(false, output::whole(0))
        }
    }
}
