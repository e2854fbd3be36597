package main

import (
	"runtime"
	"time"
)

const sleepers = 1_000_000

// measureSleep is about the tasks of sleep_memory.cpp.
func measureSleep() float64 {
	before := resident()
	asleep := 0
	for i := 0; i < sleepers; i++ {
		go func() {
			asleep++
			time.Sleep(time.Hour)
		}()
	}
	for asleep < sleepers {
		runtime.Gosched()
	}
	return (resident() - before) / sleepers
}
