//! Backends: the Burn device that `--backend NAME --device N` asks for.

use burn::tensor::Device;

use crate::failure::Failure;

/// Every backend that Langevin knows, the default first.
pub const ALL: [&str; 9] =
    ["flex", "ndarray", "wgpu", "vulkan", "metal", "webgpu", "cuda", "rocm", "remote"];

/// Opened device, with a description in words.
pub struct Opened {
    /// The backend's name.
    pub backend: &'static str,
    /// The description: adapter, driver and API of a GPU; the kind of a CPU backend.
    pub description: String,
    /// Whether the device is a software adapter, which is correct but slow.
    pub software: bool,
    /// The device.
    pub device: Device,
    /// The backend that made the run, where that is another than `backend`.
    pub other_than: Option<String>,
}

impl Opened {
    fn new(backend: &'static str, description: String, device: Device) -> Self {
        Self { backend, description, software: false, device, other_than: None }
    }
}

/// The backends that this build has.
pub fn compiled() -> Vec<&'static str> {
    ALL.into_iter().filter(|name| is_compiled(name)).collect()
}

fn is_compiled(name: &str) -> bool {
    match name {
        "flex" => cfg!(feature = "flex"),
        "ndarray" => cfg!(feature = "ndarray"),
        "wgpu" => cfg!(feature = "wgpu"),
        "vulkan" => cfg!(feature = "vulkan"),
        "metal" => cfg!(feature = "metal"),
        "webgpu" => cfg!(feature = "webgpu"),
        "cuda" => cfg!(feature = "cuda"),
        "rocm" => cfg!(feature = "rocm"),
        "remote" => cfg!(feature = "remote"),
        _ => false,
    }
}

/// The name of the backend to use: the one asked for, or else the first that this build has.
pub fn resolve(asked: Option<&str>) -> Result<&'static str, Failure> {
    let compiled = compiled();
    let Some(asked) = asked else {
        let none = "this build has no backend: build with --features flex";
        return compiled.first().copied().ok_or_else(|| Failure::usage(none));
    };
    if let Some(name) = compiled.iter().find(|name| **name == asked) {
        return Ok(name);
    }
    Err(Failure::usage(match ALL.iter().find(|name| **name == asked) {
        Some(name) => format!(
            "this build lacks the backend `{name}`; it has {}. Build with it: cargo run -p cli \
             --features {name} -- --backend {name} …",
            compiled.join(", ")
        ),
        None => {
            let meant = match asked.to_ascii_lowercase().as_str() {
                "cpu" | "processor" => "; `flex` computes on the processor",
                "gpu" => "; `wgpu` computes on a GPU",
                _ => "",
            };
            format!("unknown backend `{asked}`; this build has {}{meant}", compiled.join(", "))
        }
    }))
}

/// Opens a device of a backend that [`resolve`] gave.
pub fn open(backend: &'static str, index: Option<usize>) -> Result<Opened, Failure> {
    match backend {
        #[cfg(feature = "flex")]
        "flex" => cpu(backend, index, "CPU, Burn flex", Device::flex()),
        #[cfg(feature = "ndarray")]
        "ndarray" => {
            #[expect(deprecated, reason = "deprecated upstream in favour of flex; supported here")]
            let device = Device::ndarray();
            cpu(backend, index, "CPU, Burn ndarray", device)
        }
        #[cfg(feature = "wgpu")]
        "wgpu" | "vulkan" | "metal" | "webgpu" => gpu::open(backend, index),
        #[cfg(feature = "cuda")]
        "cuda" => {
            let index = index.unwrap_or(0);
            Ok(Opened::new(backend, format!("CUDA device {index}"), Device::cuda(index)))
        }
        #[cfg(feature = "rocm")]
        "rocm" => {
            let index = index.unwrap_or(0);
            Ok(Opened::new(backend, format!("ROCm device {index}"), Device::rocm(index)))
        }
        #[cfg(feature = "remote")]
        "remote" => remote(backend, index),
        other => Err(Failure::usage(format!("this build lacks the backend `{other}`"))),
    }
}

