//! The loop's promises: levels told, calls made, noise asked for, dtype kept, observer served.

use std::cell::RefCell;

use burn::tensor::{DType, Tensor};

use super::{GaussianOracle, Method, Schedule, host, rows};
use crate::{
    AncestralVariance, Ddpm, End, Euler, Karras, LevelGrid, NoiseLevel, NoiseSchedule, Plan,
    Sampler, Subtract, Transition, sample,
};

const SCHEDULES: [Schedule; 4] =
    [Schedule::Karras, Schedule::Linear(100), Schedule::Cosine(100), Schedule::Flow(1.0)];

/// Record of one run of the loop.
struct Run {
    x: Tensor<2>,
    told: Vec<NoiseLevel>,
    noise_for: Vec<Transition>,
    seen: Vec<(usize, usize, NoiseLevel, Vec<f64>)>,
}

fn start(dtype: DType) -> Tensor<2> {
    rows(vec![0.3, -1.1, 2.0, 0.25], [2, 2], dtype)
}

fn run(method: Method, schedule: Schedule, count: usize, end: End, dtype: DType) -> Run {
    let oracle = GaussianOracle::new(&[0.7, -0.2], &[0.4, 1.3]);
    let noise_for = RefCell::new(Vec::new());
    let mut seen = Vec::new();
    let x = sample(
        method.sampler().as_ref(),
        &oracle,
        &schedule.plan(method, count, end),
        start(dtype),
        &mut |step| {
            noise_for.borrow_mut().push(step.clone());
            rows(vec![0.1, 0.2, -0.3, 0.4], [2, 2], dtype)
        },
        &mut |p| seen.push((p.step, p.steps, p.level, host(p.x.clone()))),
    )
    .expect("drawn");
    Run {
        x,
        told: oracle.told.into_inner().expect("one thread"),
        noise_for: noise_for.into_inner(),
        seen,
    }
}

#[test]
fn the_denoiser_is_told_every_level_of_the_grid_in_order() {
    for schedule in SCHEDULES {
        for count in [1, 2, 10] {
            let levels = schedule.levels(count);
            for method in Method::ALL {
                let told = run(method, schedule, count, End::CLEAN, DType::F64).told;
                let plan = schedule.plan(method, count, End::CLEAN);
                // Heun calls the denoiser at the next level too, and again when it has come there.
                let expected: Vec<_> = match method {
                    Method::Dpm2 => {
                        let of = |step: &Transition| [vec![step.from], step.between.clone()];
                        plan.transitions().iter().flat_map(of).flatten().collect()
                    }
                    Method::Heun => {
                        levels.windows(2).flatten().chain(levels.last()).copied().collect()
                    }
                    _ => levels.clone(),
                };
                assert_eq!(told, expected, "{method:?} {schedule:?} {count}");
            }
        }
    }
}

#[test]
fn calls_are_as_many_as_the_sampler_says() {
    for count in [1, 2, 10] {
        for method in Method::ALL {
            let sampler = method.sampler();
            let plan = Schedule::Karras.plan(method, count, End::CLEAN);
            let said: usize = plan.transitions().iter().map(|step| sampler.calls(step)).sum();
            let made = run(method, Schedule::Karras, count, End::CLEAN, DType::F64).told.len();
            assert_eq!(made, said, "{method:?}");
            let is_second_order = matches!(method, Method::Heun | Method::Dpm2);
            assert_eq!(made, if is_second_order { 2 * count - 1 } else { count }, "{method:?}");
        }
    }
}

#[test]
fn noise_is_asked_for_in_every_step_but_the_last_and_by_no_deterministic_sampler() {
    for schedule in SCHEDULES {
        for count in [1, 2, 10] {
            for method in Method::ALL {
                let asked = run(method, schedule, count, End::CLEAN, DType::F64).noise_for;
                let plan = schedule.plan(method, count, End::CLEAN);
                let expected = match method.is_deterministic() {
                    true => Vec::new(),
                    false => plan.transitions()[..count - 1].to_vec(),
                };
                assert_eq!(asked, expected, "{method:?} {schedule:?} {count}");
            }
        }
    }
}

#[test]
fn the_loop_runs_in_the_dtype_of_its_rows() {
    for schedule in SCHEDULES {
        for method in Method::ALL {
            let [narrow, wide] = [DType::F32, DType::F64]
                .map(|dtype| run(method, schedule, 10, End::CLEAN, dtype).x);
            assert_eq!(narrow.dtype(), DType::F32, "{method:?}");
            assert_eq!(wide.dtype(), DType::F64, "{method:?}");
            let (narrow, wide) = (host(narrow), host(wide));
            assert!(wide.iter().any(|v| *v != f64::from(*v as f32)), "{method:?}: true f64 digits");
            for (narrow, wide) in narrow.iter().zip(&wide) {
                // Ten steps, each a few roundings of 6e-8 of numbers up to the start's size of 2.
                assert!((narrow - wide).abs() < 1e-5, "{method:?} {schedule:?} {narrow} {wide}");
            }
        }
    }
}

#[test]
fn the_observer_sees_the_start_and_every_step() {
    for method in Method::ALL {
        let levels = Schedule::Karras.levels(6);
        for (end, count, last) in
            [(End::CLEAN, 6, NoiseLevel::CLEAN), (End::LastLevel, 5, levels[5])]
        {
            let run = run(method, Schedule::Karras, 6, end, DType::F64);
            assert_eq!(run.seen.len(), count + 1);
            for (i, (step, steps, level, _)) in run.seen.iter().enumerate() {
                assert_eq!((*step, *steps), (i, count));
                assert_eq!(*level, if i == count { last } else { levels[i] });
            }
            assert_eq!(run.seen[0].3, host(start(DType::F64)));
            assert_eq!(run.seen[count].3, host(run.x));
        }
    }
}

