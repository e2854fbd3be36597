package main

// passItems sends n items from one goroutine to another.
func passItems(n, capacity int) {
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
	require(sum == uint64(n)*uint64(n+1)/2, "the sum of the items")
}

// measureChannel does the same as channel.cpp.
func measureChannel(items, capacity int) float64 {
	return nsEach(items, func(n int) { passItems(n, capacity) })
}
