//! The folder from which the peers train the same problem: the resolved run file, the first weights, the
//! rows of a table, and the first batches. For comparison it also holds Langevin's weights after these
//! batches; the losses are given beside it.

use std::{collections::BTreeMap, fs, ops::ControlFlow, path::Path};

use langevin_data::{Part, Purpose, Streams};
use langevin_train::{RunConfig, RunDenoiser, TensorMap, Values, draw_samples};
use serde_json::{Value, json};

use crate::{
    conversation::Outcome,
    training::{trained, trainer},
};

/// Number of samples whose start and end are compared.
const SAMPLES: usize = 512;

/// Writer of the folder's arrays, each into a file of 32-bit floats; keeps their shapes for arrays.json.
struct Arrays<'a> {
    folder: &'a Path,
    shapes: BTreeMap<String, Vec<usize>>,
}

impl Arrays<'_> {
    fn put(&mut self, name: &str, shape: &[usize], values: &[f32]) -> Outcome<()> {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        fs::write(self.folder.join(format!("{name}.f32")), bytes)?;
        self.shapes.insert(name.to_owned(), shape.to_vec());
        Ok(())
    }

    /// Writes each array of `weights` under its name with the prefix `of`.
    fn put_all(&mut self, of: &str, weights: &TensorMap) -> Outcome<()> {
        for (name, array) in &weights.0 {
            if let Values::F32(values) = &array.values {
                self.put(&format!("{of}{name}"), &array.shape, values)?;
            }
        }
        Ok(())
    }
}

/// Writes the folder; gives the losses of the first `steps` steps, and samples of the untrained network
/// (null where they cannot be drawn).
pub fn export(config: RunConfig, folder: &Path, steps: f64) -> Outcome<Value> {
    let steps = steps as usize;
    fs::create_dir_all(folder)?;
    fs::write(folder.join("run.json"), serde_json::to_string(&config)?)?;
    let trainer = trainer(config.clone(), "flex")?;
    let mut arrays = Arrays { folder, shapes: BTreeMap::new() };
    arrays.put_all("", &trainer.weights())?;
    let (data, streams, rows) = (trainer.data(), Streams::new(config.seed), config.train.batch);
    let (mut input, mut told, mut target, mut columns) = (vec![], vec![], vec![], 0);
    for step in 0..steps {
        let batch =
            trainer.problem().diffusion().training_batch(data, &streams, step as u64, rows)?;
        let (of_batch, _) = batch.one_squared_head().ok_or("the peers know no other heads")?;
        target.extend(&of_batch.values);
        input.extend(batch.input.values);
        if let Some(level) = batch.level_features {
            columns = level.columns;
            told.extend(level.values);
        }
    }
    let features = data.features();
    arrays.put("input", &[steps, rows, features], &input)?;
    arrays.put("target", &[steps, rows, features], &target)?;
    arrays.put("told", &[steps, rows, columns], &told)?;
    if let Some(count) = data.len(Part::Training) {
        let (mut values, mut row) = (Vec::new(), vec![0.0; features]);
        for i in 0..count {
            data.row(Part::Training, i, &mut row);
            values.extend(row.iter().map(|value| *value as f32));
        }
        arrays.put("rows", &[count, features], &values)?;
    }
    let first = trainer.problem().plan().start().sigma();
    let mut start = vec![0.0; SAMPLES * features];
    streams.at(Purpose::Sampling, 0, 0).fill_normal_rows(&mut start, features);
    let start: Vec<f32> = start.iter().map(|value| (first * value) as f32).collect();
    arrays.put("start", &[SAMPLES, features], &start)?;
    let (given, after) = trained(config.clone(), "flex", steps)?;
    arrays.put_all("trained.", &after.weights())?;
    let average = after.ema_weights();
    if let Some(average) = &average {
        arrays.put_all("averaged.", average)?;
    }
    fs::write(folder.join("arrays.json"), serde_json::to_string(&arrays.shapes)?)?;
    let networks = trainer.sampling_networks();
    let (problem, device) = (trainer.problem(), trainer.device());
    let denoiser = RunDenoiser::new(problem.diffusion(), &networks);
    let go_on = &mut |_| ControlFlow::Continue(());
    let samples = draw_samples(problem, SAMPLES, config.seed, data, &denoiser, device, go_on);
    let samples = samples.map_or(Value::Null, |samples| json!(samples.values));
    Ok(json!({ "given": given, "averages": average.is_some(), "samples": samples }))
}
