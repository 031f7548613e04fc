//! What a page shows, as data. This is the whole of what its program (`page/*.js`) knows.
//!
//! Times are whole nanoseconds since the beginning. Long lists are columns (one array for each property, all equally long) and
//! their times are differences to the entry before, so that a hundred thousand entries stay small. `-1` is "none" in a column
//! of positions. Names are those of the JSON.
use serde::Serialize;

/// The version of this data. It grows when something is changed that a page would have to know.
pub const VERSION: u32 = 1;

/// A whole page.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// [`VERSION`].
    pub version: u32,
    /// Which command made it: `run`, `analyze`, `certify`, ...
    pub command: &'static str,
    /// Heading.
    pub title: String,
    /// A sentence or two.
    pub about: String,
    /// How it ended.
    pub verdict: Verdict,
    /// Command lines that do it again.
    pub repeat: Vec<String>,
    /// Figures to be seen first: name and value.
    pub facts: Vec<(String, String)>,
    /// What passed in time; the page shows one at a time.
    pub stories: Vec<Story>,
    /// Tables of the whole.
    pub sheets: Vec<Sheet>,
    /// A table of colours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heat: Option<Heat>,
}

/// How something ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Well, or not.
    pub tone: Tone,
    /// In a few words.
    pub text: String,
}

/// What a colour means; the page always shows a word or a mark beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// As it should be.
    Good,
    /// Not quite.
    Warn,
    /// Wrong.
    Bad,
    /// Something was broken on purpose.
    Fault,
    /// In state MASTER.
    Master,
    /// In state BACKUP.
    Backup,
    /// In state FAULT.
    Down,
    /// In state INIT.
    Init,
    /// No daemon.
    Off,
    /// Who holds an address: the colour is that of the host, whose name is the text.
    Holder,
}

/// Something that passed in time.
#[derive(Clone, Debug, Serialize)]
pub struct Story {
    /// Name.
    pub name: String,
    /// What it shows.
    pub about: String,
    /// How it ended.
    pub verdict: Verdict,
    /// The command line that does it again.
    pub repeat: String,
    /// When it ends.
    pub end: u64,
    /// Figures: name and value.
    pub facts: Vec<(String, String)>,
    /// Texts that columns refer to by position.
    pub strings: Vec<String>,
    /// Rules that decided something: id, sentence, source.
    pub rules: Vec<(&'static str, &'static str, &'static str)>,
    /// Segments.
    pub networks: Vec<String>,
    /// Hosts; a block of clients is one.
    pub hosts: Vec<Host>,
    /// Where hosts are plugged in.
    pub ports: Vec<Port>,
    /// Rows of the picture of time.
    pub lanes: Vec<Lane>,
    /// What happened.
    pub events: Events,
    /// What was sent.
    pub packets: Packets,
    /// Different frames, the first [`FRAME_BYTES`] bytes of each, in base64.
    pub frames: Vec<String>,
    /// Lists of ports that packets reached.
    pub reached: Vec<Vec<usize>>,
    /// Lists of what packets met instead: port (-1: all) and reason, a position in `strings`.
    pub dropped: Vec<Vec<(i64, usize)>>,
    /// Causes of changes of state.
    pub changes: Vec<Cause>,
    /// From when on which ports reach each other.
    pub islands: Vec<(u64, Vec<Vec<usize>>)>,
    /// Tables.
    pub sheets: Vec<Sheet>,
}

/// So many bytes of a frame are kept.
pub const FRAME_BYTES: usize = 160;

/// A host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Host {
    /// Name.
    pub name: String,
    /// `router`, `host` (no daemon), `client`, `clients` (a block), `stranger`.
    pub kind: &'static str,
    /// Its addresses, or what it asks for.
    pub about: String,
}

/// A port of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Port {
    /// `r1:eth0`.
    pub name: String,
    /// Position in `hosts`.
    pub host: usize,
    /// Position in `networks`.
    pub network: usize,
}

