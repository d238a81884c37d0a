//! Training levels against those of sampling: whether the training rows' levels reach where sampling
//! goes.

use langevin_data::{Purpose, Streams};

use super::{Problem, ends::number};

/// Levels that are drawn: so many training steps, spread over the run, with so many rows each.
const DRAWN: (u64, usize) = (100, 1000);

/// The same where all rows of a step share a level.
const DRAWN_PER_BATCH: (u64, usize) = (10_000, 1);

/// Factor in sigma / alpha within which a training row tells of a level.
const REACH: f64 = 2.0;

/// Training rows within reach below which a level is hardly trained.
///
/// What a network gives at a level is a mean over the rows there, which n of them give to 1/√n of the
/// target's standard deviation: 3 % for 1000.
const ROWS: f64 = 1000.0;

/// Share of the training rows from which on a level counts as trained, however short the run: what is
/// judged is where the rows are, not how many.
const SHARE: f64 = 0.001;

/// Remark where more than a third of the levels of sampling are hardly trained.
///
/// EDM's own levels are less: in a short run with `log_normal` of −1.2 and 1.2, 5 of the 18 from sigma 80
/// to 0.002 are, where the noise drowns the data or is far below it.
pub(super) fn remark(problem: &Problem) -> Option<String> {
    let (levels, train) = (&problem.diffusion.levels, &problem.config.train);
    // Levels in order all get their steps, and networks one a level their rows.
    if levels.order().is_some() || problem.diffusion.networks > 1 {
        return None;
    }
    let (steps, rows) = if levels.is_per_batch() { DRAWN_PER_BATCH } else { DRAWN };
    let streams = Streams::new(0);
    let mut trained = Vec::new();
    for at in 0..steps {
        let step = (u128::from(at) * u128::from(train.steps) / u128::from(steps)) as u64;
        let mut stream = streams.at(Purpose::Survey, 1 + at, 0);
        let schedule = problem.diffusion.schedule.as_ref();
        let drawn = levels.draw(schedule, &mut stream, rows, Some(step));
        trained.extend(drawn.iter().map(|level| level.ratio()));
    }
    trained.sort_unstable_by(f64::total_cmp);
    let all_rows = train.steps as f64 * train.batch as f64;
    let share = SHARE.min(ROWS / all_rows);
    let hardly = |ratio: f64| {
        let first = trained.partition_point(|other| *other < ratio / REACH);
        let end = trained.partition_point(|other| *other <= ratio * REACH);
        ((end - first) as f64) < share * trained.len() as f64
    };
    let mut sampled: Vec<_> = problem.sampling_levels().map(|level| level.ratio()).collect();
    sampled.sort_unstable_by(|one, other| other.total_cmp(one));
    sampled.dedup();
    let missed = sampled.iter().filter(|ratio| hardly(**ratio)).count();
    if 3 * missed <= sampled.len() {
        return None;
    }
    Some(format!(
        "noise.levels: {missed} of the {} levels that sampling goes through, sigma / alpha {}, are hardly \
         trained: fewer than {} of the run's {all_rows} training rows are within a factor of {REACH} of \
         one. {} fits",
        sampled.len(),
        stretches(&sampled, hardly),
        number((share * all_rows).ceil()),
        covering(&sampled),
    ))
}

/// The stretches of levels, noisiest first, of which `holds` holds.
fn stretches(ratios: &[f64], holds: impl Fn(f64) -> bool) -> String {
    let mut found: Vec<(f64, f64)> = Vec::new();
    let mut open = false;
    for ratio in ratios {
        let holds = holds(*ratio);
        match found.last_mut().filter(|_| open && holds) {
            Some(last) => last.1 = *ratio,
            None if holds => found.push((*ratio, *ratio)),
            None => {}
        }
        open = holds;
    }
    let text = |(from, to): &(f64, f64)| match from == to {
        true => number(*from),
        false => format!("{} to {}", number(*from), number(*to)),
    };
    found.iter().map(text).collect::<Vec<_>>().join(" and ")
}

/// Levels that reach from end to end of those of sampling: ln(sigma / alpha) with its mean in their middle and
/// two standard deviations to each end.
fn covering(ratios: &[f64]) -> String {
    let logs = || ratios.iter().filter(|ratio| ratio.is_finite()).map(|ratio| ratio.ln());
    let ends = logs().reduce(f64::max).zip(logs().reduce(f64::min));
    match ends.filter(|(most, least)| most > least) {
        Some((most, least)) => format!(
            "{{\"kind\": \"log_normal\", \"mean\": {:.1}, \"std\": {:.1}}}",
            // Adding 0 makes −0, which a rounded −0.04 is, 0.
            (5.0 * (most + least)).round() / 10.0 + 0.0,
            ((most - least) / 4.0).max(0.1)
        ),
        None => "{\"kind\": \"uniform\"}".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_told_by_their_ends() {
        let all = [8.0, 4.0, 2.0, 1.0, 0.5];
        assert_eq!(stretches(&all, |ratio| ratio != 2.0 && ratio != 1.0), "8 to 4 and 0.5");
        assert_eq!(stretches(&all, |_| true), "8 to 0.5");
    }

    #[test]
    fn covering_levels_reach_both_ends() {
        let fits = covering(&[f64::INFINITY, 80.0, 1.0, 0.002]);
        assert_eq!(fits, r#"{"kind": "log_normal", "mean": -0.9, "std": 2.6}"#);
        assert_eq!(covering(&[3.0]), r#"{"kind": "uniform"}"#);
    }
}
