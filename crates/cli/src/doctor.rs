//! `langevin doctor`: what this build and this machine have, to copy into an issue.

use langevin_train::{Machine, Program, free_memory};

use crate::{
    backend,
    output::{print, print_json},
};

/// Prints versions, backends, adapters, threads and memory.
pub fn run(json: bool) {
    let machine = Machine::here();
    let compiled = backend::compiled();
    let adapters = backend::adapters();
    let free = free_memory();
    let gibibytes = free.map(|free| free.bytes as f64 / f64::from(1 << 30));
    let within = free.map(|free| free.bound.to_string());
    if json {
        let report = serde_json::json!({
            "langevin": env!("CARGO_PKG_VERSION"),
            "burn": Program::BURN,
            "backends": compiled,
            "adapters": adapters,
            "machine": machine,
            "free_memory_gibibytes": gibibytes,
            "free_memory_within": within,
        });
        print_json(&report);
        return;
    }
    print(&format!("langevin   {} on Burn {}", env!("CARGO_PKG_VERSION"), Program::BURN));
    print(&format!("backends   {}", compiled.join(", ")));
    let missing: Vec<_> =
        backend::ALL.into_iter().filter(|name| !compiled.contains(name)).collect();
    print(&format!("           not in this build: {}", missing.join(", ")));
    match adapters.is_empty() {
        true => print("adapters   none found for wgpu"),
        false => {
            for (number, adapter) in adapters.iter().enumerate() {
                let title = if number == 0 { "adapters" } else { "" };
                print(&format!("{title:10} --device {number}: {adapter}"));
            }
        }
    }
    print(&format!("system     {}", machine.system));
    print(&format!("processor  {}, {} threads", machine.cpu, machine.threads));
    print(&format!("           {}", machine.instruction_sets.join(" ")));
    let free = gibibytes.map_or("unknown".to_owned(), |free| format!("{free:.1} GiB free"));
    let within = within.map_or(String::new(), |within| format!(" within {within}"));
    print(&format!("memory     {free}{within}"));
}
