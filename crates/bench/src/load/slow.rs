//! Clients that mean no good and take their time: `bench slow`. Half of them never finish the head of
//! a request, the others never finish its body; whoever is cut comes back at once.

use std::{
    io::Write as _,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

use super::{engine::connect_from, outcome::Sources};

/// How often each of them says one more letter.
const PAUSE: Duration = Duration::from_millis(500);
/// They stop by themselves after this long at most.
const LONGEST: Duration = Duration::from_mins(2);

/// How many, and for how long.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Slow {
    /// Whom to bother.
    #[arg(long)]
    server: SocketAddr,
    /// Connections.
    #[arg(long)]
    connections: usize,
    /// The first of the addresses they come from.
    #[arg(long)]
    first: Ipv4Addr,
    /// How many addresses.
    #[arg(long)]
    count: u32,
    /// For how long.
    #[arg(long)]
    seconds: f64,
}

/// Bothers the server until the time is over, and prints how often somebody came back.
pub fn main(slow: Slow) -> Result<()> {
    let sources = Sources { first: slow.first, count: slow.count };
    let length = Duration::try_from_secs_f64(slow.seconds).context("--seconds")?.min(LONGEST);
    let until = Instant::now() + length;
    let mut clients: Vec<Option<TcpStream>> = Vec::new();
    clients.resize_with(slow.connections, || None);
    let mut opened = 0_u64;
    while Instant::now() < until {
        let round = Instant::now();
        for (place, client) in clients.iter_mut().enumerate() {
            let still = client.as_mut().is_some_and(|stream| stream.write_all(b"a").is_ok());
            if !still {
                *client = open(place, sources.of(place), slow.server);
                opened += u64::from(client.is_some());
            }
        }
        #[expect(clippy::disallowed_methods, reason = "a program of one thread, and no runtime")]
        thread::sleep(PAUSE.saturating_sub(round.elapsed()));
    }
    println!("{opened}");
    Ok(())
}

fn open(place: usize, source: Ipv4Addr, server: SocketAddr) -> Option<TcpStream> {
    let mut stream = connect_from(source, server).ok()?;
    stream.set_nodelay(true).ok()?;
    stream.set_nonblocking(true).ok()?;
    let start = if place.is_multiple_of(2) {
        format!("POST /api/orders HTTP/1.1\r\nhost: {server}\r\nx-")
    } else {
        format!(
            "POST /api/orders HTTP/1.1\r\nhost: {server}\r\ncontent-type: application/json\r\n\
             idempotency-key: slow-{place}\r\ncontent-length: 60000\r\n\r\n"
        )
    };
    stream.write_all(start.as_bytes()).ok()?;
    Some(stream)
}
