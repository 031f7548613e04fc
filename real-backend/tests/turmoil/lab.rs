//! Some hosts in turmoil: they run the daemon's loop, things happen to them, and everything is watched at each step.
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_local;
use turmoil::net::TcpListener;
use turmoil::{Builder, Sim};
use vrrplab_formats::control::Request;
use vrrplab_real::config::Source;
use vrrplab_real::control::{self, Ask, MOST_ASKS, MOST_UNREAD};
use vrrplab_real::daemon::Daemon;
use vrrplab_real::recorder::{DEFAULT_LIMIT, Recorder};
use vrrplab_real::system::{System, Word};

use crate::ground::Ground;
use crate::machine::{Log, Machine, Shared};
use crate::net::Door;
use crate::watch::{SETTLING, Watch, is_master};

/// Where operators ask.
pub const CONTROL: u16 = 7000;
const TICK: Duration = Duration::from_millis(1);

/// The world of a test.
pub struct Lab {
    pub sim: Sim<'static>,
    pub machines: Vec<Shared>,
    log: Rc<RefCell<Log>>,
    /// Directions in which nothing passes.
    cuts: BTreeSet<(usize, usize)>,
    watch: Watch,
    /// Nothing has changed since the log was so long.
    looked_at: usize,
    folder: PathBuf,
}

/// An instance `VI_1` with this priority and more lines.
pub fn instance(priority: u8, more: &str) -> String {
    format!(
        "vrrp_instance VI_1 {{\n state BACKUP\n interface eth0\n virtual_router_id 51\n priority {priority}\n advert_int 1\n \
         virtual_ipaddress {{\n 192.168.0.100/24\n }}\n {more}\n}}\n"
    )
}

impl Lab {
    /// Hosts r1, r2, ... with these configurations, at 192.168.0.1, 192.168.0.2, ...
    pub fn new(seed: u64, configurations: &[String]) -> Lab {
        static LABS: AtomicU32 = AtomicU32::new(0);
        let number = LABS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("vrrplab-turmoil-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut sim = Builder::new()
            .rng_seed(seed)
            .epoch(UNIX_EPOCH)
            .tick_duration(TICK)
            .simulation_duration(Duration::from_secs(3600))
            .min_message_latency(Duration::from_millis(1))
            .max_message_latency(Duration::from_millis(5))
            .build();
        let log = Rc::new(RefCell::new(Log::default()));
        let ips: Vec<Ipv4Addr> =
            (1..).take(configurations.len()).map(|last| Ipv4Addr::new(192, 168, 0, last)).collect();
        let mut machines = Vec::new();
        for (ip, text) in ips.iter().zip(configurations) {
            let name = format!("r{}", ip.octets()[3]);
            let config = folder.join(format!("{name}.conf"));
            fs::write(&config, text).unwrap();
            let peers = ips.iter().filter(|peer| *peer != ip).map(|peer| IpAddr::V4(*peer)).collect();
            let machine = Rc::new(RefCell::new(Machine::new(&name, *ip, config, peers, log.clone())));
            let one = machine.clone();
            sim.host(IpAddr::V4(*ip), move || serve(one.clone()));
            machines.push(machine);
        }
        Lab { sim, machines, log, cuts: BTreeSet::new(), watch: Watch::default(), looked_at: 0, folder }
    }

    /// Lets so many milliseconds pass.
    pub fn run(&mut self, ms: u64) {
        for _ in 0..ms {
            self.log.borrow_mut().at = self.sim.elapsed();
            if let Err(why) = self.sim.step() {
                panic!("{why}\n{}", self.story());
            }
            let lines = self.log.borrow().lines.len();
            if lines != self.looked_at || self.watch.is_alarmed() {
                self.looked_at = lines;
                self.look();
            }
        }
    }

    fn look(&mut self) {
        let (cuts, machines) = (&self.cuts, &self.machines);
        let up = |host: usize| machines[host].borrow().is_up() && machines[host].borrow().runs();
        let passes = |a, b| !cuts.contains(&(a, b)) && !cuts.contains(&(b, a));
        let objection = self.watch.look(self.sim.elapsed(), machines, |a, b| up(a) && up(b) && passes(a, b));
        if let Some(objection) = objection {
            panic!("{objection}\n{}", self.story());
        }
    }

    /// Lets time pass until this many milliseconds after the beginning.
    pub fn until(&mut self, ms: u64) {
        let now = u64::try_from(self.sim.elapsed().as_millis()).unwrap();
        self.run(ms.checked_sub(now).expect("a time to come"));
    }

    /// Daemons that start from now on write flight recordings.
    pub fn record(&mut self) {
        for machine in &self.machines {
            machine.borrow_mut().recordings = Some(0);
        }
    }

    /// The recordings, each of one daemon.
    pub fn recordings(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(&self.folder).unwrap().map(|file| file.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|kind| kind == "flight")).collect()
    }

