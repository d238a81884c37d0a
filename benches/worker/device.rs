//! Devices that a side of a benchmark trains on.

use std::sync::OnceLock;

use burn::tensor::{Device, wgpu::WgpuSetup};
use serde_json::{Value, json};

use crate::conversation::Outcome;

/// The wgpu device and its adapter's name; wgpu can be opened only once in a process.
static WGPU: OnceLock<Result<(Device, String), String>> = OnceLock::new();

/// The device of a way: `flex`, `ndarray`, `wgpu`, `cuda`, or one of them with `-tape` or `-plain`.
pub fn device(way: &str) -> Outcome<Device> {
    match way.trim_end_matches("-tape").trim_end_matches("-plain") {
        "flex" => Ok(Device::flex()),
        #[expect(deprecated, reason = "deprecated upstream in favour of flex; supported here")]
        "ndarray" => Ok(Device::ndarray()),
        "wgpu" => wgpu().map(|(device, _)| device),
        #[cfg(feature = "cuda")]
        "cuda" => Ok(Device::cuda(0)),
        other => Err(format!("way: no such side: {other}").into()),
    }
}

fn wgpu() -> Outcome<(Device, String)> {
    let describe = |setup: &WgpuSetup| {
        let info = setup.adapter.get_info();
        format!("{}, API {:?}", info.name, info.backend)
    };
    let opened = WGPU.get_or_init(|| {
        let opened = Device::wgpu_options().init_with_setup();
        opened.map(|(device, setup)| (device, describe(&setup))).map_err(|e| e.to_string())
    });
    Ok(opened.clone()?)
}

/// The name of the adapter that wgpu takes; null where there is no adapter.
pub fn gpu() -> Outcome<Value> {
    Ok(json!({ "adapter": wgpu().ok().map(|(_, name)| name) }))
}
