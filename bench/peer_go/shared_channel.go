package main

import (
	"runtime"
	"time"
)

// measureSharedChannel does the same as shared_channel.cpp: two goroutines on two processors, and
// the time on the wall.
func measureSharedChannel(capacity int, items int) float64 {
	runtime.GOMAXPROCS(2)
	pass := func(n int) {
		between := make(chan uint64, capacity)
		go func() {
			for i := 1; i <= n; i++ {
				between <- uint64(i)
			}
			close(between)
		}()
		sum := uint64(0)
		for item := range between {
			sum += item
		}
		require(sum == uint64(n)*uint64(n+1)/2, "the sum of what was received")
	}
	pass(items / 10)
	start := time.Now()
	pass(items)
	return float64(time.Since(start).Nanoseconds()) / float64(items)
}
