//! Attributes of netlink: a length, a type, and a value that is padded to four bytes. Values nest.
use std::net::IpAddr;

/// Length and type.
const HEADER: usize = 4;
/// The bits of a type that say how its value is written.
const HOW: u16 = 0xc000;
/// The value is made of attributes.
const NESTED: u16 = 0x8000;

/// Writes attributes one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub fn new() -> Writer {
        Writer::default()
    }

    pub fn bytes(mut self, kind: u16, value: &[u8]) -> Writer {
        let length = u16::try_from(HEADER + value.len()).unwrap_or(u16::MAX);
        self.0.extend(length.to_ne_bytes());
        self.0.extend(kind.to_ne_bytes());
        self.0.extend(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    pub fn u8(self, kind: u16, value: u8) -> Writer {
        self.bytes(kind, &[value])
    }

    pub fn u16(self, kind: u16, value: u16) -> Writer {
        self.bytes(kind, &value.to_ne_bytes())
    }

    pub fn u32(self, kind: u16, value: u32) -> Writer {
        self.bytes(kind, &value.to_ne_bytes())
    }

    /// A port, in the order of the wire.
    pub fn port(self, kind: u16, port: u16) -> Writer {
        self.bytes(kind, &port.to_be_bytes())
    }

    /// An address in sixteen bytes; those of IPv4 are the first four.
    pub fn address(self, kind: u16, ip: IpAddr) -> Writer {
        let mut bytes = [0; 16];
        match ip {
            IpAddr::V4(ip) => bytes[..4].copy_from_slice(&ip.octets()),
            IpAddr::V6(ip) => bytes = ip.octets(),
        }
        self.bytes(kind, &bytes)
    }

    /// A text with a zero behind it.
    pub fn text(self, kind: u16, text: &str) -> Writer {
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(0);
        self.bytes(kind, &bytes)
    }

    pub fn nest(self, kind: u16, inner: Writer) -> Writer {
        self.bytes(kind | NESTED, &inner.0)
    }

    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Attributes as they were read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// The value of the first attribute of this type. What is cut off is not there.
    pub fn find(self, wanted: u16) -> Option<&'a [u8]> {
        let mut rest = self.0;
        loop {
            let length = usize::from(u16::from_ne_bytes(rest.get(..2)?.try_into().ok()?));
            let kind = u16::from_ne_bytes(rest.get(2..HEADER)?.try_into().ok()?);
            let value = rest.get(HEADER..length)?;
            if kind & !HOW == wanted {
                return Some(value);
            }
            rest = rest.get(length.next_multiple_of(4)..)?;
        }
    }

    pub fn nested(self, kind: u16) -> Option<Reader<'a>> {
        self.find(kind).map(Reader)
    }

    pub fn u8(self, kind: u16) -> Option<u8> {
        self.find(kind)?.first().copied()
    }

    pub fn u16(self, kind: u16) -> Option<u16> {
        Some(u16::from_ne_bytes(self.find(kind)?.try_into().ok()?))
    }

    pub fn u32(self, kind: u16) -> Option<u32> {
        Some(u32::from_ne_bytes(self.find(kind)?.try_into().ok()?))
    }

    pub fn u64(self, kind: u16) -> Option<u64> {
        Some(u64::from_ne_bytes(self.find(kind)?.try_into().ok()?))
    }

    pub fn port(self, kind: u16) -> Option<u16> {
        Some(u16::from_be_bytes(self.find(kind)?.try_into().ok()?))
    }

    /// An address of this family.
    pub fn address(self, kind: u16, six: bool) -> Option<IpAddr> {
        let bytes = self.find(kind)?;
        if six {
            return Some(IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?));
        }
        Some(IpAddr::from(<[u8; 4]>::try_from(bytes.get(..4)?).ok()?))
    }

    /// A text up to its zero.
    pub fn text(self, kind: u16) -> Option<&'a str> {
        let bytes = self.find(kind)?;
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        std::str::from_utf8(&bytes[..end]).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_padded_and_their_length_is_not() {
        let bytes = Writer::new().text(6, "wrr").text(6, "rr").finish();
        let mut expected = Vec::new();
        for (length, text) in [(8u16, *b"wrr\0"), (7, *b"rr\0\0")] {
            expected.extend(length.to_ne_bytes());
            expected.extend(6u16.to_ne_bytes());
            expected.extend(text);
        }
        assert_eq!(bytes, expected);
    }

    #[test]
    fn what_was_written_is_read_whatever_stands_before_it() {
        let inner = Writer::new().u8(13, 2).port(2, 8080).address(1, "10.0.0.9".parse().unwrap());
        let bytes = Writer::new().u32(9, 7).nest(2, inner).u16(3, 500).finish();
        let reader = Reader(&bytes);
        let nested = reader.nested(2).unwrap();
        assert_eq!((reader.u32(9), reader.u16(3)), (Some(7), Some(500)));
        assert_eq!((nested.u8(13), nested.port(2)), (Some(2), Some(8080)));
        assert_eq!(nested.address(1, false), Some("10.0.0.9".parse().unwrap()));
        assert_eq!(reader.find(4), None);
    }

    #[test]
    fn garbage_holds_nothing() {
        for bytes in [&[][..], &[0; 3], &[0; 64], &[255; 64], &[8, 0, 1, 0, 1]] {
            assert_eq!(Reader(bytes).find(1), None, "{bytes:?}");
        }
    }
}
