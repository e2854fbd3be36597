package main

import (
	"fmt"
	"os"
	"syscall"
)

// cpuNs is the processor time of all threads so far, user and system.
func cpuNs() float64 {
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return float64(used.Utime.Nano() + used.Stime.Nano())
}

// resident is in bytes.
func resident() float64 {
	var pages, in float64
	text, _ := os.ReadFile("/proc/self/statm")
	fmt.Sscan(string(text), &pages, &in)
	return in * 4096
}

// nsEach gives the nanoseconds for each of count operations, all done by work(count). A tenth of
// them go first, unmeasured.
func nsEach(count int, work func(n int)) float64 {
	work(count / 10)
	start := cpuNs()
	work(count)
	return (cpuNs() - start) / float64(count)
}
