//! The project's own tools: `cargo xtask` lists them. They depend on no crate of the workspace.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that reports")]

mod article;
mod bench;
mod cargo;
mod check;
mod conditions;
mod config;
mod evaluation;
mod files;
mod licences;
mod markdown;
mod missing;
mod outside;
mod program;
mod python;
mod rebuilds;
mod statistics;
mod tables;
mod tidy;
mod torture;
mod verdicts;

use std::process::ExitCode;

use cargo::Workspace;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  check                      everything that must hold before a commit, in order:
                             stops at the first part that fails
  check --only NAME[,NAME]   these parts of it
  tidy                       the small rules, over all files that git would keep
  licences                   the licences of all dependencies
  config                     writes docs/config.md from the schema of run files
  evaluation [--seeds N]     trains the configs on real data over 5 seeds, or N, and writes
                             docs/evaluation.md; minutes a seed
  verdicts [--seeds N]       judges made faults and perfect samples over 100 seeds, or N, and writes
                             that section of docs/evaluation.md; half a minute a seed
  conditions                 measures samples that are told something, and writes that section of
                             docs/conditions.md; half an hour
  conditions --only NAME[,NAME]  these parts of it, without writing
  tables [--seeds N]         trains the tables that papers measure by over 3 seeds, or N, and writes their
                             parts of docs/tables.md; fails below the least bars; a quarter of an hour
                             a seed
  tables --only NAME[,NAME]  these of them: adult, diamonds, credit
  tables --small             measures iris, wine and breast cancer as ForestDiffusion does, and writes
                             that part; minutes
  tables --given             measures rows of which some columns are given, and writes that part
  tables --ordinary FOLDER   runs init and train on each CSV of a folder, which xtask/tables/ordinary.py
                             fills, and writes that part of docs/tables.md; an hour
  article [--seeds N]        runs the nine systems of the article over 20 seeds, or N, and writes
                             docs/article.md; a quarter of an hour
  article --check            the same without writing; fails where a median lies outside its range
  article --check --short    what `check` does of it
  bench [--rounds N]         what training, sampling, runs and files cost here; minutes
  bench --peers              the same beside JAX and PyTorch, which are installed into target/, and
                             writes docs/performance.md
  bench --short              as little of it as shows that everything runs; also with --peers
  bench --only NAME[,NAME]   these parts of it
  bench --page               writes docs/performance.md again of the figures beside it
  torture                    kills, crowds and damages runs of the program, and holds what is left to
                             an undisturbed run; a quarter of an hour
  torture --only NAME        one part of it, as kills or strangers
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let workspace = match Workspace::find() {
        Ok(workspace) => workspace,
        Err(error) => return failed(&error),
    };
    let outcome = match arguments.as_slice() {
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}\nparts of check:\n{}", check::list());
            return ExitCode::SUCCESS;
        }
        ["check"] => Ok(check::run(&workspace, check::PARTS.iter().collect())),
        ["check", "--only", names] => {
            check::select(names).map(|parts| check::run(&workspace, parts))
        }
        ["tidy"] => Ok(tidy::run(&workspace)),
        ["licences"] => Ok(licences::run(&workspace)),
        ["config"] => Ok(config::write(&workspace)),
        ["evaluation"] => Ok(evaluation::run(&workspace, 5)),
        ["evaluation", "--seeds", count] => match count.parse() {
            Ok(count @ 1..) => Ok(evaluation::run(&workspace, count)),
            _ => Err(format!("--seeds: must be at least 1, got {count}")),
        },
        ["verdicts"] => Ok(verdicts::run(&workspace, 100)),
        ["verdicts", "--seeds", count] => match count.parse() {
            Ok(count @ 1..) => Ok(verdicts::run(&workspace, count)),
            _ => Err(format!("--seeds: must be at least 1, got {count}")),
        },
        ["conditions"] => Ok(conditions::run(&workspace, &[])),
        ["conditions", "--only", names] => {
            conditions::select(names).map(|parts| conditions::run(&workspace, &parts))
        }
        ["tables", options @ ..] => {
            tables::Task::parse(options).map(|task| tables::run(&workspace, &task))
        }
        ["torture"] => Ok(torture::run(&workspace, torture::FULL, "")),
        ["torture", "--only", part] => Ok(torture::run(&workspace, torture::FULL, part)),
        ["bench", options @ ..] => {
            bench::Task::parse(options).map(|task| bench::run(&workspace, task))
        }
        ["article", options @ ..] => {
            article::Task::parse(options).map(|task| article::run(&workspace, task))
        }
        other => Err(format!("no such command: {}", other.join(" "))),
    };
    match outcome {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => failed(&error),
        // The command was misused.
        Err(error) => {
            eprint!("error: {error}\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn failed(error: &str) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(1)
}
