package main

import (
	"sync"
	"time"
)

const timers = 1_000_000

// measureTimer does the same as timer_million.cpp, with the row of deadlines of deadlines.hpp.
func measureTimer() float64 {
	cpu := cpuNs()
	start := time.Now()
	state := uint64(88172645463325252)
	var all sync.WaitGroup
	all.Add(timers)
	for i := 0; i < timers; i++ {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		deadline := start.Add(time.Duration(state>>32%1_000_000) * time.Microsecond)
		go func() {
			time.Sleep(time.Until(deadline))
			all.Done()
		}()
	}
	all.Wait()
	return (cpuNs() - cpu) / 1e6
}
