//! Servers that take their time, on a clock that passes when nobody has anything to do.
use tokio::io::{DuplexStream, duplex};
use tokio::time::{Instant, sleep};
use vrrplab_engine::health::judge_answer::smtp_line;

use super::*;

/// Runs a story in no time; how many seconds of its own it took comes with what it says.
fn play_fast<T>(story: impl Future<Output = T>) -> (T, u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let begun = Instant::now();
        let said = story.await;
        (said, begun.elapsed().as_secs())
    })
}

fn pace() -> Pace {
    Pace::new(Span::from_secs(5))
}

/// Says so many bytes, one after each pause, and then keeps the connection open.
fn drip(text: Vec<u8>, pause: Duration) -> DuplexStream {
    let (near, mut far) = duplex(1024);
    tokio::spawn(async move {
        for byte in text {
            sleep(pause).await;
            if far.write_all(&[byte]).await.is_err() {
                return;
            }
        }
        sleep(Duration::from_secs(3600)).await;
    });
    near
}

/// Each byte is a step that is well in time, but all of them together may take ten timeouts.
#[test]
fn a_server_that_says_a_byte_a_second_is_given_up_in_the_end() {
    let (answer, seconds) = play_fast(async {
        let mut stream = drip(vec![b'x'; 1000], Duration::from_secs(1));
        http::fetch(&mut stream, b"GET / HTTP/1.0\r\n\r\n", &pace()).await
    });
    assert_eq!((answer, seconds), (Answer::TimedOut, 50));
}

#[test]
fn a_server_that_says_everything_and_does_not_close_fails_after_its_last_word() {
    let (answer, seconds) = play_fast(async {
        let mut stream = drip(b"HTTP/1.0 200 OK\r\n\r\n".to_vec(), Duration::from_millis(100));
        http::fetch(&mut stream, b"GET / HTTP/1.0\r\n\r\n", &pace()).await
    });
    assert_eq!((answer, seconds), (Answer::TimedOut, 6), "19 bytes take 1.9 s, then 5 s pass");
}

#[test]
fn a_server_that_does_not_read_is_given_up() {
    let (answer, seconds) = play_fast(async {
        let (mut near, _far) = duplex(8);
        http::fetch(&mut near, b"GET / HTTP/1.0\r\n\r\n", &pace()).await
    });
    assert_eq!((answer, seconds), (Answer::TimedOut, 5));
}

#[test]
fn a_mail_server_that_falls_silent_stalls() {
    let says = vec![b"HELO lb\r\n".to_vec(), b"QUIT\r\n".to_vec()];
    let (answer, seconds) = play_fast(async {
        let mut stream = drip(b"220 hi\r\n".to_vec(), Duration::from_millis(250));
        smtp::dialogue(&mut stream, &says, &pace()).await
    });
    assert_eq!((answer, seconds), (Answer::Stalled, 7), "eight bytes take 2 s, then 5 s pass");
}

#[test]
fn a_line_without_end_counts_as_it_is() {
    let ((answer, good), _) = play_fast(async {
        let (mut near, mut far) = duplex(4096);
        far.write_all(&[b'2'; 4000]).await.unwrap();
        let answer = smtp::dialogue(&mut near, &[b"HELO lb\r\n".to_vec()], &pace()).await;
        let Answer::Lines(lines) = answer else { panic!("no lines") };
        (lines.len(), smtp_line(0, &lines[0]))
    });
    assert_eq!((answer, good), (1, false));
}
