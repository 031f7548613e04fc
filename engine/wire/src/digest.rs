//! MD5, the digest by which web pages are compared.
use md5::{Digest, Md5};

/// The digest of these bytes.
pub fn md5(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_digest_of_rfc_1321() {
        let found = super::md5(b"abc");
        assert_eq!(found[..4], [0x90, 0x01, 0x50, 0x98]);
    }
}
