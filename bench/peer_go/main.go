// The peer Go, with one processor: `peer_go SIDE` measures one side and prints
// `<metric> <value>`, as the programs in C++ do.
package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	runtime.GOMAXPROCS(1)
	side := ""
	if len(os.Args) > 1 {
		side = os.Args[1]
	}
	switch side {
	case "spawn":
		fmt.Println("ns_per_spawn", measureSpawn())
	case "yield":
		fmt.Println("ns_per_yield", measureYield())
	case "sleep":
		fmt.Println("bytes_per_task", measureSleep())
	case "timer":
		fmt.Println("CPU_ms", measureTimer())
	case "channel":
		fmt.Println("ns_per_item", measureChannel(20_000_000, 1_024))
	case "rendezvous":
		fmt.Println("ns_per_item", measureChannel(5_000_000, 0))
	case "shared-channel-1024":
		fmt.Println("ns_per_item", measureSharedChannel(1024, 10_000_000))
	case "shared-channel-1":
		fmt.Println("ns_per_item", measureSharedChannel(1, 1_000_000))
	case "echo":
		serveEcho()
	default:
		fmt.Fprintln(os.Stderr, "usage: peer_go spawn|yield|sleep|timer|channel|rendezvous|"+
			"shared-channel-1024|shared-channel-1|echo")
		os.Exit(2)
	}
}

func require(correct bool, what string) {
	if !correct {
		fmt.Fprintln(os.Stderr, "wrong result:", what)
		os.Exit(1)
	}
}
