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
mod output;
mod progress;
mod signals;
mod table;

use std::process::ExitCode;

use clap::Parser;

use failure::Failure;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match args::Args::try_parse() {
        Ok(args) => commands::run(&args),
        Err(error) if error.use_stderr() => {
            let arguments: Vec<String> =
                std::env::args_os().map(|it| it.to_string_lossy().into_owned()).collect();
            match advice::on(&error, &arguments) {
                Some(message) => commands::end(false, Err(Failure::usage(message))),
                None => error.exit(),
            }
        }
        // What --help and --version give is output.
        Err(text) => {
            output::ended(text.print());
            commands::end(false, output::whole(0))
        }
    }
}
