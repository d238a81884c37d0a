//! Every operation on the disk fails in turn, and the power is cut after each.

mod faults;
mod power_cut;
pub(crate) mod small_run;
