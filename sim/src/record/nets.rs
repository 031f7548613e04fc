//! The namespaces of one recording: made, wired, and removed whatever happens. Nothing is ever made outside of them.
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::clients::{self, PlanClient};
use super::plan::{Plan, PlanNic, PlanNode};
use super::program::Program;
use super::tools::run;

/// What every namespace and folder of ours begins with; the number of our process follows.
const PREFIX: &str = "vrrplab-";
/// Where the folders are.
const RUN: &str = "/run";
/// What a process of ours is called by the kernel.
const OUR_NAME: &str = "vrrplab";

/// The namespaces of one recording. They go when this does.
#[derive(Debug)]
pub struct Nets {
    prefix: String,
    work: PathBuf,
}

impl Nets {
    /// Makes a namespace for every node and switch, and the cables between them.
    /// What is of this program's making has its initial in its name: two plays of one process do not meet.
    pub fn build(plan: &Plan, program: &Program) -> Result<Nets, String> {
        let initial: String = program.name().chars().take(1).collect();
        let prefix = format!("{PREFIX}{}-{initial}", std::process::id());
        let nets = Nets { work: Path::new(RUN).join(&prefix), prefix };
        fs::create_dir_all(&nets.work).map_err(|why| format!("{}: {why}", nets.work.display()))?;
        for switch in 0..plan.switches.len() {
            nets.make_switch(switch)?;
        }
        for (id, node) in plan.nodes.iter().enumerate() {
            nets.make_node(id, node, plan.ipv6)?;
        }
        for (id, client) in plan.clients.iter().enumerate() {
            nets.make_client(id, client, plan.ipv6)?;
        }
        Ok(nets)
    }

    /// The namespace of a node.
    pub fn node(&self, id: usize) -> String {
        format!("{}-n{id}", self.prefix)
    }

    /// The namespace of a client.
    pub fn client(&self, id: usize) -> String {
        format!("{}-c{id}", self.prefix)
    }

    /// The file for what a client's program prints.
    pub fn of_client(&self, id: usize) -> PathBuf {
        self.work.join(format!("c{id}"))
    }

    /// The namespace of a switch.
    pub fn switch(&self, id: usize) -> String {
        format!("{}-s{id}", self.prefix)
    }

    /// A folder for the files of a node.
    pub fn folder(&self, id: usize) -> PathBuf {
        self.work.join(format!("n{id}"))
    }

    /// A folder for what is captured.
    pub fn captures(&self) -> PathBuf {
        self.work.join("captures")
    }

    fn make_switch(&self, id: usize) -> Result<(), String> {
        let ns = self.switch(id);
        run("ip", &["netns", "add", &ns])?;
        settings(&ns, &[("net/ipv6/conf/all/disable_ipv6", "1"), ("net/ipv6/conf/default/disable_ipv6", "1")])?;
        let bridge = "type bridge stp_state 0 forward_delay 0 mcast_snooping 0";
        ip(&ns, &format!("link add br0 {bridge}")).map_err(|why| format!("this kernel makes no bridge: {why}"))?;
        ip(&ns, "link set br0 up")
    }

    fn make_node(&self, id: usize, node: &PlanNode, ipv6: bool) -> Result<(), String> {
        let ns = self.node(id);
        make_host(&ns, ipv6)?;
        for (nic_id, nic) in node.nics.iter().enumerate() {
            self.plug_in(&ns, &port(id, nic_id), nic_id, nic)?;
        }
        Ok(())
    }

    fn make_client(&self, id: usize, client: &PlanClient, ipv6: bool) -> Result<(), String> {
        let PlanClient { switch, mac, addr, gateway, .. } = client;
        let ns = self.client(id);
        make_host(&ns, ipv6)?;
        let nic = PlanNic { name: "eth0".to_owned(), mac: *mac, switch: *switch, addrs: vec![*addr] };
        self.plug_in(&ns, &clients::port(id), 0, &nic)?;
        gateway.map_or(Ok(()), |gateway| ip(&ns, &format!("route add default via {gateway}")))
    }

    fn plug_in(&self, ns: &str, port: &str, nic_id: usize, nic: &PlanNic) -> Result<(), String> {
        let PlanNic { name, mac, switch, addrs } = nic;
        let (switch, index) = (self.switch(*switch), nic_id + 2);
        let peer = format!("peer name {port} netns {switch}");
        ip(ns, &format!("link add {name} index {index} address {mac} type veth {peer}"))
            .map_err(|why| format!("this kernel makes no veth: {why}"))?;
        ip(&switch, &format!("link set {port} master br0 up"))?;
        ip(ns, &format!("link set {name} up"))?;
        for addr in addrs {
            let broadcast = if addr.ip.is_ipv4() && addr.prefix < 31 { "brd +" } else { "" };
            let dad = if addr.ip.is_ipv6() { "nodad" } else { "" };
            ip(ns, &format!("addr add {}/{} {broadcast} dev {name} {dad}", addr.ip, addr.prefix))?;
        }
        Ok(())
    }
}

