//! Operators ask over the simulated network, by the code that serves the unix socket: while the daemon changes, dies and is
//! not to be reached.
use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::time::{Instant, sleep, sleep_until};
use turmoil::net::TcpStream;
use vrrplab_engine::lvs::{IpvsCommand, Virtual};
use vrrplab_engine::model::lvs::{Endpoint, Protocol};
use vrrplab_formats::control::{Answer, Checked, Request, Said};
use vrrplab_formats::ipvsadm;
use vrrplab_real::control::{MOST_CLIENTS, PATIENCE};

use crate::lab::{CONTROL, Lab, instance};
use crate::probes::{ROUND, WEB, balancer};

const OPERATOR: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 99);
const R1: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 168, 0, 1), CONTROL);

type Notes = Rc<RefCell<Vec<String>>>;

fn two() -> Lab {
    Lab::new(6, &[instance(150, ""), instance(100, "")])
}

async fn say(stream: &mut BufReader<TcpStream>, request: Request) -> std::io::Result<()> {
    stream.write_all(format!("{}\n", request.line()).as_bytes()).await
}

async fn hear(stream: &mut BufReader<TcpStream>) -> Option<Said> {
    let mut line = String::new();
    let length = stream.read_line(&mut line).await.ok()?;
    (length > 0).then(|| serde_json::from_str::<Answer>(&line).expect("an answer").said)
}

/// An operator comes, does this, and keeps notes.
fn operator<F: Future<Output = turmoil::Result> + 'static>(lab: &mut Lab, does: impl FnOnce(Notes) -> F) -> Notes {
    let notes = Notes::default();
    lab.sim.client(OPERATOR, does(notes.clone()));
    notes
}

/// An operator asks r1 the same again and again, each time after a pause in milliseconds, and notes what came of it.
fn asks<const N: usize>(lab: &mut Lab, request: Request, pauses: [u64; N]) -> Notes {
    operator(lab, async move |own| {
        for pause in pauses {
            sleep(Duration::from_millis(pause)).await;
            let answer = ask(request).await;
            own.borrow_mut().push(answer);
        }
        Ok(())
    })
}

/// One question to r1, and what came of it.
async fn ask(request: Request) -> String {
    let Ok(stream) = TcpStream::connect(R1).await else { return "nobody listens".into() };
    let mut stream = BufReader::new(stream);
    if say(&mut stream, request).await.is_err() {
        return "nobody hears".into();
    }
    match hear(&mut stream).await {
        Some(Said::Status(status)) => {
            let state = &status.instances[0];
            format!("{} {}", state.name, serde_json::to_value(state).unwrap()["state"].as_str().unwrap_or("?"))
        }
        Some(Said::Reload(reloaded)) => format!("reloaded {}", reloaded.instances),
        Some(Said::Ipvs(table)) => {
            let up = |server: &&Checked| server.up;
            let names = |state: &dyn Fn(&&Checked) -> bool| {
                let servers = table.checked.iter().filter(|server| state(server));
                servers.map(|server| server.server.clone()).collect::<Vec<_>>().join(" ")
            };
            format!("{}up: {}; down: {}", ipvsadm::table(&table), names(&up), names(&|server| !up(server)))
        }
        Some(Said::Drift(drift)) => format!("missing: {}", drift.commands.join(", ")),
        Some(Said::Error(refused)) => format!("refused: {:?}", refused.code),
        Some(other) => format!("{other:?}"),
        None => "no answer".into(),
    }
}

#[test]
fn operators_are_answered_whatever_state_the_daemon_is_in() {
    let mut lab = two();
    let notes = operator(&mut lab, async move |own| {
        let begun = Instant::now();
        for (at, request) in [
            (1, Request::Status),
            (5, Request::Status),
            (6, Request::Reload),
            (7, Request::Reload),
            (11, Request::Status), // r1 is without carrier
        ] {
            sleep_until(begun + Duration::from_secs(at)).await;
            let answer = ask(request).await;
            own.borrow_mut().push(format!("{at} {answer}"));
        }
        Ok(())
    });
    lab.until(6_500);
    lab.configure(0, "vrrp_instance VI_1 {\n interface eth7\n}\n");
    lab.until(10_000);
    lab.carrier(0, false);
    lab.until(12_000);
    let expected =
        ["1 VI_1 BACKUP", "5 VI_1 MASTER", "6 reloaded 1", "7 refused: ConfigurationRefused", "11 VI_1 FAULT"];
    assert_eq!(*notes.borrow(), expected, "{}", lab.story());
}

#[test]
fn the_table_is_the_kernels_and_servers_that_have_left_it_are_told_to_be_down() {
    let mut lab = balancer();
    let notes = asks(&mut lab, Request::Ipvs, [0, ROUND]);
    lab.run(100);
    lab.sim.crash(std::net::IpAddr::V4(WEB[0]));
    lab.run(ROUND + 1_000);
    let heads = "Prot LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n";
    let server = |at: &str, weight: u32| format!("  -> {at:<28} Route   {weight}      0          0         \n");
    let table = |servers: &str| {
        let names = server("192.168.0.13:53", 3);
        format!("{heads}TCP  192.168.0.100:80 rr\n{servers}UDP  192.168.0.100:53 rr\n{names}")
    };
    let (first, second) = (server("192.168.0.11:80", 1), server("192.168.0.12:80", 2));
    let (one, two, names) = ("[192.168.0.11]:tcp:80", "[192.168.0.12]:tcp:80", "[192.168.0.13]:udp:53");
    let expected = [
        format!("{}up: {one} {two} {names}; down: ", table(&format!("{first}{second}"))),
        format!("{}up: {two} {names}; down: {one}", table(&second)),
    ];
    assert_eq!(*notes.borrow(), expected, "{}", lab.story());
}