    /// A host that runs something else, from its first step on.
    pub fn other<F: Future<Output = turmoil::Result> + 'static>(
        &mut self,
        ip: Ipv4Addr,
        serve: impl Fn() -> F + 'static,
    ) {
        self.sim.host(IpAddr::V4(ip), serve);
    }

    /// Everything is mended and nothing happens any more: then one is master, it alone has the address, and nobody changes.
    pub fn agrees(&mut self) {
        let settling = u64::try_from(SETTLING.as_millis()).unwrap();
        self.run(2 * settling);
        let before = self.log.borrow().lines.len();
        self.run(5_000);
        assert_eq!(self.log.borrow().lines.len(), before, "agreement: it goes on\n{}", self.story());
        assert_eq!(self.masters().len(), 1, "agreement\n{}", self.story());
        assert_eq!(self.holders(), self.masters(), "agreement\n{}", self.story());
        self.accept_all();
    }

    /// `adverts-accepted`: no daemon that runs has refused a packet since its start.
    fn accept_all(&mut self) {
        let ask = |machine: &Shared| {
            let (back, answer) = oneshot::channel();
            machine.borrow().asks.as_ref()?.try_send(Ask::Request(Request::Status, back)).ok()?;
            Some(answer)
        };
        let answers: Vec<_> = self.machines.iter().filter_map(ask).collect();
        assert!(!answers.is_empty(), "nobody runs");
        self.run(10);
        for mut answer in answers {
            let status = serde_json::to_value(answer.try_recv().expect("an answer")).unwrap();
            assert!(status.to_string().contains("checksum-errors"), "they are counted: {status}");
            assert_eq!(errors(&status), [], "adverts-accepted\n{}", self.story());
        }
    }

    pub fn masters(&self) -> Vec<String> {
        let masters = self.machines.iter().filter(|machine| is_master(machine, "VI_1"));
        masters.map(|machine| machine.borrow().name.clone()).collect()
    }

    /// Who has the address 192.168.0.100, daemon or no daemon.
    pub fn holders(&self) -> Vec<String> {
        let vip = vrrplab_engine::model::IfAddr { ip: [192, 168, 0, 100].into(), prefix: 24 };
        let holders = self.machines.iter().filter(|machine| machine.borrow().holds(&vip));
        holders.map(|machine| machine.borrow().name.clone()).collect()
    }

    /// All that happened, with seconds and tenths.
    pub fn story(&self) -> String {
        let line = |(at, line): &(Duration, String)| format!("{}.{} {line}", at.as_secs(), at.subsec_millis() / 100);
        self.log.borrow().lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// All that happened, to the millisecond.
    pub fn exact(&self) -> Vec<(Duration, String)> {
        self.log.borrow().lines.clone()
    }

    /// The changes of state since so many milliseconds: tenths of seconds, host, state, rule.
    pub fn changes(&self, since: u64) -> Vec<String> {
        let log = self.log.borrow();
        let wanted =
            log.lines.iter().filter(|(at, line)| *at >= Duration::from_millis(since) && line.contains(" VI_1 "));
        let wanted = wanted.filter(|(_, line)| !line.contains("priority"));
        wanted
            .map(|(at, line)| format!("{}.{} {}", at.as_secs(), at.subsec_millis() / 100, line.replace(" VI_1", "")))
            .collect()
    }

    /// The address of a host.
    pub fn ip(&self, host: usize) -> IpAddr {
        IpAddr::V4(self.machines[host].borrow().ip)
    }

    fn say(&self, host: usize, what: &str) {
        self.log.borrow_mut().at = self.sim.elapsed();
        self.machines[host].borrow().say(what);
    }

    /// The power fails.
    pub fn crash(&mut self, host: usize) {
        self.say(host, "crashes");
        self.sim.crash(self.ip(host));
        self.machines[host].borrow_mut().loses_power();
    }

    /// The daemon is killed; the kernel keeps what it has.
    pub fn kill(&mut self, host: usize) {
        self.say(host, "is killed");
        self.sim.crash(self.ip(host));
        self.machines[host].borrow_mut().ends();
    }

    /// The daemon is started again.
    pub fn bounce(&mut self, host: usize) {
        self.log.borrow_mut().at = self.sim.elapsed();
        self.sim.bounce(self.ip(host));
    }

    /// A signal.
    pub fn signal(&mut self, host: usize, word: Word) {
        self.say(host, &format!("is told {word:?}"));
        self.machines[host].borrow_mut().signal(word);
    }

    /// Another configuration, for the next start or reload.
    pub fn configure(&self, host: usize, text: &str) {
        fs::write(&self.machines[host].borrow().config, text).unwrap();
    }

    pub fn carrier(&mut self, host: usize, up: bool) {
        self.say(host, if up { "has carrier" } else { "has no carrier" });
        self.machines[host].borrow_mut().carrier(up);
    }

    /// Nothing passes between two hosts.
    pub fn part(&mut self, a: usize, b: usize) {
        self.say(a, &format!("is parted from r{}", b + 1));
        self.cuts.extend([(a, b), (b, a)]);
        self.sim.partition(self.ip(a), self.ip(b));
    }

    /// Nothing passes from one host to another.
    pub fn cut(&mut self, from: usize, to: usize) {
        self.say(from, &format!("is not heard by r{}", to + 1));
        self.cuts.insert((from, to));
        self.sim.partition_oneway(self.ip(from), self.ip(to));
    }

    /// What is sent between two hosts waits.
    pub fn hold(&mut self, a: usize, b: usize) {
        self.say(a, &format!("waits for r{}", b + 1));
        self.cuts.extend([(a, b), (b, a)]);
        self.sim.hold(self.ip(a), self.ip(b));
    }

    /// What has waited arrives.
    pub fn release(&mut self, a: usize, b: usize) {
        self.say(a, &format!("waits no more for r{}", b + 1));
        self.joined(a, b);
        self.sim.release(self.ip(a), self.ip(b));
    }

    /// Everything passes again, both ways.
    pub fn join(&mut self, a: usize, b: usize) {
        self.say(a, &format!("is joined with r{}", b + 1));
        self.joined(a, b);
        self.sim.repair(self.ip(a), self.ip(b));
    }

    fn joined(&mut self, a: usize, b: usize) {
        self.cuts.remove(&(a, b));
        self.cuts.remove(&(b, a));
    }
}

