//! The same as yield.cpp.

use crate::process::{ns_each, Counter};

const YIELDS: u64 = 10_000_000;
const READY: u64 = 1_000;

static DONE: Counter = Counter::new();

async fn yield_now(n: u64) {
    for _ in 0..n {
        tokio::task::yield_now().await;
        DONE.add_one();
    }
}

pub fn measure() -> f64 {
    ns_each(YIELDS, |n| {
        DONE.reset();
        crate::block_on(async {
            let all: Vec<_> = (0..READY).map(|_| tokio::spawn(yield_now(n / READY))).collect();
            for one in all {
                one.await.expect("a join");
            }
        });
        assert_eq!(DONE.get(), n, "how many yields");
    })
}
