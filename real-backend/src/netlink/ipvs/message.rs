//! Messages of generic netlink: a command and its attributes; and who speaks under which number.
use std::convert::Infallible;

use netlink_packet_core::{NetlinkDeserializable, NetlinkHeader, NetlinkSerializable};

use super::attribute::{Reader, Writer};

/// The one family whose number everybody knows: it tells those of the others.
const CONTROLLER: u16 = 16;
const GET_FAMILY: u8 = 3;
const FAMILY_ID: u16 = 1;
const FAMILY_NAME: u16 = 2;
/// Command, version, and two bytes that mean nothing.
const HEADER: usize = 4;
/// Of the controller as of IPVS.
const VERSION: u8 = 1;

/// What is asked of IPVS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Verb {
    NewService = 1,
    SetService = 2,
    DelService = 3,
    GetService = 4,
    NewDest = 5,
    SetDest = 6,
    DelDest = 7,
    GetDest = 8,
    NewDaemon = 9,
    DelDaemon = 10,
    SetConfig = 12,
    GetConfig = 13,
    Flush = 17,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Generic {
    family: u16,
    /// What is asked; in answers, what the answer would be as a request.
    pub command: u8,
    /// Its attributes.
    pub attributes: Vec<u8>,
}

impl Generic {
    pub fn new(family: u16, command: u8, attributes: Vec<u8>) -> Generic {
        Generic { family, command, attributes }
    }
}

impl NetlinkSerializable for Generic {
    fn message_type(&self) -> u16 {
        self.family
    }

    fn buffer_len(&self) -> usize {
        HEADER + self.attributes.len()
    }

    fn serialize(&self, buffer: &mut [u8]) {
        buffer[..HEADER].copy_from_slice(&[self.command, VERSION, 0, 0]);
        buffer[HEADER..].copy_from_slice(&self.attributes);
    }
}

impl NetlinkDeserializable for Generic {
    type Error = Infallible;

    fn deserialize(header: &NetlinkHeader, payload: &[u8]) -> Result<Generic, Infallible> {
        let command = payload.first().copied().unwrap_or(0); // no command has this number
        let attributes = payload.get(HEADER..).unwrap_or_default().to_vec();
        Ok(Generic { family: header.message_type, command, attributes })
    }
}

/// Asks which number a family has.
pub(super) fn who_is(name: &str) -> Generic {
    Generic::new(CONTROLLER, GET_FAMILY, Writer::new().text(FAMILY_NAME, name).finish())
}

/// The number that an answer tells.
pub(super) fn family(answer: &Generic) -> Option<u16> {
    Reader(&answer.attributes).u16(FAMILY_ID)
}
