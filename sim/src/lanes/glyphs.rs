//! Which letter stands for what, in a terminal that knows more than ASCII and in one that does not.
use crate::report::data::Tone;

/// The letters of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    master: char,
    backup: char,
    fault: char,
    init: char,
    off: char,
    holder: char,
    answered: char,
    lost: char,
    /// The axis between its ticks, and other lines.
    pub line: char,
    /// A tick of the axis.
    pub tick: char,
    /// The cursor on the axis.
    pub cursor: char,
    /// Between what stands side by side.
    pub wall: char,
    /// Something was cut off here.
    pub more: char,
    /// The keys that lead left and right, up and down.
    pub arrows: [&'static str; 2],
}

impl Glyphs {
    /// With lines and blocks.
    pub const UNICODE: Glyphs = Glyphs {
        master: '█',
        backup: '─',
        fault: '╳',
        init: '┄',
        off: '·',
        holder: '═',
        answered: '▁',
        lost: '×',
        line: '─',
        tick: '┴',
        cursor: '▼',
        wall: '│',
        more: '…',
        arrows: ["←→", "↑↓"],
    };

    /// With letters that every terminal and every log has.
    pub const ASCII: Glyphs = Glyphs {
        master: '#',
        backup: '-',
        fault: 'x',
        init: ':',
        off: '.',
        holder: '=',
        answered: '_',
        lost: 'x',
        line: '-',
        tick: '|',
        cursor: 'v',
        wall: '|',
        more: '~',
        arrows: ["arrows left, right", "up, down"],
    };

    /// What fills a stretch of time.
    pub(super) fn fill(&self, tone: Tone) -> char {
        match tone {
            Tone::Master => self.master,
            Tone::Backup => self.backup,
            Tone::Down => self.fault,
            Tone::Init => self.init,
            Tone::Off => self.off,
            Tone::Holder => self.holder,
            Tone::Bad => self.lost,
            Tone::Good | Tone::Plain | Tone::Warn | Tone::Fault => self.answered,
        }
    }

    /// What stretches of a tone are called in the legend, in the order of the legend.
    pub(super) fn legend(&self) -> [(Tone, String, &'static str); 7] {
        let state = |tone: Tone| letter(tone).into_iter().chain([self.fill(tone)]).collect();
        [
            (Tone::Master, state(Tone::Master), "MASTER"),
            (Tone::Backup, state(Tone::Backup), "BACKUP"),
            (Tone::Down, state(Tone::Down), "FAULT"),
            (Tone::Init, state(Tone::Init), "INIT"),
            (Tone::Off, state(Tone::Off), "no daemon"),
            (Tone::Good, state(Tone::Good), "answered"),
            (Tone::Bad, state(Tone::Bad), "lost"),
        ]
    }
}

/// With what a stretch in a state begins.
pub(super) const fn letter(tone: Tone) -> Option<char> {
    match tone {
        Tone::Master => Some('M'),
        Tone::Backup => Some('B'),
        Tone::Down => Some('F'),
        Tone::Init => Some('I'),
        _ => None,
    }
}