/// A namespace with its loopback, in which addresses of IPv6 are usable at once, or none is made.
fn make_host(ns: &str, ipv6: bool) -> Result<(), String> {
    run("ip", &["netns", "add", ns])?;
    let each =
        |key: &str, value: &'static str| ["all", "default"].map(|of| (format!("net/ipv6/conf/{of}/{key}"), value));
    let wanted: Vec<_> = match ipv6 {
        false => each("disable_ipv6", "1").to_vec(),
        true => ["accept_dad", "dad_transmits", "accept_ra", "autoconf", "router_solicitations"]
            .into_iter()
            .flat_map(|key| each(key, "0"))
            .collect(),
    };
    settings(ns, &wanted.iter().map(|(key, value)| (key.as_str(), *value)).collect::<Vec<_>>())?;
    ip(ns, "link set lo up")
}

impl Drop for Nets {
    fn drop(&mut self) {
        remove(&self.prefix);
    }
}

/// A folder that `clean_up` finds when this process has been killed.
pub fn own_folder(name: &str) -> PathBuf {
    Path::new(RUN).join(format!("{PREFIX}{}-{name}", std::process::id()))
}

/// The switch's end of a node's cable.
pub fn port(node: usize, nic: usize) -> String {
    format!("n{node}p{nic}")
}

/// `ip` inside of a namespace, its arguments in one line.
pub fn ip(ns: &str, line: &str) -> Result<(), String> {
    let args: Vec<&str> = ["-n", ns].into_iter().chain(line.split_whitespace()).collect();
    run("ip", &args).map(drop)
}

/// Writes kernel settings of a namespace; one that this kernel lacks is left out.
fn settings(ns: &str, values: &[(&str, &str)]) -> Result<(), String> {
    let script =
        values.iter().map(|(key, value)| format!("[ ! -e /proc/sys/{key} ] || echo {value} > /proc/sys/{key}\n"));
    run("ip", &["netns", "exec", ns, "sh", "-e", "-c", &script.collect::<String>()]).map(drop)
}

/// Ends every process in the namespaces with this prefix, and removes namespaces and folder.
fn remove(prefix: &str) -> Vec<String> {
    let mut removed = Vec::new();
    for ns in namespaces().into_iter().filter(|ns| ns.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('-'))) {
        for _ in 0..20 {
            let pids: Vec<i32> = pids_in(&ns);
            if pids.is_empty() {
                break;
            }
            for pid in pids {
                // It may have ended by itself in between.
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
            sleep(Duration::from_millis(10));
        }
        if run("ip", &["netns", "del", &ns]).is_ok() {
            removed.push(ns);
        }
    }
    let ours = |name: &str| name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    for name in folders().into_iter().filter(|name| ours(name)) {
        let folder = Path::new(RUN).join(name);
        if fs::remove_dir_all(&folder).is_ok() {
            removed.push(folder.display().to_string());
        }
    }
    removed
}

fn folders() -> Vec<String> {
    let entries = fs::read_dir(RUN).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

fn pids_in(ns: &str) -> Vec<i32> {
    let listed = run("ip", &["netns", "pids", ns]).unwrap_or_default();
    listed.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

fn namespaces() -> Vec<String> {
    let listed = run("ip", &["netns", "list"]).unwrap_or_default();
    listed.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// Removes what recordings that no longer run have left behind; what was removed.
pub fn clean_up() -> Vec<String> {
    let mut names = folders();
    names.extend(namespaces());
    let mut owners: Vec<u32> = names.iter().filter_map(|name| owner(name)).collect();
    owners.sort_unstable();
    owners.dedup();
    owners.retain(|pid| !still_runs(*pid));
    owners.into_iter().flat_map(|pid| remove(&format!("{PREFIX}{pid}"))).collect()
}

/// The process that a namespace or folder of ours belongs to.
fn owner(name: &str) -> Option<u32> {
    let (pid, _) = name.strip_prefix(PREFIX)?.split_once('-').unwrap_or((name.strip_prefix(PREFIX)?, ""));
    pid.parse().ok()
}

fn still_runs(pid: u32) -> bool {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    name.trim() == OUR_NAME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_have_an_owner() {
        assert_eq!(owner("vrrplab-4711-n0"), Some(4711));
        assert_eq!(owner("vrrplab-4711"), Some(4711));
        assert_eq!([owner("vrrplab-x-n0"), owner("vrrplab"), owner("4711-n0"), owner("eth0")], [None; 4]);
    }
}
