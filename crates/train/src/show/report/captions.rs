//! Captions of a page's figures: what each shows, and what it looks like where all is well.

/// Caption of a figure by its name, on a page of data with `columns` columns.
pub(super) fn caption(name: &str, columns: usize) -> &'static str {
    match name {
        "images" => "Samples beside held-out rows. Good: you cannot tell which are which.",
        "scatter" if columns == 1 => {
            "The samples' histogram over the data's. Good: both have the same outline."
        }
        "scatter" => {
            "Samples in blue over data in grey. Good: blue lies where grey lies, and as densely."
        }
        "distances" => {
            "How far the samples are from held-out rows. Good: their mark reaches the floor, which is what training \
             rows have."
        }
        "denoising" => {
            "Errors of the network's estimates at each noise level. Good: its curve lies below the others at every \
             level."
        }
        "coverage" => {
            "Columns of held-out rows were hidden and filled in many times. Good: the intervals of what was filled in \
             hold as many of the hidden values as their level says, on the dashed line; below it the model is too sure."
        }
        "marginals" => {
            "Each column of numbers of the samples over that of the data. Good: both have the same outline."
        }
        "shares" => {
            "Shares of the values of each category, and of missing cells: samples in blue over data in grey. Good: both \
             bars of a value are as long."
        }
        "pairs" => {
            "How far each pair of columns hangs together otherwise than in the training rows. Good: the samples' errors \
             are about those of held-out rows, on the other side of the diagonal."
        }
        "worst pair" => {
            "The pair of columns whose error is the largest: shares of the values of one, given those of the other. Good: \
             both halves have the same numbers."
        }
        "modes" => {
            "Share and spread of the samples at each mode of the data. Good: all marks reach the dashed lines, \
             which are exact."
        }
        "levels" => {
            "Mean and standard deviation of the samples after each step, from noise on the left to data on the \
             right. The dashed line is exact, of the data with that noise. Good: all marks lie on it; where they \
             leave it, the network or the step errs."
        }
        "convergence" => {
            "How far the samples are from their nearest mode after each step. Good: they end at the dashed line, \
             where the data itself is."
        }
        "trajectory" => {
            "The first samples after some of the steps, in blue over data in grey. Good: at the end blue lies where \
             grey lies."
        }
        "density" => {
            "The exact density of the data with each level's noise, and the samples there. Good: samples lie where \
             the density is high."
        }
        "cumulative" => {
            "The exact distribution of the data with each level's noise, and that of the samples there. Good: both \
             curves are one."
        }
        "noise" => "Noise of the levels that sampling goes through, step by step.",
        "loss" => {
            "Loss in training, and on held-out rows. Good: both fall together; a held-out loss that rises while the \
             other falls is overfitting."
        }
        "training loss" | "held-out loss" => {
            "Each run's own, by training step. Lower is better where the tasks are the same."
        }
        "learning rate" => "Learning rate by training step, as the run file asks for.",
        "gradient norm" => {
            "Length of the loss's gradient by training step. Good: it stays bounded; single high peaks are clipped \
             or pass."
        }
        _ => "",
    }
}

/// Caption of a film.
pub(super) fn film_caption(is_density: bool) -> &'static str {
    if is_density {
        "The samples' histogram on its way from noise to data, under the exact density. Good: both move together."
    } else {
        "The samples in blue on their way from noise to data, in the model's units; the data lies in grey below. \
         Good: at the end blue lies where grey lies."
    }
}