/// The counters of errors in a report that are not zero.
fn errors(report: &serde_json::Value) -> Vec<(String, u64)> {
    let of = |(name, value): (&String, &serde_json::Value)| match value.as_u64() {
        Some(count) if name.ends_with("-errors") && count > 0 => vec![(name.clone(), count)],
        _ => errors(value),
    };
    match report {
        serde_json::Value::Object(fields) => fields.iter().flat_map(of).collect(),
        serde_json::Value::Array(items) => items.iter().flat_map(errors).collect(),
        _ => Vec::new(),
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A host: as `vrrplabd` starts, but for the system below and the door of its operators.
async fn serve(machine: Shared) -> turmoil::Result {
    let ground = Ground::open(&machine).await?;
    let (config, name) = (machine.borrow().config.clone(), machine.borrow().name.clone());
    let source = Source::new(&config, Some(&name));
    let read = source.read(ground.table().interfaces())?;
    let model = read.model.ok_or_else(|| read.report.render(false))?;
    let (desk, asks) = mpsc::channel(MOST_ASKS);
    let operators = TcpListener::bind(("0.0.0.0", CONTROL)).await?;
    tokio::spawn(control::serve(Door(operators), desk.clone()));
    machine.borrow_mut().starts(&model, desk.clone());
    let recording = machine.borrow_mut().next_recording();
    let recorder = recording.map(|path| Recorder::open(&path, DEFAULT_LIMIT)).transpose()?;
    let recorder = recorder.map(|mut recorder| {
        recorder.begin(ground.now(), 0, read.configuration);
        recorder
    });
    let mut daemon = Daemon::start_on(ground, source, model, recorder);
    daemon.hear_operators(asks);
    spawn_local(follow(machine.clone(), desk));
    daemon.run().await?;
    machine.borrow_mut().ends();
    machine.borrow().say("has stopped");
    Ok(())
}

/// Hears every decision, as `vrrplab ctl trace` does.
async fn follow(machine: Shared, desk: mpsc::Sender<Ask>) {
    let (news, mut told) = mpsc::channel(MOST_UNREAD);
    let (back, answer) = oneshot::channel();
    if desk.send(Ask::Follow(news, back)).await.is_ok() && answer.await.is_ok() {
        while let Some(told) = told.recv().await {
            machine.borrow_mut().told(&told);
        }
    }
}
