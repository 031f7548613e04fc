//! The states of a connection as the director guesses them from the segments that pass, and how long each may last.
use super::sysctl::Timeouts;
use crate::time::Span;
use vrrplab_wire::flow::{ACK, FIN, RST, SYN};

/// The state of a connection, in the kernel's numbers for TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ConnState {
    /// Nothing seen, and every template and UDP connection.
    None,
    /// ESTABLISHED.
    Established,
    /// SYN_SENT.
    SynSent,
    /// SYN_RECV.
    SynRecv,
    /// FIN_WAIT.
    FinWait,
    /// TIME_WAIT.
    TimeWait,
    /// CLOSE.
    Close,
    /// CLOSE_WAIT.
    CloseWait,
    /// LAST_ACK.
    LastAck,
    /// LISTEN.
    Listen,
    /// SYNACK.
    SynAck,
}

use ConnState::{
    Close as CL, CloseWait as CW, Established as ES, FinWait as FW, LastAck as LA, Listen as LI, None as NO,
    SynAck as SA, SynRecv as SR, SynSent as SS, TimeWait as TW,
};

/// Whose segments decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client; answers pass here too.
    In,
    /// From the server.
    Out,
    /// From the client; answers take another way.
    InOnly,
}

/// What a segment is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Segment {
    Syn,
    Fin,
    Ack,
    Rst,
}

/// Next states by segment (row) and present state (column, in the order of the enum).
type Rows = [[ConnState; 11]; 4];

#[rustfmt::skip]
const IN: Rows = [
    //NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA
    [SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR],
    [CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, TW],
    [ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES],
    [CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, SR],
];
#[rustfmt::skip]
const OUT: Rows = [
    [SS, ES, SS, SR, SS, SS, SS, SS, SS, LI, SR],
    [TW, FW, SS, TW, FW, TW, CL, TW, LA, LI, TW],
    [ES, ES, SS, ES, FW, TW, CL, CW, LA, ES, ES],
    [CL, CL, SS, CL, CL, TW, CL, CL, CL, CL, CL],
];
#[rustfmt::skip]
const ONLY: Rows = [
    [SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR],
    [CL, FW, SS, TW, FW, TW, CL, CW, LA, LI, TW],
    [ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES],
    [CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL],
];

/// `secure_tcp`: a client alone establishes nothing.
#[rustfmt::skip]
const SECURE_IN: Rows = [
    [SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SA],
    [CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, SA],
    [ES, ES, SS, SR, FW, TW, CL, CW, CL, LI, SA],
    [CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL],
];
#[rustfmt::skip]
const SECURE_OUT: Rows = [
    [SS, ES, SS, SA, SS, SS, SS, SS, SS, LI, SA],
    [TW, FW, SS, TW, FW, TW, CL, TW, LA, LI, TW],
    [ES, ES, SS, ES, FW, TW, CL, CW, LA, ES, ES],
    [CL, CL, SS, CL, CL, TW, CL, CL, CL, CL, CL],
];
#[rustfmt::skip]
const SECURE_ONLY: Rows = [
    [SA, ES, ES, SR, SA, SA, SA, SA, SA, SA, SA],
    [CL, FW, SS, TW, FW, TW, CL, CW, LA, LI, TW],
    [ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES],
    [CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL],
];

/// The state after a TCP segment with these flags. RST counts before SYN before FIN before ACK; none of them is CLOSE.
pub const fn next(state: ConnState, direction: Direction, secure: bool, flags: u8) -> ConnState {
    let segment = if flags & RST != 0 {
        Segment::Rst
    } else if flags & SYN != 0 {
        Segment::Syn
    } else if flags & FIN != 0 {
        Segment::Fin
    } else if flags & ACK != 0 {
        Segment::Ack
    } else {
        return CL;
    };
    let rows = match (direction, secure) {
        (Direction::In, false) => &IN,
        (Direction::Out, false) => &OUT,
        (Direction::InOnly, false) => &ONLY,
        (Direction::In, true) => &SECURE_IN,
        (Direction::Out, true) => &SECURE_OUT,
        (Direction::InOnly, true) => &SECURE_ONLY,
    };
    rows[segment as usize][state as usize]
}

impl ConnState {
    /// All states, in the kernel's numbers.
    pub const ALL: [ConnState; 11] = [NO, ES, SS, SR, FW, TW, CL, CW, LA, LI, SA];

    /// Whether such a connection counts as active.
    pub const fn is_active(self) -> bool {
        matches!(self, SR | SS | ES | SA)
    }

    /// How long a TCP connection may stay in it without a packet.
    pub const fn timeout(self, timeouts: &Timeouts) -> Span {
        match self {
            NO => Span::from_secs(2),
            ES => timeouts.tcp,
            FW => timeouts.tcp_fin,
            SS | TW | LI | SA => Span::from_secs(120),
            SR | CW => Span::from_secs(60),
            CL => Span::from_secs(10),
            LA => Span::from_secs(30),
        }
    }

    /// The kernel's name for it in TCP.
    pub const fn name(self) -> &'static str {
        match self {
            NO => "NONE",
            ES => "ESTABLISHED",
            SS => "SYN_SENT",
            SR => "SYN_RECV",
            FW => "FIN_WAIT",
            TW => "TIME_WAIT",
            CL => "CLOSE",
            CW => "CLOSE_WAIT",
            LA => "LAST_ACK",
            LI => "LISTEN",
            SA => "SYNACK",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(direction: Direction, flags: &[u8]) -> ConnState {
        flags.iter().fold(NO, |state, f| next(state, direction, false, *f))
    }

    #[test]
    fn an_orderly_close_ends_in_fin_wait_where_answers_are_not_seen() {
        assert_eq!(walk(Direction::InOnly, &[SYN, ACK, ACK, FIN | ACK, ACK]), FW);
    }

    #[test]
    fn a_client_that_resets_its_own_syn_stays_half_open() {
        assert_eq!(walk(Direction::In, &[SYN, RST]), SR);
        assert_eq!(walk(Direction::In, &[SYN, ACK, RST | ACK]), CL);
    }

    #[test]
    fn a_segment_without_any_flag_closes() {
        assert_eq!(next(ES, Direction::In, false, 0x08), CL);
    }
}
