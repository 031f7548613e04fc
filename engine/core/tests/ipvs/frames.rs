//! Frames of a capture file.
use std::path::Path;

/// The frames of a classic pcap file of little-endian hosts.
pub fn read(path: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(matches!(bytes[..4], [0xd4 | 0x4d, 0xc3 | 0x3c, 0xb2, 0xa1]), "{}", path.display());
    let mut frames = Vec::new();
    let mut rest = &bytes[24..];
    while rest.len() >= 16 {
        let length = u32::from_le_bytes([rest[8], rest[9], rest[10], rest[11]]) as usize;
        frames.push(rest[16..16 + length].to_vec());
        rest = &rest[16 + length..];
    }
    frames
}