/// Opens a device of a Burn server elsewhere; `LANGEVIN_REMOTE` holds the server's address.
#[cfg(feature = "remote")]
fn remote(backend: &'static str, index: Option<usize>) -> Result<Opened, Failure> {
    use burn::tensor::remote::RemoteHost;

    let address = std::env::var("LANGEVIN_REMOTE").map_err(|_| {
        Failure::usage("--backend remote: set LANGEVIN_REMOTE to the server, as ws://host:3000")
    })?;
    let options = Device::remote_options(&RemoteHost::websocket(&address));
    let device = options.device_index(index.unwrap_or(0)).init();
    let device = device.map_err(|error| {
        Failure::at_run_time(format!("the remote device at {address} cannot be reached: {error}"))
    })?;
    let description = format!("Burn server at {address}, device {}", index.unwrap_or(0));
    Ok(Opened::new(backend, description, device))
}

fn cpu(
    backend: &'static str,
    index: Option<usize>,
    what: &str,
    device: Device,
) -> Result<Opened, Failure> {
    if index.is_some_and(|index| index > 0) {
        return Err(Failure::usage(format!(
            "--device: the backend {backend} has device 0 only; leave it out"
        )));
    }
    Ok(Opened::new(backend, what.to_owned(), device))
}

/// The adapters of the wgpu backends, one line each, in the order of `--device`.
pub fn adapters() -> Vec<String> {
    #[cfg(feature = "wgpu")]
    return gpu::adapters();
    #[cfg(not(feature = "wgpu"))]
    Vec::new()
}

#[cfg(feature = "wgpu")]
mod gpu {
    //! Devices of the wgpu backends.
    //!
    //! wgpu is initialised once in a process, since a second initialisation is an error. Burn's lazy
    //! initialisation would panic where there is no adapter.

    use std::sync::OnceLock;

    use burn::tensor::{
        Device, DeviceKind, DeviceType,
        wgpu::{WgpuBackend, WgpuInitError, WgpuSetup, wgpu},
    };
    use burn_dispatch::{
        DispatchDevice,
        devices::{CubeDevice, WgpuDeviceKind},
    };

    use super::Opened;
    use crate::{failure::Failure, panics::caught};

    type Initialised = Result<(Device, String, bool), String>;

    static OPENED: OnceLock<Initialised> = OnceLock::new();

    const HELP: &str = "install a graphics driver (on Debian or Ubuntu without a GPU: apt-get install \
                        mesa-vulkan-drivers libvulkan1), or use the CPU: --backend flex";

    pub fn open(backend: &'static str, index: Option<usize>) -> Result<Opened, Failure> {
        let kind = kind(backend, index)?;
        let opened = OPENED.get_or_init(|| {
            let open = || -> Result<_, WgpuInitError> {
                let options = Device::wgpu_options().device_kind(kind).graphics_api(api(backend));
                let (device, setup) = options.init_with_setup()?;
                let (description, software) = describe(&setup);
                Ok((device, description, software))
            };
            // A driver may panic where it gets no thread or no memory.
            caught(open)?.map_err(|why| why.to_string())
        });
        match opened {
            Ok((device, description, software)) => Ok(Opened {
                software: *software,
                ..Opened::new(backend, description.clone(), device.clone())
            }),
            Err(why) => {
                Err(Failure::at_run_time(format!("no adapter for the backend {backend}: {why}"))
                    .then(format!("hint: {HELP}")))
            }
        }
    }

    fn api(backend: &str) -> WgpuBackend {
        match backend {
            #[cfg(feature = "vulkan")]
            "vulkan" => WgpuBackend::Vulkan,
            #[cfg(feature = "metal")]
            "metal" => WgpuBackend::Metal,
            #[cfg(feature = "webgpu")]
            "webgpu" => WgpuBackend::WebGpu,
            _ => WgpuBackend::Auto,
        }
    }

