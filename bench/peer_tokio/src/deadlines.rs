//! The timers of timer.rs: the same row as in deadlines.hpp.

use std::time::Duration;

pub const TIMERS: u64 = 1_000_000;

pub struct Deadlines(u64);

impl Deadlines {
    pub fn new() -> Self {
        Deadlines(88172645463325252)
    }
    pub fn next(&mut self) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        Duration::from_micros((self.0 >> 32) % 1_000_000)
    }
}
