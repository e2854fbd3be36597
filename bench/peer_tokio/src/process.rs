//! What the process has used so far; and a counter for one thread.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Processor time of all threads, in nanoseconds.
pub fn cpu_ns() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut now) };
    now.tv_sec as f64 * 1e9 + now.tv_nsec as f64
}

/// Resident memory in bytes.
pub fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("statm");
    text.split(' ').nth(1).unwrap().parse::<f64>().expect("a number") * 4096.0
}

/// Nanoseconds for each of `count` operations, all done by `work(count)`. A tenth of them go
/// first, unmeasured.
pub fn ns_each(count: u64, work: impl Fn(u64)) -> f64 {
    work(count / 10);
    let start = cpu_ns();
    work(count);
    (cpu_ns() - start) / count as f64
}

/// A load and a store: no locked instruction.
pub struct Counter(AtomicU64);

impl Counter {
    pub const fn new() -> Self {
        Counter(AtomicU64::new(0))
    }
    pub fn add_one(&self) -> u64 {
        let next = self.0.load(Relaxed) + 1;
        self.0.store(next, Relaxed);
        next
    }
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
    pub fn reset(&self) {
        self.0.store(0, Relaxed);
    }
}
