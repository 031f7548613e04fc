//! madsim at this work: UDP to every other host, for it knows no groups.
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use madsim::net::UdpSocket;
use madsim::runtime::Runtime;
use peers::{BYTES, PORT, Work, patience};

#[derive(Default)]
struct Counts {
    delivered: AtomicU64,
    expired: AtomicU64,
}

fn main() -> Result<(), String> {
    let work = Work::wanted()?;
    let mut config = madsim::Config::default();
    config.net.send_latency = Duration::from_micros(100)..Duration::from_micros(101);
    let runtime = Runtime::with_seed_and_config(1, config);
    let counts = Arc::new(Counts::default());
    let all: Vec<SocketAddr> = (0..work.hosts).map(address).collect();
    for number in 0..work.hosts {
        let node = runtime.create_node().name(format!("host{number}")).ip(address(number).ip()).build();
        let others = all.iter().copied().filter(|other| *other != address(number)).collect();
        node.spawn(host(number, others, Arc::clone(&counts)));
    }
    let began = Instant::now();
    runtime.block_on(async move { madsim::time::sleep(Duration::from_millis(1000 * work.seconds + 500)).await });
    Work::tell(counts.delivered.load(Relaxed), counts.expired.load(Relaxed), began.elapsed());
    // not by the end of `main`, which would take every task down one by one
    std::io::stdout().flush().map_err(|why| why.to_string())?;
    std::process::exit(0)
}

fn address(host: u32) -> SocketAddr {
    (Ipv4Addr::from_bits(0x0a00_0001 + host), PORT).into()
}

async fn host(number: u32, others: Vec<SocketAddr>, counts: Arc<Counts>) {
    let socket = Arc::new(UdpSocket::bind(address(number)).await.expect("the address is this host's"));
    let sends = number == 0;
    if sends {
        let socket = Arc::clone(&socket);
        madsim::task::spawn(async move {
            let mut next = madsim::time::interval(Duration::from_secs(1));
            next.tick().await;
            loop {
                next.tick().await;
                for other in &others {
                    socket.send_to(*other, &BYTES).await.expect("the network is whole");
                }
            }
        });
    }
    let mut buffer = [0; 64];
    loop {
        match madsim::time::timeout(patience(number), socket.recv_from(&mut buffer)).await {
            Ok(got) => {
                got.expect("the network is whole");
                counts.delivered.fetch_add(1, Relaxed);
            }
            Err(_) if sends => {}
            Err(_) => {
                counts.expired.fetch_add(1, Relaxed);
            }
        }
    }
}
