//! turmoil at this work: UDP to a multicast group, one task a host, a tick of a tenth of a second.
use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use peers::{BYTES, PORT, Work, patience};
use tokio::time::{interval, sleep};
use turmoil::net::UdpSocket;

const GROUP: Ipv4Addr = Ipv4Addr::new(239, 0, 0, 18);

#[derive(Clone, Default)]
struct Counts {
    delivered: Rc<Cell<u64>>,
    expired: Rc<Cell<u64>>,
}

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let work = Work::wanted()?;
    let counts = Counts::default();
    let mut sim = turmoil::Builder::new()
        .simulation_duration(Duration::from_secs(work.seconds + 10))
        .tick_duration(Duration::from_millis(100))
        .min_message_latency(Duration::from_micros(100))
        .max_message_latency(Duration::from_micros(100))
        .udp_capacity(4096)
        .build();
    for number in 0..work.hosts {
        sim.client(format!("host{number}"), host(number, work, counts.clone()));
    }
    let began = Instant::now();
    sim.run()?;
    Work::tell(counts.delivered.get(), counts.expired.get(), began.elapsed());
    Ok(())
}

async fn host(number: u32, work: Work, counts: Counts) -> Result<(), Failure> {
    let socket = UdpSocket::bind((IpAddr::V4(Ipv4Addr::UNSPECIFIED), PORT)).await?;
    socket.join_multicast_v4(GROUP, Ipv4Addr::UNSPECIFIED)?;
    socket.set_multicast_loop_v4(false)?;
    let sends = number == 0;
    let mut next = interval(Duration::from_secs(1));
    next.tick().await;
    let timer = sleep(patience(number));
    let end = sleep(Duration::from_millis(1000 * work.seconds + 500));
    tokio::pin!(timer, end);
    let mut buffer = [0; 64];
    loop {
        tokio::select! {
            biased;
            got = socket.recv_from(&mut buffer) => {
                got?;
                counts.delivered.set(counts.delivered.get() + 1);
                timer.as_mut().reset(tokio::time::Instant::now() + patience(number));
            }
            () = &mut timer, if !sends => {
                counts.expired.set(counts.expired.get() + 1);
                timer.as_mut().reset(tokio::time::Instant::now() + patience(number));
            }
            _ = next.tick(), if sends => {
                socket.send_to(&BYTES, (GROUP, PORT)).await?;
            }
            () = &mut end => return Ok(()),
        }
    }
}
