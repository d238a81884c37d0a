//! From `--backend NAME --device N` to a Burn device.

use burn::tensor::Device;

use crate::failure::Failure;

/// Every backend that Langevin knows, the default first.
pub const ALL: [&str; 9] =
    ["flex", "ndarray", "wgpu", "vulkan", "metal", "webgpu", "cuda", "rocm", "remote"];

/// A device, and what it is in words.
pub struct Opened {
    /// The backend's name.
    pub backend: &'static str,
    /// Adapter, driver and API on a GPU; the kind of CPU backend else.
    pub description: String,
    /// Whether it is a software adapter: correct, and slow.
    pub software: bool,
    /// The device.
    pub device: Device,
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
        None => format!("unknown backend `{asked}`; this build has {}", compiled.join(", ")),
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
        "cuda" => Ok(Opened {
            backend,
            description: format!("CUDA device {}", index.unwrap_or(0)),
            software: false,
            device: Device::cuda(index.unwrap_or(0)),
        }),
        #[cfg(feature = "rocm")]
        "rocm" => Ok(Opened {
            backend,
            description: format!("ROCm device {}", index.unwrap_or(0)),
            software: false,
            device: Device::rocm(index.unwrap_or(0)),
        }),
        #[cfg(feature = "remote")]
        "remote" => remote(backend, index),
        other => Err(Failure::usage(format!("this build lacks the backend `{other}`"))),
    }
}

/// A device of a Burn server elsewhere, whose address `LANGEVIN_REMOTE` holds.
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
    Ok(Opened {
        backend,
        description: format!("Burn server at {address}, device {}", index.unwrap_or(0)),
        software: false,
        device,
    })
}

fn cpu(
    backend: &'static str,
    index: Option<usize>,
    what: &str,
    device: Device,
) -> Result<Opened, Failure> {
    if index.is_some_and(|index| index > 0) {
        return Err(Failure::usage(format!("--device: the backend {backend} has device 0 only")));
    }
    Ok(Opened { backend, description: what.to_owned(), software: false, device })
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
    //! wgpu is initialised once a process: a second time is an error, and the lazy way panics where
    //! there is no adapter.

    use std::sync::OnceLock;

    use burn::tensor::{
        Device, DeviceKind, DeviceType,
        wgpu::{WgpuBackend, WgpuSetup},
    };

    use super::Opened;
    use crate::failure::Failure;

    type Initialised = Result<(Device, String, bool), String>;

    static OPENED: OnceLock<Initialised> = OnceLock::new();

    const HELP: &str = "install a graphics driver (on Debian or Ubuntu without a GPU: apt-get install \
                        mesa-vulkan-drivers libvulkan1), or use the CPU: --backend flex";

    pub fn open(backend: &'static str, index: Option<usize>) -> Result<Opened, Failure> {
        let kind = kind(index)?;
        let opened = OPENED.get_or_init(|| {
            let options = Device::wgpu_options().device_kind(kind).graphics_api(api(backend));
            let (device, setup) = options.init_with_setup().map_err(|error| error.to_string())?;
            let (description, software) = describe(&setup);
            Ok((device, description, software))
        });
        match opened {
            Ok((device, description, software)) => Ok(Opened {
                backend,
                description: description.clone(),
                software: *software,
                device: device.clone(),
            }),
            Err(why) => Err(Failure::at_run_time(format!(
                "no adapter for the backend {backend}: {why}\nhint: {HELP}"
            ))),
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
    fn kind(index: Option<usize>) -> Result<DeviceKind, Failure> {
        let Some(index) = index else { return Ok(DeviceKind::DefaultDevice) };
        let kinds = kinds();
        kinds.get(index).cloned().ok_or_else(|| {
            let found = format!("--device {index}: there are {} adapters", kinds.len());
            Failure::usage(format!("{found}; `langevin doctor` lists them"))
        })
    }

    fn kinds() -> Vec<DeviceKind> {
        let mut next = [0; 3];
        let mut number = |class: usize| {
            next[class] += 1;
            next[class] - 1
        };
        names()
            .iter()
            .map(|name| match name.as_str() {
                n if n.contains("DiscreteGpu") => DeviceKind::DiscreteGpu(number(0)),
                n if n.contains("IntegratedGpu") => DeviceKind::IntegratedGpu(number(1)),
                n if n.contains("VirtualGpu") => DeviceKind::VirtualGpu(number(2)),
                _ => DeviceKind::Cpu,
            })
            .collect()
    }

    fn names() -> Vec<String> {
        Device::enumerate(DeviceType::Wgpu).iter().map(|device| format!("{device:?}")).collect()
    }

    pub fn adapters() -> Vec<String> {
        names()
    }

    fn describe(setup: &WgpuSetup) -> (String, bool) {
        let info = setup.adapter.get_info();
        let software = format!("{:?}", info.device_type) == "Cpu";
        let driver = format!("{} {}", info.driver, info.driver_info);
        (format!("{}, driver {}, API {:?}", info.name, driver.trim(), info.backend), software)
    }
}