#[test]
fn what_others_change_of_the_table_is_told_as_the_commands_that_would_undo_it() {
    let mut lab = balancer();
    let notes = asks(&mut lab, Request::Drift, [0, 200, ROUND]);
    lab.run(100);
    // somebody takes a server out by hand; later its host dies, and the checkers want it out as well
    let at = |last, port| Endpoint { ip: std::net::IpAddr::V4(Ipv4Addr::new(192, 168, 0, last)), port };
    let service = Virtual::Address(Protocol::Tcp, at(100, 80));
    let by_hand = IpvsCommand::DeleteDest(service, at(11, 80));
    lab.machines[0].borrow_mut().director.apply(vrrplab_engine::Instant::ZERO, &by_hand).unwrap();
    lab.run(200);
    lab.sim.crash(std::net::IpAddr::V4(WEB[0]));
    lab.run(ROUND + 1_000);
    let expected = ["missing: ", "missing: ipvsadm -a -t 192.168.0.100:80 -r 192.168.0.11:80 -g -w 1", "missing: "];
    assert_eq!(*notes.borrow(), expected, "{}", lab.story());
}

#[test]
fn where_nothing_is_balanced_the_table_is_empty() {
    let mut lab = two();
    let notes = operator(&mut lab, async move |own| {
        sleep(Duration::from_secs(1)).await;
        let mut stream = BufReader::new(TcpStream::connect(R1).await?);
        say(&mut stream, Request::Ipvs).await?;
        let said = hear(&mut stream).await.map_or_else(String::new, |said| format!("{said:?}"));
        own.borrow_mut().push(said);
        Ok(())
    });
    lab.until(2_000);
    assert_eq!(*notes.borrow(), ["Ipvs(Ipvs { services: [], checked: [] })"], "{}", lab.story());
}

#[test]
fn who_follows_the_trace_hears_everything_until_the_daemon_dies() {
    let mut lab = two();
    let notes = operator(&mut lab, async move |own| {
        sleep(Duration::from_secs(1)).await;
        let mut stream = BufReader::new(TcpStream::connect(R1).await?);
        say(&mut stream, Request::Trace).await?;
        while let Some(said) = hear(&mut stream).await {
            let what = match said {
                Said::Tracing(tracing) => format!("{} listen", tracing.listeners),
                Said::Trace(told) => told.rule,
                other => format!("{other:?}"),
            };
            own.borrow_mut().push(what);
        }
        own.borrow_mut().push("the end".into());
        Ok(())
    });
    lab.until(10_000);
    lab.carrier(0, false);
    lab.until(12_000);
    lab.carrier(0, true);
    lab.until(13_000);
    lab.crash(0);
    lab.until(14_000);
    let expected = ["2 listen", "backup-timer-expired", "fault-appears", "fault-clears", "the end"];
    assert_eq!(*notes.borrow(), expected, "{}", lab.story());
}

#[test]
fn a_question_that_is_held_back_is_answered_when_it_arrives_and_one_to_a_dead_host_is_not() {
    let mut lab = two();
    let notes = operator(&mut lab, async move |own| {
        let begun = Instant::now();
        for at in [2, 10, 20] {
            sleep_until(begun + Duration::from_secs(at)).await;
            let answer = ask(Request::Status).await;
            own.borrow_mut().push(format!("{at} {answer} at {}", begun.elapsed().as_secs()));
        }
        Ok(())
    });
    let r1 = std::net::IpAddr::V4(R1.0);
    let operator = std::net::IpAddr::V4(OPERATOR);
    lab.until(1_000);
    lab.sim.hold(operator, r1);
    lab.until(6_000);
    lab.sim.release(operator, r1);
    lab.until(8_000);
    lab.sim.partition(operator, r1);
    lab.until(15_000);
    lab.sim.repair(operator, r1);
    lab.until(22_000);
    let expected = ["2 VI_1 MASTER at 6", "10 nobody listens at 10", "20 VI_1 MASTER at 20"];
    assert_eq!(*notes.borrow(), expected, "{}", lab.story());
}

#[test]
fn silent_clients_are_sent_away_and_take_nobody_elses_place_for_long() {
    let mut lab = two();
    let notes = operator(&mut lab, async move |own| {
        sleep(Duration::from_secs(1)).await;
        let mut silent = Vec::new();
        for _ in 0..MOST_CLIENTS {
            silent.push(BufReader::new(TcpStream::connect(R1).await?));
        }
        sleep(Duration::from_millis(100)).await;
        let mut late = BufReader::new(TcpStream::connect(R1).await?);
        let Some(Said::Error(refused)) = hear(&mut late).await else { return Err("not refused".into()) };
        own.borrow_mut().push(format!("{:?}", refused.code));
        sleep(PATIENCE + Duration::from_secs(1)).await;
        let Some(Said::Error(refused)) = hear(&mut silent[0]).await else { return Err("not sent away".into()) };
        own.borrow_mut().push(format!("{:?}", refused.code));
        let answer = ask(Request::Status).await;
        own.borrow_mut().push(answer);
        Ok(())
    });
    lab.until(20_000);
    assert_eq!(*notes.borrow(), ["Busy", "TooSlow", "VI_1 MASTER"], "{}", lab.story());
    assert_eq!(lab.changes(0), ["3.4 r1 MASTER (backup-timer-expired)"], "VRRP goes on");
}
