package main

import (
	"runtime"
	"sync"
)

const (
	yields = 10_000_000
	ready  = 1_000
)

// measureYield does the same as yield.cpp.
func measureYield() float64 {
	return nsEach(yields, func(n int) {
		done := 0
		var all sync.WaitGroup
		all.Add(ready)
		for i := 0; i < ready; i++ {
			go func() {
				for k := 0; k < n/ready; k++ {
					runtime.Gosched()
					done++
				}
				all.Done()
			}()
		}
		all.Wait()
		require(done == n, "how many yields")
	})
}
