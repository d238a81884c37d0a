//! `langevin export`: a run's weights in one file for other programs.

use langevin_train::{WeightsFormat, export_weights, read_run_config};
use serde_json::json;

use crate::{
    args::{Args, ExportArgs, ExportFormat},
    failure::Failure,
    output::{note, print},
};

/// Writes the weights that samples are drawn with.
pub fn run(args: &Args, export: &ExportArgs) -> Result<(), Failure> {
    let config = read_run_config(&export.run)?;
    let (format, extension) = match export.format {
        ExportFormat::Safetensors => (WeightsFormat::Safetensors, "safetensors"),
        ExportFormat::Npz => (WeightsFormat::Npz, "npz"),
    };
    let default = || export.run.join(format!("weights.{extension}"));
    let path = export.out.clone().unwrap_or_else(default);
    let warn = &mut |what: String| note(&format!("warning: {what}"));
    let (step, arrays) = export_weights(&export.run, config.train.keep, &path, format, warn)
        .map_err(Failure::writing_to(export.out.as_deref()))?;
    let path = path.display().to_string();
    print(&if args.json {
        json!({ "event": "wrote", "path": path, "step": step, "arrays": arrays }).to_string()
    } else {
        format!("{arrays} arrays of step {step} in {path}")
    });
    Ok(())
}
