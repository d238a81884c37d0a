//! Tests of the page, with results that have known answers.

use std::fs;

use super::*;
use crate::article::pictures;
use crate::article::systems::{Quantity, all};
use crate::markdown::anchor;
use crate::program::Scratch;

/// Trial in which every median lies in the middle of its range.
fn trial(system: &'static System, first_seed: u64) -> Results {
    let middle = |quantity: &Quantity| quantity.median.map_or(0.5, |[from, to]| (from + to) / 2.0);
    let values = system.quantities.iter().map(|quantity| vec![middle(quantity); 20]);
    Results { system, seeds: first_seed..first_seed + 20, values: values.collect() }
}

fn judged() -> Vec<Judged> {
    all().into_iter().map(|system| Judged { first: trial(system, 0), again: None }).collect()
}

/// Table of a trial.
fn numbers(results: &Results) -> String {
    let variant = context! { heading => "", command => "", trials => [super::trial(results)] };
    let system = context! { variants => [variant] };
    let values = context! { system, reference_seeds => REFERENCE_SEEDS };
    fill(&environment().expect("a syntax"), "numbers.md", NUMBERS, values)
        .expect("nothing is missing")
}

/// Text of the page with these results and a run of every config that it shows.
fn page(judged: &[Judged], seeds: u64) -> String {
    // Tests run at the same time, each in its own folder.
    let thread = std::thread::current();
    let purpose = format!("test-{}", thread.name().unwrap_or("page").replace("::", "-"));
    let scratch = Scratch::new(&purpose).expect("a temporary folder");
    let mut shown = Vec::new();
    let nine = SECTIONS.iter().map(|section| section.config);
    let beside = ["1-gaussian-corrected", "4-four-modes-corrected", recommended::CONFIG];
    for config in nine.chain(beside) {
        let run = scratch.folder().join(config);
        fs::create_dir_all(run.join("figures")).expect("a folder");
        for name in ["levels", "trajectory"] {
            fs::write(run.join("figures").join(format!("{name}.svg")), "<svg/>").expect("written");
        }
        let pictures = pictures::of_run(&run, config).expect("two figures");
        shown.push(Shown { config, seconds: 2.0, pictures });
    }
    let near =
        [Near { share: 0.98, std: [[0.0098; 2]; 4] }, Near { share: 1.0, std: [[0.0102; 2]; 4] }];
    let density = [Level {
        alpha: 0.5,
        sigma: 0.86603,
        integral: 1.0,
        mean: 0.5,
        std: 0.86604,
        exact_mean: 0.50001,
        exact_std: 0.86605,
    }];
    let (near, shown, density) = (&near, &shown, &density);
    let content = Content { seeds, machine: "a machine", judged, near, shown, density };
    render(&content).expect("nothing is missing")
}

#[test]
fn every_section_is_linked_to() {
    let page = page(&judged(), 20);
    for title in SECTIONS.iter().map(|section| section.title).chain(["The published target"]) {
        assert!(page.contains(&format!("](#{})", anchor(title))), "{title}");
        assert!(page.contains(&format!("\n## {title}\n")), "{title}");
    }
}

#[test]
fn reference_and_ours_stand_side_by_side() {
    let mut results = trial(all()[0], 0);
    results.values[0] = [vec![1.0; 10], vec![1.006; 10]].concat();
    results.values[1][3] = 0.5;
    results.values[2] = vec![0.3; 20];
    let text = numbers(&results);
    for row in [
        "| 99 % | range of the median of 20 | ours: median of 20 | smallest – largest |",
        "| mean | 0.984 | 1.003 | 1.026 | 0.9985–1.009 | 1.0030 | 1.0000 – 1.0060 | inside |",
        "| std | 2.2e-5 | 3.2e-4 | 0.0027 | 1.6e-4–6.7e-4 | 4.15e-4 | 4.15e-4 – 0.5000 | inside |",
        "| loss | – | – | – | 0.154–0.233 | 0.3000 | 0.3000 – 0.3000 | **outside** |",
    ] {
        assert!(text.contains(row), "{row}\n{text}");
    }
    let corrected = numbers(&trial(all()[2], 0));
    assert!(corrected.contains("| loss | – | – | – | – | 0.5000 | 0.5000 – 0.5000 |  |"));
}

#[test]
fn both_trials_of_a_system_that_missed_are_shown() {
    let mut judged = judged();
    assert!(!page(&judged, 20).contains("it misses"));
    judged[11].first.values[0] = vec![2.0; 20];
    judged[11].again = Some(trial(all()[11], 20));
    let recovered = page(&judged, 20);
    assert!(recovered.contains("With seeds 0–19 it misses"), "{recovered}");
    assert!(recovered.contains("With seeds 20–39 it does not miss again:"));
    assert!(recovered.contains("2 of 3; run once more: 3 of 3"));
    judged[11].again.as_mut().expect("made above").values[0] = vec![2.0; 20];
    assert!(page(&judged, 20).contains("With seeds 20–39 it misses again:"));
}

#[test]
fn the_page_holds_every_command_picture_and_density() {
    let page = page(&judged(), 20);
    for part in [
        "langevin train 1-gaussian --set noise.schedule.sigma_max=2\n",
        "langevin train 9-ddpm-density\n",
        "langevin train 4-four-modes-recommended\n",
        "](article/7-ddpm-per-level/levels.svg)",
        "| 0.50000 | 0.86603 | 1.000000000 | 0.50000 | 0.50001 | 0.86604 | 0.86605 |",
        "| together |  | 40 of 40 | 18.0 s | 67 s |",
        "99.0 % of the samples",
        "| (−1, 1) | 0.01000 (0.009800–0.01020)",
        "Both hold.",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("the ranges are for the median of 20"));
}

#[test]
fn a_page_of_other_seeds_says_so() {
    assert!(
        page(&judged(), 3).contains("of 3 seeds a system, and the ranges are for the median of 20")
    );
}

#[test]
fn a_page_without_a_whole_run_is_an_error() {
    let content =
        Content { seeds: 20, machine: "", judged: &judged(), near: &[], shown: &[], density: &[] };
    assert_eq!(render(&content), Err("no whole run of 1-gaussian".to_owned()));
}