/// One row of the picture of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lane {
    /// What it is about: a host, an address.
    pub name: String,
    /// The instance, or what a client asks.
    pub part: String,
    /// `state`, `holder`, `client` or `master` (of a capture).
    pub kind: &'static str,
    /// Position in `hosts`, or -1.
    pub host: i64,
    /// Stretches of time: from, to, word, tone.
    pub bars: Vec<(u64, u64, String, Tone)>,
}

/// What happened, as columns.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Events {
    /// When, since the event before.
    pub at: Vec<u64>,
    /// Host or segment, in `strings`.
    pub place: Vec<usize>,
    /// Instance or interface, in `strings`.
    pub subject: Vec<usize>,
    /// What, in `strings`.
    pub what: Vec<usize>,
    /// Position in `rules`.
    pub rule: Vec<i64>,
    /// 1: a detail.
    pub detail: Vec<u8>,
    /// Position in `tones`.
    pub tone: Vec<u8>,
    /// Position in `kinds`.
    pub kind: Vec<u8>,
    /// Position of the packet that it is about.
    pub packet: Vec<i64>,
    /// Position in `changes`.
    pub change: Vec<i64>,
    /// What `tone` refers to.
    pub tones: Vec<Tone>,
    /// What `kind` refers to.
    pub kinds: Vec<&'static str>,
}

/// What was sent, as columns.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Packets {
    /// When, since the packet before.
    pub at: Vec<u64>,
    /// The sender's port.
    pub from: Vec<usize>,
    /// Position in `frames`.
    pub frame: Vec<usize>,
    /// The length of the frame.
    pub length: Vec<usize>,
    /// 0 something, 1 an advert, 2 a release, 3 an announcement of an address.
    pub kind: Vec<u8>,
    /// The lane on which it is a tick.
    pub lane: Vec<i64>,
    /// Position in `rules`: what asked for it.
    pub rule: Vec<i64>,
    /// Position in `reached`.
    pub reached: Vec<i64>,
    /// How long until the first port was reached.
    pub delay: Vec<u64>,
    /// Position in `dropped`.
    pub dropped: Vec<i64>,
}

/// Something that happened, with why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// When.
    pub at: u64,
    /// What.
    pub what: String,
    /// Position in `rules`, or -1.
    pub rule: i64,
    /// Because of these.
    pub because: Vec<Cause>,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sheet {
    /// Heading.
    pub title: String,
    /// A sentence below it.
    pub note: String,
    /// Headings of columns, and whether they hold numbers.
    pub columns: Vec<(&'static str, bool)>,
    /// Rows.
    pub rows: Vec<Row>,
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// One text for each column.
    pub cells: Vec<String>,
    /// Its colour; the first cell has the word for it.
    pub tone: Tone,
    /// A moment to look at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
}

/// Colours by two properties.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Heat {
    /// Heading.
    pub title: String,
    /// A sentence below it.
    pub note: String,
    /// What rows are.
    pub down: String,
    /// What columns are.
    pub across: String,
    /// Headings of rows.
    pub rows: Vec<String>,
    /// Headings of columns.
    pub columns: Vec<String>,
    /// Row, column, word, how hot (0 to 5), and details.
    pub cells: Vec<(usize, usize, String, u8, String)>,
}

impl Page {
    /// A page without stories yet.
    pub fn new(command: &'static str, title: impl Into<String>, verdict: Verdict, repeat: String) -> Page {
        Page {
            version: VERSION,
            command,
            title: title.into(),
            about: String::new(),
            verdict,
            repeat: vec![repeat],
            facts: Vec::new(),
            stories: Vec::new(),
            sheets: Vec::new(),
            heat: None,
        }
    }
}

impl Row {
    /// A row without a moment.
    pub fn new(tone: Tone, cells: impl IntoIterator<Item = impl Into<String>>) -> Row {
        Row { cells: cells.into_iter().map(Into::into).collect(), tone, at: None }
    }

    /// The same, about a moment.
    pub fn at(self, at: Option<u64>) -> Row {
        Row { at, ..self }
    }
}

impl Verdict {
    /// Good or bad, in these words.
    pub fn of(held: bool, text: impl Into<String>) -> Verdict {
        Verdict { tone: if held { Tone::Good } else { Tone::Bad }, text: text.into() }
    }
}
