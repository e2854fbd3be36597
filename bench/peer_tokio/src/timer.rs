//! The same as timer_million.cpp. Nobody joins the tasks: the last of them says that all have
//! woken, which is less work.

use crate::deadlines::{Deadlines, TIMERS};
use crate::process::{cpu_ns, Counter};
use tokio::sync::Notify;
use tokio::time::{sleep_until, Instant};

static WOKEN: Counter = Counter::new();

pub fn measure() -> f64 {
    let cpu = cpu_ns();
    let all: &'static Notify = Box::leak(Box::new(Notify::new()));
    crate::block_on(async {
        let start = Instant::now();
        let mut random = Deadlines::new();
        for _ in 0..TIMERS {
            let deadline = start + random.next();
            tokio::spawn(async move {
                sleep_until(deadline).await;
                if WOKEN.add_one() == TIMERS {
                    all.notify_one();
                }
            });
        }
        all.notified().await;
    });
    (cpu_ns() - cpu) / 1e6
}
