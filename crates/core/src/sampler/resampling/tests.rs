//! Plans with their segments repeated, transition by transition.

use super::*;
use crate::{Dpm2, Karras, NoiseLevel, NoiseSchedule, Sampler, Transition};

fn level(sigma: f64) -> NoiseLevel {
    NoiseLevel::new(1.0, sigma).expect("valid")
}

fn levels(sigmas: &[f64]) -> Vec<NoiseLevel> {
    sigmas.iter().map(|sigma| level(*sigma)).collect()
}

fn resampled(plan: Plan, jump: usize, repeats: usize) -> Plan {
    Resampling { jump, repeats }.plan(plan).expect("a plan")
}

/// The noise scales of each transition.
fn ways(plan: &Plan) -> Vec<(f64, f64)> {
    plan.transitions().iter().map(|step| (step.from.sigma(), step.to.sigma())).collect()
}

#[test]
fn each_segment_is_gone_through_again_from_where_it_began() {
    let plan = Plan::through(&levels(&[6.0, 5.0, 4.0, 3.0, 2.0, 1.0]), End::CLEAN).expect("levels");
    let plan = resampled(plan, 2, 2);
    let want = [
        (6.0, 5.0),
        (5.0, 4.0),
        (4.0, 6.0),
        (6.0, 5.0),
        (5.0, 4.0),
        (4.0, 3.0),
        (3.0, 2.0),
        (2.0, 4.0),
        (4.0, 3.0),
        (3.0, 2.0),
        (2.0, 1.0),
        (1.0, 0.0),
        (0.0, 2.0),
        (2.0, 1.0),
        (1.0, 0.0),
    ];
    assert_eq!(ways(&plan), want);
    for (i, step) in plan.transitions().iter().enumerate() {
        assert_eq!(step.index, i);
        assert_eq!(step.is_rising(), [2, 7, 12].contains(&i), "{step:?}");
    }
    assert_eq!((plan.start(), plan.end()), (level(6.0), NoiseLevel::CLEAN));
}

#[test]
fn segments_are_counted_from_the_end() {
    let levels = levels(&[6.0, 5.0, 4.0, 3.0]);
    let plan = Plan::through(&levels, End::LastLevel).expect("levels");
    let want = [(6.0, 5.0), (5.0, 6.0), (6.0, 5.0), (5.0, 4.0), (4.0, 3.0), (3.0, 5.0)];
    let plan = resampled(plan, 2, 2);
    assert_eq!(ways(&plan), [&want[..], &[(5.0, 4.0), (4.0, 3.0)]].concat());
    // A jump longer than the plan repeats it whole.
    let plan = resampled(Plan::through(&levels[..2], End::CLEAN).expect("levels"), 9, 3);
    let whole = [(6.0, 5.0), (5.0, 0.0)];
    let want = [&whole[..], &[(0.0, 6.0)], &whole, &[(0.0, 6.0)], &whole].concat();
    assert_eq!(ways(&plan), want);
}

#[test]
fn going_through_once_leaves_the_plan_as_it_is() {
    let schedule = Karras::new(0.1, 10.0, 7.0).expect("valid");
    for end in [End::LastLevel, End::CLEAN, End::Clean { repeats: 2 }] {
        let plan = Plan::through(&schedule.levels(6).expect("levels"), end).expect("levels");
        let plan = Dpm2.refine(plan, &schedule).expect("a plan");
        for jump in [1, 4, 100] {
            assert_eq!(resampled(plan.clone(), jump, 1), plan, "{end:?} {jump}");
        }
    }
    let still = Plan::from(level(1.0));
    assert_eq!(resampled(still.clone(), 2, 3), still);
}

#[test]
fn levels_between_are_kept_and_a_rise_has_none() {
    let schedule = Karras::new(0.1, 10.0, 7.0).expect("valid");
    let plan = Plan::through(&schedule.levels(6).expect("levels"), End::CLEAN).expect("levels");
    let refined = Dpm2.refine(plan.clone(), &schedule).expect("a plan");
    let resampled = resampled(refined.clone(), 3, 3);
    // Whoever refines afterwards gets the same.
    let again = Resampling { jump: 3, repeats: 3 }.plan(plan).expect("a plan");
    assert_eq!(Dpm2.refine(again, &schedule).expect("a plan"), resampled);
    let count = |plan: &Plan| plan.transitions().iter().filter(|s| s.between.len() == 1).count();
    assert_eq!((count(&refined), count(&resampled)), (5, 15));
    let is_kept = |step: &Transition| {
        let same = |of: &&Transition| (of.from, of.to) == (step.from, step.to);
        match refined.transitions().iter().find(same) {
            Some(of) => of.between == step.between,
            None => step.is_rising() && step.between.is_empty(),
        }
    };
    assert!(resampled.transitions().iter().all(is_kept), "{resampled:?}");
}

#[test]
fn repeats_of_the_last_step_come_once_and_last() {
    let plan = Plan::through(&levels(&[3.0, 2.0]), End::Clean { repeats: 2 }).expect("levels");
    let plan = resampled(plan, 2, 2);
    let whole = [(3.0, 2.0), (2.0, 0.0)];
    let last = [(2.0, 0.0), (2.0, 0.0)];
    assert_eq!(ways(&plan), [&whole[..], &[(0.0, 3.0)], &whole, &last].concat());
    assert!(plan.transitions().iter().enumerate().all(|(i, step)| step.index == i));
}

#[test]
fn settings_and_plans_that_cannot_be_repeated_are_refused() {
    let plan = || Plan::from(level(2.0)).to(level(1.0));
    let message = |jump, repeats, plan: Plan| {
        Resampling { jump, repeats }.plan(plan).expect_err("refused").to_string()
    };
    assert_eq!(message(0, 1, plan()), "jump: must be at least 1, got 0");
    assert_eq!(message(1, 0, plan()), "repeats: must be at least 1, got 0");
    let rising = plan().to(level(3.0));
    assert_eq!(message(1, 1, rising), "plan: must not rise before it is resampled, got 3");
    assert_eq!(Resampling { jump: 1, repeats: 1 }.check(), Ok(()));
}
