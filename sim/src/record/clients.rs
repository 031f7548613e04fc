//! Clients that ping: planned from the scenario, started in namespaces of their own, and measured by what `ping` prints.
use std::collections::BTreeMap;
use std::fs::File;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use vrrplab_engine::model::{IfAddr, Mac};
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{Ask, Client, ClientId, Fault, Member, World};

use super::clock::Epoch;
use super::nets::Nets;
use super::plan::{Plan, nodes_of};
use super::tools::{Tools, urgent};

/// More clients than this are not played: what one sees, the others see.
const MOST: usize = 8;

/// A client that is played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanClient {
    /// Name.
    pub name: String,
    /// Position of its switch.
    pub switch: usize,
    /// Hardware address.
    pub mac: Mac,
    /// Its address.
    pub addr: IfAddr,
    /// Its way to other networks.
    pub gateway: Option<IpAddr>,
    /// Whom it pings.
    pub target: IpAddr,
    /// Time between requests.
    pub every: Span,
    /// How long it waits for an answer.
    pub timeout: Span,
    /// Its first request, after the first start of all.
    pub from: Instant,
    /// On which side of each partition it is; `None`: alone.
    pub sides: BTreeMap<String, Option<usize>>,
}

/// What `ping` printed, and between which times it ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinged {
    /// Position in [`Plan::clients`].
    pub client: usize,
    /// Its first request.
    pub from: Epoch,
    /// The end of the observation.
    pub to: Epoch,
    /// Its lines.
    pub text: String,
}

/// The plan with the clients of the world that ping, and the names of those that are left out.
pub fn with_clients(plan: Plan, world: &World) -> (Plan, Vec<String>) {
    let (mut clients, mut left_out) = (Vec::new(), Vec::new());
    for (id, client) in world.clients.iter().enumerate() {
        match client.ask {
            Ask::Ping(target) if clients.len() < MOST => {
                clients.push(planned(world, ClientId(id), client, target, plan.zero))
            }
            _ => left_out.push(client.name.clone()),
        }
    }
    (Plan { clients, ..plan }, left_out)
}

fn planned(world: &World, id: ClientId, client: &Client, target: IpAddr, zero: Instant) -> PlanClient {
    PlanClient {
        name: client.name.clone(),
        switch: client.network.0,
        mac: client.mac,
        addr: client.addr,
        gateway: client.gateway,
        target,
        every: client.every,
        timeout: client.timeout,
        from: Instant(client.from.0.saturating_sub(zero.0)),
        sides: sides(world, id),
    }
}

/// Partitions are named as the plan names them; the sides that are counted have nodes.
fn sides(world: &World, id: ClientId) -> BTreeMap<String, Option<usize>> {
    let breaks = world.faults.iter().filter(|f| matches!(f.fault, Fault::Cut { .. } | Fault::Partition { .. }));
    let side = |(number, fault): (usize, &Fault)| {
        let Fault::Partition { groups, .. } = fault else { return None };
        let mut mine = groups.iter().filter(|group| group.contains(&Member::Client(id)));
        let mine = mine.next()?;
        let mut with_nodes = groups.iter().filter(|group| !nodes_of(group).is_empty());
        Some((format!("partition{number}"), with_nodes.position(|group| group == mine)))
    };
    (1..).zip(breaks.map(|f| &f.fault)).filter_map(side).collect()
}

/// The switch's end of a client's cable.
pub(super) fn port(client: usize) -> String {
    format!("c{client}")
}

/// Adds the ports of clients to the sides of a partition.
pub(super) fn take_sides(plan: &Plan, partition: &str, switch: usize, sides: &mut Vec<Vec<String>>) {
    for (id, client) in plan.clients.iter().enumerate().filter(|(_, client)| client.switch == switch) {
        match client.sides.get(partition) {
            Some(Some(side)) => sides.get_mut(*side).into_iter().for_each(|ports| ports.push(port(id))),
            Some(None) => sides.push(vec![port(id)]),
            None => {}
        }
    }
}

/// A `ping` that runs.
pub(super) struct Pinging {
    id: usize,
    child: Child,
    file: PathBuf,
    from: Epoch,
}

