//! What the machine spent while the window was open: on the load generator, on the server, on the
//! rest (PostgreSQL, mostly), and what was taken from it.

use std::time::Instant;

use serde::{Deserialize, Serialize};

/// Clock ticks of `/proc` in a second. It is 100 on every Linux that matters.
const TICKS: f64 = 100.0;

/// Seconds of processor time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    /// By the load generator itself.
    pub load: f64,
    /// By the process that answers.
    pub server: f64,
    /// By everything on the machine, these two included.
    pub machine: f64,
    /// Not given to the machine by its host.
    pub stolen: f64,
    /// How long it took.
    pub seconds: f64,
}

/// Looks at `/proc` when the window opens and when it closes.
#[derive(Clone, Debug)]
pub struct Watch {
    servers: Vec<u32>,
    opened: Option<(Instant, Spent)>,
    closed: Option<Spent>,
}

impl Watch {
    /// Watches these processes.
    pub const fn new(servers: Vec<u32>) -> Self {
        Self { servers, opened: None, closed: None }
    }

    /// Looks if it is time to.
    pub fn look(&mut self, now: Instant, from: Instant, until: Instant) {
        if self.opened.is_none() && now >= from {
            self.opened = Some((now, self.read()));
        }
        if self.closed.is_none() && now >= until {
            self.close(now);
        }
    }

    fn close(&mut self, now: Instant) {
        let Some((opened, before)) = self.opened else { return };
        let after = self.read();
        self.closed = Some(Spent {
            load: after.load - before.load,
            server: after.server - before.server,
            machine: after.machine - before.machine,
            stolen: after.stolen - before.stolen,
            seconds: now.duration_since(opened).as_secs_f64(),
        });
    }

    /// What was spent; nothing when the window never closed.
    pub fn spent(&self) -> Spent {
        self.closed.unwrap_or_default()
    }

    fn read(&self) -> Spent {
        let (machine, stolen) = machine().unwrap_or_default();
        Spent {
            load: process("self").unwrap_or_default(),
            server: self.servers.iter().filter_map(|pid| process(&pid.to_string())).sum(),
            machine,
            stolen,
            seconds: 0.0,
        }
    }
}

/// Processor time of a process.
fn process(pid: &str) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the name in brackets, which may hold anything.
    let rest = text.rsplit_once(')')?.1;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS)
}

/// Busy and stolen time of all processors.
fn machine() -> Option<(f64, f64)> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    let line = text.lines().next()?;
    let ticks: Vec<f64> =
        line.split_ascii_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal
    let busy: f64 = [0, 1, 2, 5, 6].iter().filter_map(|place| ticks.get(*place)).sum();
    Some((busy / TICKS, ticks.get(7).copied().unwrap_or_default() / TICKS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_can_be_read() {
        assert!(process("self").is_some());
        let (busy, stolen) = machine().unwrap();
        assert!(busy > 0.0 && stolen >= 0.0);
    }
}
