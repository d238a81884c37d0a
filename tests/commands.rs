//! The program as a user meets it: each test runs the binary that was just built in a folder of its
//! own.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test stops there")]

#[path = "commands/article.rs"]
mod article;
#[path = "commands/backends.rs"]
mod backends;
#[path = "commands/bad_input.rs"]
mod bad_input;
#[cfg(unix)]
#[path = "commands/beside.rs"]
mod beside;
#[path = "commands/browser.rs"]
mod browser;
#[path = "commands/cases/mod.rs"]
mod cases;
#[path = "commands/conditions.rs"]
mod conditions;
#[path = "commands/damage.rs"]
mod damage;
#[path = "commands/determinism.rs"]
mod determinism;
#[path = "commands/documents.rs"]
mod documents;
#[cfg(unix)]
#[path = "commands/escapes.rs"]
mod escapes;
#[path = "commands/every_refusal.rs"]
mod every_refusal;
#[path = "commands/fills.rs"]
mod fills;
#[path = "commands/fixtures.rs"]
mod fixtures;
#[path = "commands/foreign.rs"]
mod foreign;
#[path = "commands/help.rs"]
mod help;
#[path = "commands/markdown.rs"]
mod markdown;
#[path = "commands/moved.rs"]
mod moved;
#[path = "commands/output.rs"]
mod output;
#[path = "commands/pictures.rs"]
mod pictures;
#[path = "commands/program.rs"]
mod program;
#[path = "commands/quality.rs"]
mod quality;
#[path = "commands/refusals.rs"]
mod refusals;
#[path = "commands/reproduce.rs"]
mod reproduce;
#[path = "commands/resume.rs"]
mod resume;
#[path = "commands/runs.rs"]
mod runs;
#[cfg(unix)]
#[path = "commands/signals.rs"]
mod signals;
#[path = "commands/strangers.rs"]
mod strangers;
#[cfg(target_os = "linux")]
#[path = "commands/surroundings.rs"]
mod surroundings;
#[path = "commands/tables.rs"]
mod tables;
#[path = "commands/titles.rs"]
mod titles;
#[path = "commands/verdicts.rs"]
mod verdicts;
#[path = "commands/verify.rs"]
mod verify;
#[path = "commands/vocabulary.rs"]
mod vocabulary;
#[path = "commands/weights.rs"]
mod weights;
#[path = "commands/workbooks.rs"]
mod workbooks;
