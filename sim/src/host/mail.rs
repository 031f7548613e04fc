//! What a mail server says: as much of SMTP as its clients need to see that it is there.

/// Whether it closes the connection after this greeting, as 421 means. After 554 it waits for QUIT.
pub(super) fn leaves(greeting: &str) -> bool {
    greeting.starts_with("421")
}

/// The answer to one line of a client, and whether it is the last.
pub(super) fn answer(greeting: &str, line: &[u8], name: &str) -> (String, bool) {
    let line = String::from_utf8_lossy(line);
    let verb = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    match verb.as_str() {
        "QUIT" => (format!("221 {name} closing\r\n"), true),
        _ if !greeting.starts_with("220") => ("503 no service here\r\n".into(), false),
        "HELO" | "EHLO" => (format!("250 {name}\r\n"), false),
        "NOOP" | "RSET" => ("250 OK\r\n".into(), false),
        _ => ("502 not implemented\r\n".into(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_greets_with_220_answers_and_one_that_does_not_only_lets_go() {
        let well = |line: &[u8]| answer("220 mx", line, "mx");
        assert_eq!(well(b"EHLO there\r\n"), ("250 mx\r\n".into(), false));
        assert_eq!(well(b"quit\r\n"), ("221 mx closing\r\n".into(), true));
        assert_eq!(well(b"MAIL FROM:<a@b>\r\n"), ("502 not implemented\r\n".into(), false));
        assert_eq!(answer("554 no", b"HELO there\r\n", "mx"), ("503 no service here\r\n".into(), false));
        assert_eq!(answer("554 no", b"QUIT\r\n", "mx"), ("221 mx closing\r\n".into(), true));
        assert!(leaves("421 busy") && !leaves("554 no") && !leaves("220 mx"));
    }
}
