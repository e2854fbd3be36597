//! The peer Tokio, its scheduler of one thread: `peer_tokio SIDE` measures one side and prints
//! `<metric> <value>`, as the programs in C++ do.

mod deadlines;
mod echo;
mod process;
mod sleep;
mod spawn;
mod timer;
mod yields;

use std::future::Future;

/// Runs it as `#[tokio::main(flavor = "current_thread")]` does, with all that a loop of ours has.
fn block_on<F: Future>(f: F) -> F::Output {
    let mut how = tokio::runtime::Builder::new_current_thread();
    how.enable_all().build().expect("a runtime").block_on(f)
}

/// The same without a driver for I/O, which is asked now and then also when nothing waits for it.
fn block_on_without_io<F: Future>(f: F) -> F::Output {
    let mut how = tokio::runtime::Builder::new_current_thread();
    how.enable_time().build().expect("a runtime").block_on(f)
}

fn main() {
    let side = std::env::args().nth(1).unwrap_or_default();
    let (metric, value) = match side.as_str() {
        "spawn" => ("ns_per_spawn", spawn::measure()),
        "spawn-without-io" => ("ns_per_spawn", spawn::measure_without_io()),
        "yield" => ("ns_per_yield", yields::measure()),
        "sleep" => ("bytes_per_task", sleep::measure()),
        "echo" => echo::serve(),
        "timer" => ("CPU_ms", timer::measure()),
        _ => {
            eprintln!("usage: peer_tokio spawn|spawn-without-io|yield|sleep|timer|echo");
            std::process::exit(2);
        }
    };
    println!("{metric} {value:.6}");
    // What a million tasks hold is left to the kernel.
    std::process::exit(0);
}
