package main

import (
	"fmt"
	"net"
)

// serveEcho is the echo server on the terms of echo_listen.hpp; net.Listen takes the longest queue
// that the kernel allows, and TCP_NODELAY is what it sets.
func serveEcho() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require(err == nil, "a socket that listens on 127.0.0.1")
	fmt.Println("port", listener.Addr().(*net.TCPAddr).Port)
	for {
		peer, err := listener.Accept()
		if err == nil {
			go echo(peer)
		}
	}
}

func echo(peer net.Conn) {
	defer peer.Close()
	buffer := make([]byte, 256)
	for {
		got, err := peer.Read(buffer)
		if err != nil {
			return
		}
		if _, err := peer.Write(buffer[:got]); err != nil {
			return
		}
	}
}
