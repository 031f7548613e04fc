//! What a name server answers: the question again, and one record of the type that was asked for.
use std::net::IpAddr;

use vrrplab_formats::world::Rcode;

const HEADER: usize = 12;
/// How long an answer may be kept, in seconds.
const TTL: u32 = 60;

/// The answer to a datagram; none to what is no question. The server has this address and this name.
pub(super) fn answer(asked: &[u8], rcode: Rcode, own: IpAddr, name: &str) -> Option<Vec<u8>> {
    let header = asked.get(..HEADER)?;
    let is_question = header[2] & 0x80 == 0 && header[4..6] == [0, 1];
    let end = is_question.then(|| end_of_name(asked)).flatten()?;
    let kind = asked.get(end..end + 2)?;
    let question = asked.get(HEADER..end + 4)?;
    let record = if rcode == Rcode::NoError { record([kind[0], kind[1]], own, name) } else { None };
    let mut bytes = header[..2].to_vec();
    // An answer; the question's opcode and wish for recursion; recursion is available.
    bytes.extend([0x80 | (header[2] & 0x79), 0x80 | rcode as u8, 0, 1, 0, u8::from(record.is_some()), 0, 0, 0, 0]);
    bytes.extend(question);
    if let Some(data) = record {
        // The name is the one at the beginning of the question.
        bytes.extend([0xc0, 12, kind[0], kind[1], 0, 1]);
        bytes.extend(TTL.to_be_bytes());
        bytes.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        bytes.extend(data);
    }
    Some(bytes)
}

/// Where the name of the first question ends.
fn end_of_name(asked: &[u8]) -> Option<usize> {
    let mut at = HEADER;
    loop {
        match usize::from(*asked.get(at)?) {
            0 => return Some(at + 1),
            length @ 1..=63 => at += 1 + length,
            _ => return None,
        }
    }
}

/// What a record of this type holds; none of types that this server has nothing of.
fn record(kind: [u8; 2], own: IpAddr, name: &str) -> Option<Vec<u8>> {
    let host = || {
        let name = &name.as_bytes()[..name.len().min(63)];
        [&[name.len() as u8], name, &[0]].concat()
    };
    match (u16::from_be_bytes(kind), own) {
        (1, IpAddr::V4(ip)) => Some(ip.octets().to_vec()),
        (28, IpAddr::V6(ip)) => Some(ip.octets().to_vec()),
        // NS and CNAME
        (2 | 5, _) => Some(host()),
        // SOA: server, mailbox, and five numbers
        (6, _) => Some([&host()[..], &host(), &[0; 16], &TTL.to_be_bytes()].concat()),
        // MX
        (15, _) => Some([&[0, 10][..], &host()].concat()),
        // TXT
        (16, _) => Some(host().split_last().map(|(_, text)| text.to_vec()).unwrap_or_default()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Question 7 for `a.b.` of this type, with recursion desired.
    fn question(kind: u8) -> Vec<u8> {
        [&[0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], &[1, b'a', 1, b'b', 0, 0, kind, 0, 1]].concat()
    }

    #[test]
    fn the_question_comes_back_with_a_record_of_its_type() {
        let own = IpAddr::from([10, 1, 1, 1]);
        let told = |kind, rcode| answer(&question(kind), rcode, own, "ns").expect("it is a question");
        let address = told(1, Rcode::NoError);
        assert_eq!(address[..12], [0, 7, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
        assert_eq!(address[12..21], question(1)[12..]);
        assert_eq!(address[21..], [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 1, 1, 1]);
        assert_eq!(told(16, Rcode::NoError)[31..], [0, 3, 2, b'n', b's'], "TXT");
        // server (4), mailbox (4), five numbers (20)
        assert_eq!(told(6, Rcode::NoError)[31..33], [0, 28], "SOA");
        assert_eq!(told(28, Rcode::NoError)[..8], [0, 7, 0x81, 0x80, 0, 1, 0, 0], "no record");
        let failed = told(1, Rcode::ServFail);
        assert_eq!((failed.len(), failed[3]), (21, 0x82));
    }

    #[test]
    fn what_is_no_question_gets_no_answer() {
        let own = IpAddr::from([10, 1, 1, 1]);
        let said = |bytes: &[u8]| answer(bytes, Rcode::NoError, own, "ns");
        assert_eq!(said(b"ping"), None);
        let mut reply = question(1);
        reply[2] |= 0x80;
        assert_eq!(said(&reply), None);
        for length in 0..question(1).len() {
            assert_eq!(said(&question(1)[..length]), None, "{length}");
        }
        assert_eq!(said(&[&question(1)[..12], &[0xc0, 12, 0, 1, 0, 1]].concat()), None);
    }
}
