//! Captures in every form, and what is none.
use proptest::prelude::*;

use super::*;

/// What is read: numbers, times, interfaces, link types, lengths on the wire and bytes; and what goes wrong then.
type Seen = (Vec<(u64, u64, u32, u16, u32, Vec<u8>)>, Option<String>);

fn read(bytes: &[u8]) -> Seen {
    let mut seen = Vec::new();
    let mut reader = match Reader::new(bytes) {
        Ok(reader) => reader,
        Err(trouble) => return (seen, Some(trouble.to_string())),
    };
    loop {
        match reader.next_record() {
            Ok(Some(r)) => seen.push((r.number, r.at.0, r.interface, r.link, r.original, r.bytes.to_vec())),
            Ok(None) => return (seen, None),
            Err(trouble) => return (seen, Some(trouble.to_string())),
        }
    }
}

fn words(big: bool, words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| if big { word.to_be_bytes() } else { word.to_le_bytes() }).collect()
}

fn pcap_of(big: bool, magic: u32) -> Vec<u8> {
    let version = if big { 0x0002_0004 } else { 0x0004_0002 };
    let mut file = words(big, &[magic, version, 0, 0, 262_144, 113]);
    file.extend(words(big, &[1_700_000_000, 5, 3, 60]));
    file.extend([1, 2, 3]);
    file
}

/// A block with its two lengths.
fn block(big: bool, kind: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 12).unwrap();
    [words(big, &[kind, length]), body.to_vec(), words(big, &[length])].concat()
}

fn section(big: bool) -> Vec<u8> {
    let version = if big { 0x0001_0000 } else { 0x0000_0001 };
    block(big, 0x0a0d_0d0a, &words(big, &[0x1a2b_3c4d, version, u32::MAX, u32::MAX]))
}

/// An interface with one option of one byte.
fn interface(big: bool, link: u32, unit: u8) -> Vec<u8> {
    let head = if big { words(big, &[link << 16, 0]) } else { words(big, &[link, 0]) };
    let option = if big { [0, 9, 0, 1] } else { [9, 0, 1, 0] };
    block(big, 1, &[head, option.to_vec(), vec![unit, 0, 0, 0]].concat())
}

#[test]
fn pcap_has_two_byte_orders_and_two_units() {
    for big in [false, true] {
        for (magic, fraction) in [(0xa1b2_c3d4, 5_000), (0xa1b2_3c4d, 5)] {
            let at = 1_700_000_000_000_000_000 + fraction;
            assert_eq!(read(&pcap_of(big, magic)), (vec![(1, at, 0, 113, 60, vec![1, 2, 3])], None));
        }
    }
}

#[test]
fn pcapng_has_units_sections_and_blocks_that_do_not_matter() {
    for big in [false, true] {
        let packet = [words(big, &[1, 0, 3_000, 2, 60]), vec![7, 8, 0, 0], vec![1, 2, 3, 4]].concat();
        let file = [
            section(big),
            interface(big, 1, 6),
            block(big, 99, &[0; 40]),
            interface(big, 276, 9),
            block(big, 6, &packet),
            section(!big),
            interface(!big, 1, 0x80 | 10),
            block(!big, 3, &[words(!big, &[2]), vec![9, 9, 0, 0]].concat()),
            block(!big, 6, &[words(!big, &[0, 0, 2_048, 0, 60])].concat()),
        ];
        let wanted = vec![
            (1, 3_000, 1, 276, 60, vec![7, 8]),
            (2, 3_000, 2, 1, 2, vec![9, 9]),
            (3, 2_000_000_000, 2, 1, 60, vec![]),
        ];
        assert_eq!(read(&file.concat()), (wanted, None));
    }
}

#[test]
fn what_is_no_capture_is_said_with_its_place() {
    let told = |bytes: &[u8]| read(bytes).1.unwrap();
    assert_eq!(told(b""), "byte 0: the file is empty");
    assert_eq!(told(b"GET / HTTP/1.1"), "byte 0: neither pcap nor pcapng begins with these bytes");
    assert_eq!(told(&[0x1f, 0x8b, 8, 0]), "byte 0: this is compressed: `gunzip` it first");
    let mut file = pcap_of(false, 0xa1b2_c3d4);
    assert_eq!(told(&file[..20]), "the file ends within the head of the file that begins at byte 0");
    assert_eq!(told(&file[..42]), "the file ends within a packet that begins at byte 24");
    file[32..36].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(told(&file), "byte 24: packet 1 claims to have 4294967295 bytes, and none has more than 262144");
    let file = [section(false), words(false, &[6, u32::MAX])].concat();
    assert_eq!(told(&file), "byte 28: a block claims to have 4294967295 bytes, which none can have");
    let file = [section(false), words(false, &[77, u32::MAX - 3])].concat();
    assert_eq!(told(&file), "the file ends within a block that begins at byte 28");
    let file = [section(false), block(false, 6, &[0; 20])].concat();
    assert_eq!(told(&file), "byte 28: packet 1 is of interface 0, which the file does not tell of");
}

/// Something like a capture, with some bytes changed.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let packet = [words(false, &[0, 0, 3_000, 2, 60]), vec![7, 8, 0, 0]].concat();
    let ng = [section(false), interface(false, 1, 6), block(false, 6, &packet), block(false, 6, &packet)].concat();
    let whole = prop_oneof![Just(ng), Just(pcap_of(false, 0xa1b2_c3d4)), Just(pcap_of(true, 0xa1b2_3c4d))];
    (whole, prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), any::<prop::sample::Index>())
        .prop_map(|(mut bytes, changes, end)| {
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            bytes.truncate(end.index(bytes.len()) + 1);
            bytes
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read(&bytes);
    }

    #[test]
    fn any_bytes_like_a_capture_are_read_or_refused(bytes in nearly()) {
        let (seen, _) = read(&bytes);
        prop_assert!(seen.iter().map(|packet| packet.5.len()).sum::<usize>() <= bytes.len());
        // whatever it is, there is a report
        let (analysis, _) = crate::analyze::read(bytes.as_slice(), &mut |_, _| crate::analyze::Go::On);
        prop_assert!(analysis.report().text().contains("packets"));
    }

    #[test]
    fn any_packets_have_a_report(packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..90), 0..20), link in 0..300_u16) {
        let mut file = words(false, &[0xa1b2_c3d4, 0x0004_0002, 0, 0, 262_144, u32::from(link)]);
        for (n, packet) in packets.iter().enumerate() {
            let length = u32::try_from(packet.len()).unwrap();
            file.extend(words(false, &[u32::try_from(n).unwrap(), 0, length, length]));
            file.extend(packet);
        }
        let (analysis, trouble) = crate::analyze::read(file.as_slice(), &mut |_, _| crate::analyze::Go::On);
        prop_assert!(trouble.is_none());
        let report = analysis.report();
        prop_assert!(report.json().is_ok());
        crate::analyze::scenario::guess(&report, true);
    }
}