    /// The adapter that `--device N` means, in the order of [`adapters`].
    fn kind(backend: &str, index: Option<usize>) -> Result<DeviceKind, Failure> {
        let Some(index) = index else { return Ok(DeviceKind::DefaultDevice) };
        let devices = Device::enumerate(filter(backend));
        let Some(device) = devices.get(index) else {
            let found = format!("--device {index}: {backend} has {} adapters", devices.len());
            return Err(Failure::usage(format!("{found}; `langevin doctor` lists them")));
        };
        let named = match device.as_dispatch() {
            DispatchDevice::Cube(CubeDevice::Wgpu(adapter)) => named(&adapter.kind),
            _ => None,
        };
        named.ok_or_else(|| {
            let what = format!("--device {index}: {} cannot be named among others", name(device));
            Failure::usage(format!("{what}; leave --device out to take the default adapter"))
        })
    }

    /// How Burn asks for an adapter of a kind; `None` for one that it cannot ask for.
    fn named(kind: &WgpuDeviceKind) -> Option<DeviceKind> {
        match *kind {
            WgpuDeviceKind::DiscreteGpu(number) => Some(DeviceKind::DiscreteGpu(number)),
            WgpuDeviceKind::IntegratedGpu(number) => Some(DeviceKind::IntegratedGpu(number)),
            WgpuDeviceKind::VirtualGpu(number) => Some(DeviceKind::VirtualGpu(number)),
            WgpuDeviceKind::Cpu => Some(DeviceKind::Cpu),
            WgpuDeviceKind::DefaultDevice
            | WgpuDeviceKind::Existing(_)
            | WgpuDeviceKind::Other(_) => None,
        }
    }

    /// The type under which Burn lists a backend's devices: each API has its own.
    fn filter(backend: &str) -> DeviceType {
        match backend {
            #[cfg(feature = "vulkan")]
            "vulkan" => DeviceType::Vulkan,
            #[cfg(feature = "metal")]
            "metal" => DeviceType::Metal,
            #[cfg(feature = "webgpu")]
            "webgpu" => DeviceType::WebGpu,
            _ => DeviceType::Wgpu,
        }
    }

    pub fn adapters() -> Vec<String> {
        caught(|| Device::enumerate(DeviceType::Wgpu).iter().map(name).collect())
            .unwrap_or_default()
    }

    fn name(device: &Device) -> String {
        let name = device.identity().map(|identity| identity.name);
        name.unwrap_or_else(|| format!("{device:?}"))
    }

    fn describe(setup: &WgpuSetup) -> (String, bool) {
        let info = setup.adapter.get_info();
        let software = info.device_type == wgpu::DeviceType::Cpu;
        let driver = format!("{} {}", info.driver, info.driver_info);
        (format!("{}, driver {}, API {:?}", info.name, driver.trim(), info.backend), software)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn every_adapter_that_is_listed_is_asked_for_as_itself() {
            let devices = Device::enumerate(DeviceType::Wgpu);
            for (index, device) in devices.iter().enumerate() {
                let DispatchDevice::Cube(CubeDevice::Wgpu(adapter)) = device.as_dispatch() else {
                    panic!("{device:?} is no adapter");
                };
                let Ok(kind) = kind("wgpu", Some(index)) else {
                    assert!(matches!(adapter.kind, WgpuDeviceKind::Other(_)), "{device:?}");
                    continue;
                };
                assert_eq!(&Device::wgpu(kind), device, "--device {index}");
            }
            let beyond = kind("wgpu", Some(devices.len())).expect_err("refused");
            let found = format!("wgpu has {} adapters", devices.len());
            assert!(beyond.message().contains(&found), "{beyond:?}");
        }
    }
}
