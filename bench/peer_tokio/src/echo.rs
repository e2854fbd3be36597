//! The echo server on the terms of echo_listen.hpp.

use std::io::Write;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

async fn echo(mut peer: TcpStream) {
    let mut buffer = [0u8; 256];
    loop {
        match peer.read(&mut buffer).await {
            Ok(got) if got > 0 => {
                if peer.write_all(&buffer[..got]).await.is_err() {
                    return;
                }
            }
            _ => return,
        }
    }
}

pub fn serve() -> ! {
    crate::block_on(async {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.1:0".parse().unwrap()).expect("a port of 127.0.0.1");
        let listener = socket.listen(4096).expect("a socket that listens");
        println!("port {}", listener.local_addr().expect("its port").port());
        std::io::stdout().flush().expect("an output");
        loop {
            if let Ok((peer, _)) = listener.accept().await {
                peer.set_nodelay(true).expect("TCP_NODELAY");
                tokio::spawn(echo(peer));
            }
        }
    })
}
