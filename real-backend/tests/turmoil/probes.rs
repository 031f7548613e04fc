//! Health checks by the production probes, over the simulated network: servers that crash and come back, and that hold back; and
//! the sync daemons of a pair of directors.
use std::net::{IpAddr, Ipv4Addr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use turmoil::net::{TcpListener, UdpSocket};
use vrrplab_real::system::Word;

use crate::lab::{Lab, instance};

pub const WEB: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 168, 0, 11), Ipv4Addr::new(192, 168, 0, 12)];
/// By then every server has been judged: a delay of 2 s, an attempt of 1 s, a pause of 1 s, an attempt of 1 s.
pub const ROUND: u64 = 6_000;
const NAMES: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 13);

/// Pages for whoever asks.
async fn pages() -> turmoil::Result {
    let listener = TcpListener::bind("0.0.0.0:80").await?;
    loop {
        let (mut stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            let mut request = [0; 1024];
            // a check of the port alone says nothing
            if stream.read(&mut request).await.is_ok_and(|length| length > 0) {
                let _ = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nwelcome\n").await;
            }
        });
    }
}

/// Answers each datagram.
async fn datagrams() -> turmoil::Result {
    let socket = UdpSocket::bind("0.0.0.0:53").await?;
    let mut room = [0; 512];
    loop {
        let (_, from) = socket.recv_from(&mut room).await?;
        socket.send_to(&[0x22, 0x33], from).await?;
    }
}

/// A director with two web servers and a name server, before it begins.
pub fn director() -> Lab {
    let patience = "connect_timeout 1\n retry 1\n delay_before_retry 1\n delay_loop 2\n";
    let tcp = format!("real_server {} 80 {{\n weight 1\n TCP_CHECK {{\n {patience} }}\n}}\n", WEB[0]);
    let url = "url {\n path /\n status_code 200\n }\n";
    let http = format!("real_server {} 80 {{\n weight 2\n HTTP_GET {{\n {url}{patience} }}\n}}\n", WEB[1]);
    let asks = "payload 11\n require_reply 22\n";
    let udp = format!("real_server {NAMES} 53 {{\n weight 3\n UDP_CHECK {{\n {asks}{patience} }}\n}}\n");
    let web = format!("virtual_server 192.168.0.100 80 {{\n lb_algo rr\n lb_kind DR\n protocol TCP\n {tcp}{http}}}\n");
    let names = format!("virtual_server 192.168.0.100 53 {{\n lb_algo rr\n lb_kind DR\n protocol UDP\n {udp}}}\n");
    let mut lab = Lab::new(5, &[format!("{}{web}{names}", instance(150, ""))]);
    lab.other(WEB[0], pages);
    lab.other(WEB[1], pages);
    lab.other(NAMES, datagrams);
    lab
}

/// The same when all are well.
pub fn balancer() -> Lab {
    let mut lab = director();
    lab.until(10_000);
    assert_eq!(servers(&lab), ALL, "{}", lab.story());
    lab
}

const ALL: [&str; 3] = ["192.168.0.11:80 1", "192.168.0.12:80 2", "192.168.0.13:53 3"];

fn servers(lab: &Lab) -> Vec<String> {
    lab.machines[0].borrow().servers()
}

#[test]
fn crashed_servers_leave_the_table_and_come_back() {
    let mut lab = balancer();
    for (at, server) in [WEB[0], WEB[1], NAMES].into_iter().enumerate() {
        lab.sim.crash(IpAddr::V4(server));
        lab.run(ROUND);
        let others = ALL.iter().enumerate().filter(|(one, _)| *one != at).map(|(_, line)| *line);
        assert_eq!(servers(&lab), others.collect::<Vec<_>>(), "{}", lab.story());
        lab.sim.bounce(IpAddr::V4(server));
        lab.run(ROUND);
        assert_eq!(servers(&lab), ALL, "{}", lab.story());
    }
}

#[test]
fn a_server_behind_a_wire_that_holds_back_is_as_good_as_dead() {
    let mut lab = balancer();
    let r1 = Ipv4Addr::new(192, 168, 0, 1);
    lab.sim.hold(IpAddr::V4(r1), IpAddr::V4(WEB[1]));
    lab.run(ROUND);
    assert_eq!(servers(&lab), [ALL[0], ALL[2]], "{}", lab.story());
    lab.sim.release(IpAddr::V4(r1), IpAddr::V4(WEB[1]));
    lab.run(ROUND);
    assert_eq!(servers(&lab), ALL, "{}", lab.story());
    lab.sim.partition(IpAddr::V4(r1), IpAddr::V4(WEB[0]));
    lab.run(ROUND);
    assert_eq!(servers(&lab), [ALL[1], ALL[2]], "{}", lab.story());
}

#[test]
fn a_killed_daemon_leaves_its_servers_in_the_table_and_the_next_one_finds_them() {
    let mut lab = balancer();
    lab.kill(0);
    lab.run(1_000);
    assert_eq!(servers(&lab), ALL);
    lab.sim.crash(IpAddr::V4(WEB[0]));
    lab.bounce(0);
    lab.run(ROUND);
    assert_eq!(servers(&lab), [ALL[1], ALL[2]], "{}", lab.story());
    lab.signal(0, Word::Stop);
    lab.run(1_000);
    assert!(servers(&lab).is_empty(), "{}", lab.story());
}

#[test]
fn the_sync_daemon_follows_the_instance_and_ends_in_the_role_that_it_has() {
    let directors = [150, 100].map(|priority| {
        let globals = "global_defs {\n lvs_sync_daemon eth0 VI_1\n}\n";
        format!("{globals}{}", instance(priority, ""))
    });
    let mut lab = Lab::new(5, &directors);
    lab.until(10_000);
    lab.signal(0, Word::Stop);
    lab.run(5_000);
    lab.signal(1, Word::Stop);
    lab.run(1_000);
    let story = lab.story();
    let roles = |name: &str| {
        let of_it = story.lines().filter_map(|line| line.split_once(&format!("{name} sync: ")));
        of_it.map(|(_, what)| what.to_owned()).collect::<Vec<_>>()
    };
    // the kernel gives no answer about a daemon that is stopped before it has begun: none begins at the end
    let all = ["start backup", "stop backup", "start master", "stop master"];
    assert_eq!(
        (roles("r1"), roles("r2")),
        (all.map(str::to_owned).to_vec(), all.map(str::to_owned).to_vec()),
        "{story}"
    );
}