impl Drop for Pinging {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Pinging {
    /// Starts it.
    pub(super) fn start(plan: &Plan, id: usize, nets: &Nets, tools: &Tools) -> Result<Pinging, String> {
        let client = &plan.clients[id];
        let failed = |why: std::io::Error| format!("{}: ping: {why}", client.name);
        let file = nets.of_client(id);
        let out = File::create(&file).map_err(failed)?;
        let seconds = |span: Span| format!("{}.{:03}", span.0 / 1_000_000_000, span.0 % 1_000_000_000 / 1_000_000);
        let mut command = urgent(tools, "50", "ip");
        command.args(["netns", "exec", &nets.client(id), "ping", "-n", "-D", "-i", &seconds(client.every)]);
        command.args(["-W", &seconds(client.timeout), &client.target.to_string()]);
        command.stdin(Stdio::null()).stdout(out).stderr(Stdio::null());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let from = Epoch::now();
        Ok(Pinging { id, child: command.spawn().map_err(failed)?, file, from })
    }

    /// Ends it by SIGINT, so that it writes what it still holds.
    pub(super) fn finish(mut self, to: Epoch) -> Pinged {
        let _ = i32::try_from(self.child.id()).map(|pid| kill(Pid::from_raw(pid), Signal::SIGINT));
        let _ = self.child.wait();
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        Pinged { client: self.id, from: self.from, to, text }
    }
}

impl Pinged {
    /// The longest time between two answers; before the first and after the last one only where requests were lost.
    pub fn longest_silence(&self, client: &PlanClient) -> Span {
        let answers: Vec<(Epoch, u64)> =
            self.text.lines().filter_map(answer).filter(|(at, _)| *at <= self.to).collect();
        let Some(((first, number), (last, _))) = answers.first().zip(answers.last()) else {
            return Span(self.to.0.saturating_sub(self.from.0));
        };
        let between = answers.windows(2).map(|two| two[1].0.0.saturating_sub(two[0].0.0));
        let before = if *number > 1 { first.0.saturating_sub(self.from.0) } else { 0 };
        let after = Some(self.to.0.saturating_sub(last.0)).filter(|ns| *ns > client.every.0 + client.timeout.0);
        Span(between.chain([before]).chain(after).max().unwrap_or(0))
    }
}

/// `[1795278579.782454] 64 bytes from 10.0.0.1: icmp_seq=7 ttl=64 time=0.05 ms`: when, and which.
fn answer(line: &str) -> Option<(Epoch, u64)> {
    let (stamp, rest) = line.strip_prefix('[')?.split_once("] ")?;
    let (seconds, micros) = stamp.split_once('.')?;
    let at = seconds.parse::<u64>().ok()? * 1_000_000_000 + micros.parse::<u64>().ok()? * 1_000;
    let number = rest.contains(" bytes from ").then(|| rest.split("icmp_seq=").nth(1)?.split(' ').next())??;
    Some((Epoch(at), number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> PlanClient {
        PlanClient {
            name: "c1".to_owned(),
            switch: 0,
            mac: Mac([2, 0, 0, 0, 9, 1]),
            addr: IfAddr { ip: [10, 0, 0, 9].into(), prefix: 24 },
            gateway: None,
            target: [10, 0, 0, 100].into(),
            every: Span::from_millis(100),
            timeout: Span::from_millis(500),
            from: Instant::ZERO,
            sides: BTreeMap::new(),
        }
    }

    fn silence(answers: &[(&str, u64)]) -> u64 {
        let line = |(at, number): &(&str, u64)| {
            format!("[{at}] 64 bytes from 10.0.0.100: icmp_seq={number} ttl=64 time=0.05 ms\n")
        };
        let text = "PING 10.0.0.100 (10.0.0.100) 56(84) bytes of data.\n".to_owned()
            + "[1000.300000] From 10.0.0.9 icmp_seq=2 Destination Host Unreachable\n"
            + &answers.iter().map(line).collect::<String>();
        let at = |seconds: u64| Epoch(seconds * 1_000_000_000);
        Pinged { client: 0, from: at(1000), to: at(1003), text }.longest_silence(&client()).0 / 1_000_000
    }

    #[test]
    fn the_longest_time_between_two_answers_is_the_outage() {
        assert_eq!(silence(&[("1000.001000", 1), ("1000.101000", 2), ("1001.301000", 14), ("1002.900000", 30)]), 1599);
    }

    #[test]
    fn what_is_before_the_first_and_after_the_last_answer_counts_when_requests_were_lost() {
        assert_eq!(silence(&[("1000.001000", 1), ("1000.101000", 2)]), 2899, "no more answers to the end");
        assert_eq!(silence(&[("1002.501000", 26), ("1002.901000", 30)]), 2501, "the first ones were lost");
        assert_eq!(silence(&[("1000.100000", 1), ("1002.400000", 25)]), 2300, "the rest may still be answered");
        assert_eq!(silence(&[]), 3000);
    }
}
