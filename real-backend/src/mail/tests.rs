//! Mails to servers that take them, refuse them, hang, or are not there.
use std::future::poll_fn;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use vrrplab_engine::Span;

use super::*;

/// What a mail server says at a step of the talk; it says `250 well` to all else. An empty word: it says nothing more.
type Words = &'static [(&'static str, &'static str)];

/// The lines that a mail server was told, those of one connection after the other.
struct Sink {
    port: u16,
    heard: UnboundedReceiver<String>,
}

impl Sink {
    async fn open(words: Words) -> Sink {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, heard) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, words, tell.clone()));
            }
        });
        Sink { port, heard }
    }

    /// All that was said up to now, but for the lines that are the same in every mail.
    fn heard(&mut self) -> Vec<String> {
        let mut lines: Vec<String> = std::iter::from_fn(|| self.heard.try_recv().ok()).collect();
        lines.retain(|line| !["Date:", "MIME-", "Content-", "User-Agent:"].iter().any(|begin| line.starts_with(begin)));
        lines
    }

    fn subjects(&mut self) -> Vec<String> {
        self.heard().iter().filter_map(|line| line.strip_prefix("Subject: ").map(str::to_owned)).collect()
    }
}

async fn serve(stream: TcpStream, words: Words, tell: UnboundedSender<String>) {
    let mut stream = BufReader::new(stream);
    let (mut line, mut text, mut step) = (String::new(), false, "greeting".to_owned());
    loop {
        let said = words.iter().find(|(at, _)| *at == step).map(|(_, said)| *said);
        let said = said.unwrap_or(match step.as_str() {
            "greeting" => "220 sink",
            "DATA" => "354 go on",
            _ => "250 well",
        });
        match said {
            "" => std::future::pending().await,
            _ if text && step != "." => {}
            said => stream.write_all(format!("{said}\r\n").as_bytes()).await.unwrap(),
        }
        text = (text || (step == "DATA" && said.starts_with('3'))) && step != ".";
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let told = line.trim_end_matches("\r\n");
        step = if text { told.to_owned() } else { told.split([' ', ':']).next().unwrap_or("").to_owned() };
        let _ = tell.send(told.to_owned());
    }
}

fn settings(port: u16) -> globals::Mail {
    globals::Mail {
        to: vec!["admin@example.com".into(), "ops@example.com".into()],
        from: Some("lb1@example.com".into()),
        server: Some(("127.0.0.1".into(), port)),
        helo: Some("lb1.example".into()),
        timeout: Some(Span::from_millis(300)),
        ..globals::Mail::default()
    }
}

fn letter(end: &str) -> Letter {
    Letter { subject: format!("[LB1] VRRP Instance VI_1 - {end}"), body: "=> so it is <=".into() }
}

fn play<T>(story: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(story)
}

/// Waits until every mail is delivered or given up.
async fn all_done(mails: &mut Mails) {
    while !mails.is_idle() {
        poll_fn(|cx| mails.poll_sent(cx)).await;
    }
}

#[test]
fn a_mail_goes_to_all_who_are_named() {
    play(async {
        let mut sink = Sink::open(&[]).await;
        let mut mails = Mails::default();
        mails.send("backup-timer-expired", &settings(sink.port), &letter("Entering MASTER state"));
        assert!(!mails.is_idle());
        all_done(&mut mails).await;
        assert_eq!(
            sink.heard(),
            [
                "EHLO lb1.example",
                "MAIL FROM:<lb1@example.com>",
                "RCPT TO:<admin@example.com>",
                "RCPT TO:<ops@example.com>",
                "DATA",
                "From: lb1@example.com",
                "Subject: [LB1] VRRP Instance VI_1 - Entering MASTER state",
                "To: admin@example.com, ops@example.com",
                "",
                "=> so it is <=",
                "",
                ".",
                "QUIT",
            ]
        );
    });
}

#[test]
fn mails_arrive_in_the_order_in_which_they_were_decided() {
    play(async {
        let mut sink = Sink::open(&[]).await;
        let mut mails = Mails::default();
        let ends: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        for end in &ends {
            mails.send("rule", &settings(sink.port), &letter(end));
        }
        all_done(&mut mails).await;
        let subjects = sink.subjects();
        assert_eq!(subjects, ends.iter().map(|end| letter(end).subject).collect::<Vec<_>>());
    });
}

/// As one line, however long: filters look for keepalived's words.
#[test]
fn subject_and_text_are_neither_folded_nor_encoded() {
    let server = "Realserver [10.9.0.11]:tcp:80 of virtual server [10.99.0.1]:tcp:80 - DOWN";
    let failed = "=> CHECK failed on service : Could not connect to server [2001:db8::1234:5678]:2525 <=";
    let letter = Letter { subject: format!("[LB1] {server}"), body: failed.into() };
    let parcel = Parcel::new("rule", &settings(25), &letter, &Sender::of_host()).unwrap();
    let text = String::from_utf8(parcel.bytes).unwrap();
    assert!(text.contains(&format!("\r\nSubject: [LB1] {server}\r\n")), "{text}");
    assert!(text.ends_with(&format!("\r\n\r\n{failed}\r\n")), "{text}");
}

