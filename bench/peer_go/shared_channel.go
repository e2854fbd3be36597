package main

import (
	"runtime"
	"time"
)

// measureSharedChannel does the same as shared_channel.cpp: two goroutines on two processors, and
// the time on the wall.
func measureSharedChannel(capacity int, items int) float64 {
	runtime.GOMAXPROCS(2)
	passItems(items/10, capacity)
	start := time.Now()
	passItems(items, capacity)
	return float64(time.Since(start).Nanoseconds()) / float64(items)
}