#[test]
fn ending_at_the_last_level_is_the_clean_run_less_its_last_step() {
    let schedule = Schedule::Linear(100);
    for method in Method::ALL {
        let clean = run(method, schedule, 8, End::CLEAN, DType::F64);
        let stopped = run(method, schedule, 8, End::LastLevel, DType::F64);
        assert_eq!(clean.seen[7].3, host(stopped.x), "{method:?}");
        let lone = run(method, schedule, 1, End::LastLevel, DType::F64);
        assert_eq!(host(lone.x), host(start(DType::F64)), "one level is already the last");
        assert!(lone.told.is_empty());
    }
}

#[test]
fn the_last_step_can_be_repeated_as_if_nothing_had_happened() {
    let schedule = Schedule::Linear(100);
    for method in Method::ALL {
        let once = run(method, schedule, 5, End::CLEAN, DType::F64);
        let more = run(method, schedule, 5, End::Clean { repeats: 3 }, DType::F64);
        assert_eq!(more.seen.len(), 9, "{method:?}");
        assert_eq!(more.seen[5].3, host(once.x), "{method:?}: the first five are the same");
        assert_eq!(more.noise_for, once.noise_for, "{method:?}: no noise in a repeat");
        let oracle = GaussianOracle::new(&[0.7, -0.2], &[0.4, 1.3]);
        let (plan, sampler) = (schedule.plan(method, 5, End::CLEAN), method.sampler());
        let (last, mut method_at_work) = (&plan.transitions()[4], sampler.start(&plan));
        let mut x = rows(more.seen[5].3.clone(), [2, 2], DType::F64);
        for seen in &more.seen[6..] {
            let next = method_at_work.step(x, &oracle, last, &mut |_| unreachable!());
            x = next.expect("a step");
            assert_eq!(seen.3, host(x.clone()), "{method:?}");
            assert_eq!(seen.2, NoiseLevel::CLEAN);
        }
    }
}

#[test]
fn quiet_steps_are_counted_from_the_clean_end_wherever_sampling_stops() {
    let levels = Schedule::Linear(100).levels(6);
    let asked = |quiet_steps, end| {
        let oracle = GaussianOracle::new(&[0.7, -0.2], &[0.4, 1.3]);
        let sampler = Ddpm { variance: AncestralVariance::Lower, quiet_steps };
        let mut asked = Vec::new();
        let mut noise = |step: &Transition| {
            asked.push(step.index);
            rows(vec![0.1, 0.2, -0.3, 0.4], [2, 2], DType::F64)
        };
        let x = start(DType::F64);
        let plan = Plan::through(&levels, end).expect("levels");
        sample(&sampler, &oracle, &plan, x, &mut noise, &mut |_| {}).expect("drawn");
        asked
    };
    // Six steps to the clean end, of which step 5 starts at DDPM's k = 0.
    assert_eq!(asked(1, End::CLEAN), [0, 1, 2, 3, 4]);
    assert_eq!(asked(2, End::CLEAN), [0, 1, 2, 3]);
    assert_eq!(asked(0, End::CLEAN), [0, 1, 2, 3, 4], "the step to sigma = 0 never gets any");
    assert_eq!(asked(1, End::LastLevel), [0, 1, 2, 3, 4]);
    assert_eq!(asked(2, End::LastLevel), [0, 1, 2, 3]);

    // Through clean data and up again: the last steps of the whole plan are quiet.
    let level = |sigma| NoiseLevel::new(1.0, sigma).expect("valid");
    let plan = Plan::from(level(4.0)).to(level(2.0)).to(NoiseLevel::CLEAN).to(level(3.0));
    let plan = plan.to(level(1.5)).to(NoiseLevel::CLEAN);
    let asked = |quiet_steps| {
        let oracle = GaussianOracle::new(&[0.7, -0.2], &[0.4, 1.3]);
        let sampler = Ddpm { variance: AncestralVariance::Lower, quiet_steps };
        let mut asked = Vec::new();
        let mut noise = |step: &Transition| {
            asked.push(step.index);
            rows(vec![0.1, 0.2, -0.3, 0.4], [2, 2], DType::F64)
        };
        sample(&sampler, &oracle, &plan, start(DType::F64), &mut noise, &mut |_| {})
            .expect("drawn");
        asked
    };
    assert_eq!(asked(1), [0, 2, 3], "the third rises, by the loop's own noise");
    assert_eq!(asked(2), [0, 2]);
}

#[test]
fn taking_off_the_excess_noise_of_an_exact_denoiser_is_eulers_step() {
    let grid = LevelGrid::of(&Karras::new(0.001, 1.0, 7.0).expect("valid"), 10).expect("grid");
    let levels = grid.levels(10).expect("all");
    let end_point = |sampler: &dyn Sampler| {
        let oracle = GaussianOracle::new(&[0.7, -0.2], &[0.4, 1.3]);
        let mut seen = Vec::new();
        let observe = &mut |p: &crate::Progress| seen.push(host(p.x.clone()));
        let none = &mut |_: &Transition| unreachable!();
        let plan = Plan::through(&levels, End::CLEAN).expect("levels");
        sample(sampler, &oracle, &plan, start(DType::F64), none, observe).expect("drawn");
        assert_eq!(oracle.told.into_inner().expect("one thread"), levels);
        seen.concat()
    };
    for (subtract, euler) in end_point(&Subtract).iter().zip(end_point(&Euler)) {
        // Ten steps of a few roundings each.
        assert!((subtract - euler).abs() < 1e-14, "{subtract} {euler}");
    }
}
