//! The denoiser of a run: the one place where trained networks become what samples are drawn and measured
//! with.

use langevin_core::{Denoiser, Network};

use crate::{engine::RunDenoiser, problem::Problem};

/// The denoiser of a run's networks, one or one for each level.
pub(super) fn denoiser_of<'a, N: Network>(
    problem: &'a Problem,
    networks: &'a [N],
) -> impl Denoiser + 'a {
    RunDenoiser::new(problem.diffusion(), networks)
}
