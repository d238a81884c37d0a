//! The devices of the default build.

use std::sync::OnceLock;

use burn::tensor::Device;

/// Every backend that is there, with its name. wgpu is opened once a process; without an adapter it
/// is skipped, unless `LANGEVIN_REQUIRE_WGPU` says that it must be there.
pub fn all() -> Vec<(&'static str, Device)> {
    #[expect(deprecated, reason = "deprecated upstream in favour of flex; supported here")]
    let ndarray = Device::ndarray();
    let mut devices = vec![("flex", Device::flex()), ("ndarray", ndarray)];
    static WGPU: OnceLock<Option<Device>> = OnceLock::new();
    let wgpu = WGPU.get_or_init(|| match Device::wgpu_options().init_with_setup() {
        Ok((device, _)) => Some(device),
        // A machine without an adapter tests the CPU's backends; CI refuses to.
        Err(_) if std::env::var_os("LANGEVIN_REQUIRE_WGPU").is_none() => None,
        Err(error) => panic!("no wgpu adapter: {error}"),
    });
    devices.extend(wgpu.clone().map(|device| ("wgpu", device)));
    devices
}
