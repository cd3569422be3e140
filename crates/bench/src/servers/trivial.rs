//! A server that does nothing but answer, to see what the load generator itself costs: one thread,
//! a fixed answer to every piece that comes in.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
};

use anyhow::{Context as _, Result};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

const ANSWER: &[u8] = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}";
/// The event of the listener; the others are connections.
const LISTENER: u64 = u64::MAX;

/// Runs until it is killed.
pub fn main() -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    writeln!(std::io::stdout(), "{}{}", super::LISTENING, listener.local_addr()?.port())?;
    let epoll = Epoll::new(EpollCreateFlags::empty()).context("epoll")?;
    epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
    let mut connections: Vec<TcpStream> = Vec::new();
    let mut events = vec![EpollEvent::empty(); 1024];
    loop {
        let count = match epoll.wait(&mut events, EpollTimeout::NONE) {
            Err(nix::Error::EINTR) => 0,
            count => count.context("epoll")?,
        };
        for event in &events[..count] {
            if event.data() == LISTENER {
                let Ok((stream, _)) = listener.accept() else { continue };
                stream.set_nonblocking(true)?;
                stream.set_nodelay(true)?;
                let place = connections.len() as u64;
                epoll.add(&stream, EpollEvent::new(EpollFlags::EPOLLIN, place))?;
                connections.push(stream);
            } else if let Some(stream) =
                usize::try_from(event.data()).ok().and_then(|place| connections.get_mut(place))
                && !answer(stream)
            {
                epoll.delete(&*stream).ok();
            }
        }
    }
}

/// Requests are shorter than the buffer and come whole. False when the client is gone.
fn answer(stream: &mut TcpStream) -> bool {
    let mut bytes = [0; 4096];
    match stream.read(&mut bytes) {
        Ok(0) => false,
        Ok(_) => stream.write_all(ANSWER).is_ok(),
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}
