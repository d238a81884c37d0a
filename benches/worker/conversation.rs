//! What is asked, how time is taken, and what a process needed of memory.

use std::{path::Path, time::Instant};

use langevin_train::{RunConfig, read_config};
use serde_json::{Value, json};

pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Makes some steps and says how many.
pub type Work = Box<dyn FnMut() -> Outcome<u64>>;

/// A line of JSON; its first key says what is asked.
pub struct Ask(Value);

impl Ask {
    pub fn parse(line: &str) -> Outcome<Self> {
        Ok(Self(serde_json::from_str(line)?))
    }

    /// The one key that is a question.
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

    /// The run file that `config` names, with `settings`.
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

/// Does the work until so many seconds have passed.
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

/// The most that this process ever had resident, in bytes, where the system says.
pub fn peak_memory() -> Option<u64> {
    memory("VmHWM:")
}

/// What this process has resident, in bytes, where the system says.
pub fn resident() -> Option<u64> {
    memory("VmRSS:")
}

fn memory(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(1024 * line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?)
}
