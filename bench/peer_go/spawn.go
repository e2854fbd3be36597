package main

import "sync"

const (
	spawns = 2_000_000
	alive  = 1_000
)

// measureSpawn does the same as spawn_join.cpp. A goroutine is joined by a WaitGroup: all of a
// batch at once.
func measureSpawn() float64 {
	return nsEach(spawns, func(n int) {
		ran := 0
		var batch sync.WaitGroup
		for left := n; left > 0; left -= alive {
			batch.Add(alive)
			for i := 0; i < alive; i++ {
				go func() {
					ran++ // one processor, and no preemption in here
					batch.Done()
				}()
			}
			batch.Wait()
		}
		require(ran == n, "how many ran")
	})
}
