//! The page's section on the published target: what it does to the spread, and what the corrected
//! one mends.

use super::collapse::{Target, perfect_std};
use super::markdown::{ours, percent, table};
use super::measures::Measure;
use super::page::Content;

const FORMULA: &str = "\
A row at level i is `x = y + n`: a clean row and noise `n` with standard deviation σ_i. The next \
level wants `y + n·σ_{i+1}/σ_i`, the same noise, smaller. So a step must take away \
`n·(1 − σ_{i+1}/σ_i)`: the *corrected* target. The article's scripts train the network to say \
`n·σ_{i+1}/σ_i`, the *published* target, and take that away. It is the share of the noise that \
must stay. The two agree only where levels halve; in system 1 σ_{i+1}/σ_i falls from 0.60 in the \
first step to 0.30 in the last but one, and is 0 in the last. So the published target takes away \
too much at first, too little later, and nothing at the end. With the corrected one a step is \
`x − (σ_i − σ_{i+1})·eps`, where `n = σ_i·eps`: Euler's step on the noise.";

const CURVES: &str = "\
The right half of each figure is the standard deviation along the sampling. The dashed line is \
what it should be: it falls with σ and levels off at 0.01, that of the data.";

const TRAINING: &str = "\
The rest is training. Both curves stay nearly straight on their logarithmic axis: the network goes \
on taking away the same share where the noise is already smaller than the spread of the data. The \
squared error of a level is at most of the size of σ_i², so the later levels hardly count in the \
loss.";

/// The section; an error where a number or picture of it is missing.
pub fn section(content: &Content<'_>) -> Result<String, String> {
    let figure = |config: &str, name: &str| content.picture(config, name).map(|p| p.markdown());
    let curves = table(
        &["published", "corrected"],
        &[vec![figure("1-gaussian", "levels")?, figure("1-gaussian-corrected", "levels")?]],
    );
    let samples = table(
        &["system 4, published", "system 4, corrected"],
        &[vec![
            figure("4-four-modes", "trajectory")?,
            figure("4-four-modes-corrected", "trajectory")?,
        ]],
    );
    let share = Measure::Share;
    let [published, corrected] =
        [content.median("4", share)?, content.median("4 corrected", share)?];
    Ok(format!(
        "## The published target\n\n{FORMULA}\n\n{curves}\n\n{CURVES} {}\n\n{TRAINING}\n\n\
         **What the corrected target mends, and what it does not.** Medians over the seeds; \
         nothing but the target differs.\n\n{}\n\n\
         The spread no longer collapses. The modes come out worse: {} of the samples of system 4 \
         lie within 0.05 of a mode, against {} with the published target. A step that takes away \
         too much drags every sample onto a mode long before the last level, and so hides that the \
         network has learnt too little; the price is the spread. The correction is right, but \
         3000 steps of SGD on 32 units a layer are too little for it.\n\n{samples}\n\n",
        ends(content)?,
        comparison(content)?,
        percent(corrected),
        percent(published),
    ))
}

/// Where the curves end, and where they would with a perfect network.
fn ends(content: &Content<'_>) -> Result<String, String> {
    Ok(format!(
        "With the published target system 1 ends at {} (median over the seeds), with the corrected \
         one at {}. Part of this is the target: a network that says exactly the mean of its target \
         would end at {} with the published one. With the corrected one it would end at {}, for \
         ten of Euler's steps are few.",
        ours(content.median("1", Measure::Std)?),
        ours(content.median("1 corrected", Measure::Std)?),
        ours(perfect_std(Target::Published)),
        ours(perfect_std(Target::Corrected)),
    ))
}

fn comparison(content: &Content<'_>) -> Result<String, String> {
    let compared = [
        ("1: std of the samples", "0.01", "1", Measure::Std),
        ("3: std of y", "0.01", "3", Measure::StdOfY),
        // Two axes with variance 0.0001 each.
        ("4: mean squared distance to the nearest mode", "0.0002", "4", Measure::Convergence),
        ("4: share within 0.05 of a mode", "1.0000", "4", Measure::Share),
    ];
    let row = |(name, data, label, measure): (&str, &str, &str, Measure)| {
        let published = content.median(label, measure)?;
        let corrected = content.median(&format!("{label} corrected"), measure)?;
        Ok::<_, String>(vec![name.to_owned(), data.to_owned(), ours(published), ours(corrected)])
    };
    let rows = compared.into_iter().map(row).collect::<Result<Vec<_>, _>>()?;
    Ok(table(&["", "data", "published", "corrected"], &rows))
}
