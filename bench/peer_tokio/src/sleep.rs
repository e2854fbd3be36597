//! The tasks of sleep_memory.cpp.

use crate::process::{resident, Counter};
use std::time::Duration;

const SLEEPERS: u64 = 1_000_000;

static ASLEEP: Counter = Counter::new();

pub fn measure() -> f64 {
    let before = resident();
    crate::block_on(async {
        for _ in 0..SLEEPERS {
            tokio::spawn(async {
                ASLEEP.add_one();
                tokio::time::sleep(Duration::from_secs(3600)).await;
            });
        }
        while ASLEEP.get() < SLEEPERS {
            tokio::task::yield_now().await;
        }
        let each = (resident() - before) / SLEEPERS as f64;
        println!("bytes_per_task {each:.6}");
        std::process::exit(0);
    })
}
