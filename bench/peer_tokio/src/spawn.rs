//! The same as spawn_join.cpp.

use crate::process::{ns_each, Counter};

const SPAWNS: u64 = 2_000_000;
const ALIVE: u64 = 1_000;

static RAN: Counter = Counter::new();

async fn spawn_and_join(n: u64) {
    let mut batch = Vec::with_capacity(ALIVE as usize);
    for _ in 0..n / ALIVE {
        for _ in 0..ALIVE {
            batch.push(tokio::spawn(async {
                RAN.add_one();
            }));
        }
        for one in batch.drain(..) {
            one.await.expect("a join");
        }
    }
}

fn check(n: u64) {
    assert_eq!(RAN.get(), n, "how many ran");
    RAN.reset();
}

pub fn measure() -> f64 {
    ns_each(SPAWNS, |n| {
        crate::block_on(spawn_and_join(n));
        check(n);
    })
}

pub fn measure_without_io() -> f64 {
    ns_each(SPAWNS, |n| {
        crate::block_on_without_io(spawn_and_join(n));
        check(n);
    })
}
