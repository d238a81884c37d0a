//! The libraries as another program uses them.

#[path = "library/devices.rs"]
mod devices;
#[path = "library/gradients.rs"]
mod gradients;
#[path = "library/numpy.rs"]
mod numpy;
#[path = "library/optimizers.rs"]
mod optimizers;
