//! Questions to the worker, the timing of its work, and the memory that the process needed.

use std::{path::Path, time::Instant};

use langevin_train::{RunConfig, read_config};
use serde_json::{Value, json};

pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Work to be timed: a call makes some steps and gives their number.
pub type Work = Box<dyn FnMut() -> Outcome<u64>>;

/// Question to the worker: a line of JSON, one key of which says what is asked.
pub struct Ask(Value);

impl Ask {
    pub fn parse(line: &str) -> Outcome<Self> {
        Ok(Self(serde_json::from_str(line)?))
    }

    /// The key that says what is asked: the one that is no detail of a question.
    pub fn what(&self) -> &str {
        const DETAILS: [&str; 5] = ["config", "settings", "way", "folder", "steps"];
        let keys = self.0.as_object().into_iter().flat_map(|object| object.keys());
        keys.map(String::as_str).find(|key| !DETAILS.contains(key)).unwrap_or_default()
    }

    pub fn text(&self, key: &str) -> Outcome<&str> {
        Ok(self.0[key].as_str().ok_or_else(|| format!("{key}: must be text"))?)
    }

    pub fn number(&self, key: &str) -> Outcome<f64> {
        Ok(self.0[key].as_f64().ok_or_else(|| format!("{key}: must be a number"))?)
    }

    /// The run file that the key `config` names, changed by `settings`.
    pub fn config(&self) -> Outcome<RunConfig> {
        let path = Path::new(self.text("config")?);
        let settings = self.0["settings"].as_array().into_iter().flatten();
        let settings: Vec<String> =
            settings.filter_map(|setting| Some(setting.as_str()?.to_owned())).collect();
        let text = std::fs::read_to_string(path)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Ok(read_config(&path.display().to_string(), folder, &text, &settings)?)
    }
}

/// Does the work until `seconds` have passed; gives the steps made and the exact time.
pub fn timed(work: &mut Work, seconds: f64) -> Outcome<Value> {
    let (start, mut steps) = (Instant::now(), 0);
    loop {
        steps += work()?;
        let passed = start.elapsed().as_secs_f64();
        if passed >= seconds {
            return Ok(json!({ "steps": steps, "seconds": passed }));
        }
    }
}

/// The peak of this process's resident memory, in bytes, where the system says.
pub fn peak_memory() -> Option<u64> {
    memory("VmHWM:")
}

/// The resident memory of this process now, in bytes, where the system says.
pub fn resident() -> Option<u64> {
    memory("VmRSS:")
}

fn memory(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(1024 * line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?)
}