/// What the server of each line does; the mail is given up with these words.
#[test]
fn each_step_can_fail() {
    let cases: [(Words, &str); 8] = [
        (&[("greeting", "421 too busy")], "it does not greet: transient error (421)"),
        (&[("greeting", "554 go away")], "it does not greet: permanent error (554)"),
        (&[("greeting", "")], "it does not greet: nothing for 0 s"),
        (&[("EHLO", "")], "it does not greet: nothing for 0 s"),
        (&[("MAIL", "450 later")], "it does not take the mail: transient error (450)"),
        (&[("RCPT", "550 nobody")], "it does not take the mail: permanent error (550)"),
        (&[("DATA", "")], "it does not take the mail: nothing for 0 s"),
        (&[(".", "554 spam")], "it does not take the mail: permanent error (554)"),
    ];
    play(async {
        for (words, why) in cases {
            let sink = Sink::open(words).await;
            let parcel = Parcel::new("rule", &settings(sink.port), &letter("DOWN"), &Sender::of_host()).unwrap();
            let said = talk::deliver(&parcel).await.unwrap_err();
            assert!(said.starts_with(why), "{words:?}: {said}");
        }
        let parcel = Parcel::new("rule", &settings(1), &letter("DOWN"), &Sender::of_host()).unwrap();
        let said = talk::deliver(&parcel).await.unwrap_err();
        assert!(said.starts_with("it cannot be reached: Connection refused"), "{said}");
    });
}

#[test]
fn a_server_that_does_not_say_goodbye_has_the_mail_all_the_same() {
    play(async {
        let mut sink = Sink::open(&[("QUIT", "")]).await;
        let parcel = Parcel::new("rule", &settings(sink.port), &letter("UP"), &Sender::of_host()).unwrap();
        assert_eq!(talk::deliver(&parcel).await, Ok(()));
        assert_eq!(sink.subjects(), [letter("UP").subject]);
    });
}

/// The mail after one that is given up gets a connection of its own.
#[test]
fn a_mail_that_is_lost_does_not_keep_the_next_one() {
    play(async {
        let mut mute = Sink::open(&[("MAIL", "")]).await;
        let mut sink = Sink::open(&[]).await;
        let mut mails = Mails::default();
        mails.send("rule", &settings(mute.port), &letter("1"));
        mails.send("rule", &settings(sink.port), &letter("2"));
        all_done(&mut mails).await;
        assert_eq!(mute.heard(), ["EHLO lb1.example", "MAIL FROM:<lb1@example.com>"]);
        assert_eq!(sink.subjects(), [letter("2").subject]);
    });
}

#[test]
fn so_many_mails_wait_and_no_more() {
    play(async {
        let sink = Sink::open(&[("greeting", "")]).await;
        let mut mails = Mails::default();
        for n in 0..MOST_WAITING + 10 {
            mails.send("rule", &settings(sink.port), &letter(&n.to_string()));
        }
        assert_eq!((mails.sending.len(), mails.waiting.len()), (1, MOST_WAITING));
        assert!(mails.full);
        mails.close();
        assert!(mails.waiting.is_empty());
    });
}

#[test]
fn what_is_not_said_is_the_host_and_the_user() {
    let sender = Sender { user: "root".into(), host: "lb1".into() };
    let settings = globals::Mail { to: vec!["admin".into()], from: None, helo: None, timeout: None, ..settings(25) };
    let parcel = Parcel::new("rule", &settings, &letter("UP"), &sender).unwrap();
    assert_eq!(
        (parcel.hello.as_str(), parcel.patience.as_secs(), parcel.server().as_str()),
        ("lb1", 30, "[127.0.0.1]:25")
    );
    assert_eq!(parcel.envelope.from().map(ToString::to_string).as_deref(), Some("root@lb1"));
    assert_eq!(parcel.envelope.to().iter().map(ToString::to_string).collect::<Vec<_>>(), ["admin@lb1"]);
}

#[test]
fn what_is_no_address_and_what_would_be_another_header_is_refused_or_written_otherwise() {
    let sender = Sender { user: "root".into(), host: "lb1".into() };
    let wrong = globals::Mail { to: vec!["a b@@c".into()], ..settings(25) };
    let why = Parcel::new("rule", &wrong, &letter("UP"), &sender).unwrap_err();
    assert!(why.starts_with("`a b@@c` is no address: "), "{why}");
    let named = globals::Mail { to: vec!["Joe Doe <joe@example.com>".into()], ..settings(25) };
    let parcel = Parcel::new("rule", &named, &letter("Größe\r\nBcc: x@y"), &sender).unwrap();
    assert_eq!(parcel.envelope.to().iter().map(ToString::to_string).collect::<Vec<_>>(), ["joe@example.com"]);
    let text = String::from_utf8(parcel.bytes).unwrap();
    assert!(text.contains("=?utf-8?b?"), "{text}");
    assert!(!text.contains("\nBcc:"), "{text}");
}
