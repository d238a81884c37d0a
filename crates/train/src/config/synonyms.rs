//! Names that other programs, and the scripts of "Introduction to Diffusion Models", give to what a run file has by
//! another name.

/// Names, in lower case, each with our field or value. Of several entries the first that can stand where the name
/// stands is meant.
const SYNONYMS: &[(&str, &str)] = &[
    // Fields of other programs.
    ("lr", "train.learning_rate"),
    ("batch_size", "train.batch"),
    ("epochs", "train.steps"),
    ("num_epochs", "train.steps"),
    ("iterations", "train.steps"),
    ("max_steps", "train.steps"),
    ("num_steps", "train.steps"),
    ("optim", "train.optimizer"),
    ("eps", "train.optimizer.epsilon"),
    ("grad_clip", "train.clip_norm"),
    ("gradient_clip_val", "train.clip_norm"),
    ("ema_decay", "train.ema"),
    ("loss_fn", "train.loss"),
    ("criterion", "train.loss"),
    ("random_seed", "seed"),
    ("random_state", "seed"),
    ("model", "denoiser.network"),
    ("hidden_dim", "denoiser.network.width"),
    ("hidden_size", "denoiser.network.width"),
    ("num_layers", "denoiser.network.depth"),
    ("layers", "denoiser.network.depth"),
    ("scheduler", "noise.schedule"),
    ("noise_schedule", "noise.schedule"),
    ("num_samples", "sample.count"),
    // Fields of the article's scripts.
    ("mu_data", "data.mean"),
    ("mu_data", "data.means"),
    ("mu", "data.mean"),
    ("mu", "data.means"),
    ("sigma_data", "std"),
    ("n", "noise.schedule.steps"),
    ("sigmas", "noise.schedule"),
    ("noise_scales", "noise.schedule.betas"),
    ("id_sigma", "noise.levels"),
    ("nb_epochs", "train.steps"),
    ("step_size", "train.learning_rate.every"),
    ("gamma", "factor"),
    ("test_size", "sample.count"),
    ("duration", "report.film.seconds"),
    ("frame_per_second", "report.film.fps"),
    // Where to compute is no part of a run.
    ("device", "--backend NAME"),
    ("backend", "--backend NAME"),
    ("cpu", "--backend flex"),
    ("gpu", "--backend wgpu"),
    ("cuda", "--backend cuda"),
    // Values.
    ("lognormal", "log_normal"),
    ("lognormal", "noise.levels.kind=log_normal"),
    ("log_normal", "noise.levels.kind=log_normal"),
    ("edm", "karras"),
    ("linear", "linear_betas"),
    ("noise_scales", "betas"),
    ("randint", "uniform"),
    ("steplr", "step_decay"),
    ("cosineannealinglr", "cosine"),
    ("vector_norm", "norm"),
    ("mse", "mean"),
    ("mseloss", "mean"),
    ("swish", "silu"),
    ("denoiser", "mlp"),
    ("normal", "gaussian"),
    ("multimodal", "gaussian_mixture"),
    ("eps", "noise"),
    ("epsilon", "noise"),
    ("x0", "sample"),
    ("x_0", "sample"),
    ("v_prediction", "velocity"),
    ("ancestral", "ddpm"),
    ("perturbed_distribution", "density"),
    ("cdf", "cumulative"),
    ("plot_sample", "trajectory"),
    ("convergence_measure", "convergence"),
];

/// Fields within the sections that are asked for at the top.
const INNER: [&str; 18] = [
    "train.steps",
    "train.batch",
    "train.optimizer",
    "train.learning_rate",
    "train.ema",
    "train.loss",
    "train.weighting",
    "denoiser.network",
    "denoiser.embedding",
    "denoiser.prediction",
    "denoiser.network.width",
    "denoiser.network.depth",
    "noise.schedule",
    "noise.levels",
    "sample.sampler",
    "sample.count",
    "report.figures",
    "report.film",
];

/// Our field, by its path, or our option, for what other programs call `given`.
pub fn field_elsewhere(given: &str) -> Option<&'static str> {
    ours(given, &["denoiser", "sample"]).filter(|path| path.contains(['.', '-']))
}

/// Our name for what `given` is elsewhere: one of the names in `known` if there is one among them, else a path.
pub(super) fn ours(given: &str, known: &[&str]) -> Option<&'static str> {
    let given = given.to_ascii_lowercase();
    let paths = || SYNONYMS.iter().filter(|(name, _)| *name == given).map(|(_, path)| *path);
    let last = |path: &'static str| path.rsplit('.').next().filter(|name| known.contains(name));
    // A value that cannot stand here has no path that says where it could.
    let is_path = |path: &&str| path.contains('.') || path.starts_with("--") || *path == "seed";
    let at_the_top = || INNER.iter().find(|path| path.ends_with(&format!(".{given}"))).copied();
    let is_top = known.contains(&"denoiser") && known.contains(&"sample");
    paths()
        .find_map(last)
        .or_else(|| paths().find(is_path))
        .or_else(|| is_top.then(at_the_top).flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_what_can_stand_in_its_place() {
        assert_eq!(ours("eps", &["betas", "epsilon"]), Some("epsilon"));
        assert_eq!(ours("eps", &["noise", "velocity"]), Some("noise"));
        assert_eq!(ours("lognormal", &["uniform", "log_normal"]), Some("log_normal"));
        let schedules = ["karras", "betas", "cosine"];
        assert_eq!(ours("log_normal", &schedules), Some("noise.levels.kind=log_normal"));
        assert_eq!(ours("noise_scales", &schedules), Some("betas"));
        assert_eq!(ours("mse", &schedules), None, "a value of another part");
        assert_eq!(ours("N", &["rho", "steps"]), Some("steps"));
        assert_eq!(ours("gpu", &["auto", "direct", "tape"]), Some("--backend wgpu"));
        let top = ["name", "data", "denoiser", "sample"];
        assert_eq!(ours("batch", &top), Some("train.batch"));
        assert_eq!(ours("batch", &["steps"]), None, "within a section");
        assert_eq!(ours("unheard_of", &schedules), None);
    }

    #[test]
    fn every_name_is_in_lower_case_and_leads_elsewhere() {
        for (name, path) in SYNONYMS {
            assert_eq!(*name, name.to_ascii_lowercase());
            assert!(*name != *path, "{name}");
        }
    }
}
