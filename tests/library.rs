//! The libraries as another program uses them.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test stops there")]

#[path = "library/devices.rs"]
mod devices;
#[path = "library/direct.rs"]
mod direct;
#[path = "library/gpu.rs"]
mod gpu;
#[path = "library/gradients.rs"]
mod gradients;
#[path = "library/halves.rs"]
mod halves;
#[path = "library/launches.rs"]
mod launches;
#[path = "library/lost_backend.rs"]
mod lost_backend;
#[path = "library/numpy.rs"]
mod numpy;
#[path = "library/optimizers.rs"]
mod optimizers;
#[path = "library/own_parts.rs"]
mod own_parts;
#[path = "library/restoring.rs"]
mod restoring;
