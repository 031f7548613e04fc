//! Frames on the switch ports: captured by tcpdump, followed from port to port, and read as events.
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pcap_file::pcap::PcapReader;

use super::clock::Epoch;
use super::event::Event;
use super::frames::event;
use super::nets::{Nets, port};
use super::plan::Plan;
use super::tools::{Tools, urgent};

/// A frame is delivered within this, or it is not the same frame.
const CROSSING_NS: u64 = 50_000_000;

/// How many hundredths of a second tcpdump may take to end.
const PATIENCE: u32 = 500;

/// One interface of one node, by positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// The node.
    pub node: usize,
    /// Its interface.
    pub nic: usize,
}

/// A frame on one port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The kernel's stamp.
    pub at: Epoch,
    /// All bytes.
    pub bytes: Vec<u8>,
}

/// What went through one port.
#[derive(Clone, Debug)]
pub struct Port {
    /// Whose port.
    pub of: At,
    /// Its switch.
    pub switch: usize,
    /// What the node sent.
    pub sent: Vec<Frame>,
    /// What was delivered to the node.
    pub delivered: VecDeque<Frame>,
}

/// A running tcpdump.
#[derive(Debug)]
struct Capture {
    child: Child,
    file: PathBuf,
}

/// Captures of all ports.
#[derive(Debug)]
pub struct Captures {
    ports: Vec<(At, usize, [Capture; 2])>,
}

impl Captures {
    /// Starts them and waits until each listens.
    pub fn start(plan: &Plan, nets: &Nets, tools: &Tools) -> Result<Captures, String> {
        let folder = nets.captures();
        std::fs::create_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
        let mut ports = Vec::new();
        for (node, n) in plan.nodes.iter().enumerate() {
            for (nic, i) in n.nics.iter().enumerate() {
                let ns = nets.switch(i.switch);
                let capture = |way| Capture::start(tools, &ns, &port(node, nic), way, &folder);
                ports.push((At { node, nic }, i.switch, [capture("in")?, capture("out")?]));
            }
        }
        Ok(Captures { ports })
    }

    /// Ends them; everything that was captured.
    pub fn finish(self) -> Result<Vec<Port>, String> {
        let mut ports = Vec::new();
        for (of, switch, [sent, delivered]) in self.ports {
            ports.push(Port { of, switch, sent: sent.finish()?, delivered: delivered.finish()?.into() });
        }
        Ok(ports)
    }
}

impl Capture {
    fn start(tools: &Tools, ns: &str, port: &str, way: &str, folder: &Path) -> Result<Capture, String> {
        let file = folder.join(format!("{port}-{way}.pcap"));
        // Behind the daemons: the kernel's stamps do not wait for it.
        let mut command = urgent(tools, "40", "ip");
        command.args(["netns", "exec", ns, "tcpdump", "-n", "-i", port, "-Q", way, "--immediate-mode", "-U"]);
        // With the default length its ring has room for eight frames, and a burst is longer.
        command.args(["-s", "2048"]);
        command.args(["--time-stamp-precision", "nano", "-Z", "root", "-w"]).arg(&file);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(|why| format!("tcpdump: {why}"))?;
        let mut said = String::new();
        if let Some(err) = child.stderr.as_mut() {
            BufReader::new(err).read_line(&mut said).map_err(|why| format!("tcpdump: {why}"))?;
        }
        let capture = Capture { child, file };
        if said.contains("listening on") { Ok(capture) } else { Err(format!("tcpdump: {}", said.trim())) }
    }

    fn finish(mut self) -> Result<Vec<Frame>, String> {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            // It may have ended by itself; then its file tells. (Not SIGINT: started from a shell's background, it would
            // not hear that.)
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        for _ in 0..PATIENCE {
            if self.child.try_wait().map_err(|why| format!("tcpdump: {why}"))?.is_some() {
                return read(&self.file);
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        Err(format!("tcpdump does not end: {}", self.file.display()))
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All frames of a capture file.
fn read(path: &Path) -> Result<Vec<Frame>, String> {
    let failed = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let file = File::open(path).map_err(|why| failed(&why))?;
    let mut reader = PcapReader::new(BufReader::new(file)).map_err(|why| failed(&why))?;
    let mut frames = Vec::new();
    while let Some(packet) = reader.next_packet() {
        let packet = packet.map_err(|why| failed(&why))?;
        let at = u64::try_from(packet.timestamp.as_nanos()).map_err(|why| failed(&why))?;
        frames.push(Frame { at: Epoch(at), bytes: packet.data.into_owned() });
    }
    Ok(frames)
}

/// Every frame that a node sent and that a recording tells of, with the nodes that it was delivered to.
pub fn events(plan: &Plan, ports: Vec<Port>) -> Vec<Event> {
    let mut sent: Vec<(At, usize, Frame)> = Vec::new();
    let mut delivered: Vec<(At, usize, VecDeque<Frame>)> = Vec::new();
    for port in ports {
        sent.extend(port.sent.into_iter().map(|frame| (port.of, port.switch, frame)));
        delivered.push((port.of, port.switch, port.delivered));
    }
    sent.sort_by_key(|(_, _, frame)| frame.at);
    let mut events = Vec::new();
    for (from, switch, frame) in sent {
        let mut to = Vec::new();
        for (at, _, queue) in delivered.iter_mut().filter(|(at, s, _)| *s == switch && *at != from) {
            if take(queue, &frame) {
                to.push(plan.nodes[at.node].name.clone());
            }
        }
        let (node, nic) = (&plan.nodes[from.node], &plan.nodes[from.node].nics[from.nic].name);
        events.extend(event(node, nic, &frame).map(|event| event.with("to", to)));
    }
    events
}

/// Whether this frame was delivered; the delivered copy counts for no other.
fn take(queue: &mut VecDeque<Frame>, frame: &Frame) -> bool {
    while queue.front().is_some_and(|f| f.at.plus(CROSSING_NS) < frame.at) {
        queue.pop_front();
    }
    let same = |f: &Frame| f.bytes == frame.bytes && f.at >= frame.at && f.at <= frame.at.plus(CROSSING_NS);
    let found = queue.iter().position(same);
    found.is_some_and(|at| queue.remove(at).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(at: u64, byte: u8) -> Frame {
        Frame { at: Epoch(at), bytes: vec![byte; 60] }
    }

    #[test]
    fn a_copy_is_taken_once_and_in_time() {
        let mut queue = VecDeque::from([frame(1_005, 1), frame(1_010, 2), frame(1_020, 1)]);
        assert!(take(&mut queue, &frame(1_000, 1)));
        assert!(take(&mut queue, &frame(1_002, 2)));
        assert!(take(&mut queue, &frame(1_012, 1)));
        assert!(!take(&mut queue, &frame(1_014, 1)));
        let mut queue = VecDeque::from([frame(990, 3), frame(1_000 + CROSSING_NS + 1, 3)]);
        assert!(!take(&mut queue, &frame(1_000, 3)));
    }
}
