//! The keys: what each is for, in the order in which the help names them.
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Play,
    Next,
    Previous,
    NextChange,
    PreviousChange,
    Down,
    Up,
    Closer,
    Wider,
    Whole,
    Faster,
    Slower,
    First,
    Last,
    PanelDown,
    PanelUp,
    Details,
    Help,
    Quit,
    Interrupt,
}

/// The help: keys, and what they do.
pub(super) const HELP: [(&str, &str); 12] = [
    ("space", "play, pause; at the end: again"),
    ("right, left (l, h)", "next, previous event"),
    ("n, p", "next, previous change of state"),
    ("down, up (j, k)", "choose a lane: its events only"),
    ("+, -", "zoom in, out around the cursor"),
    ("0", "the whole run"),
    (">, <", "faster, slower"),
    ("home, end (g, G)", "beginning, end"),
    ("page down, page up", "move the text of the event"),
    ("d", "details too: timers, adverts that were heard"),
    ("?", "this help"),
    ("q, esc, Ctrl-C", "leave"),
];

/// What an event of the terminal asks for, if anything; after a change of size there is just a new picture.
pub(super) fn read(event: &Event) -> Option<Key> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => meaning(key),
        _ => None,
    }
}

fn meaning(key: &KeyEvent) -> Option<Key> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return (key.code == KeyCode::Char('c')).then_some(Key::Interrupt);
    }
    Some(match key.code {
        KeyCode::Char(' ') => Key::Play,
        KeyCode::Right | KeyCode::Char('l') => Key::Next,
        KeyCode::Left | KeyCode::Char('h') => Key::Previous,
        KeyCode::Char('n') | KeyCode::Tab => Key::NextChange,
        KeyCode::Char('p' | 'N') | KeyCode::BackTab => Key::PreviousChange,
        KeyCode::Down | KeyCode::Char('j') => Key::Down,
        KeyCode::Up | KeyCode::Char('k') => Key::Up,
        KeyCode::Char('+' | '=') => Key::Closer,
        KeyCode::Char('-') => Key::Wider,
        KeyCode::Char('0') => Key::Whole,
        KeyCode::Char('>' | '.') => Key::Faster,
        KeyCode::Char('<' | ',') => Key::Slower,
        KeyCode::Home | KeyCode::Char('g') => Key::First,
        KeyCode::End | KeyCode::Char('G') => Key::Last,
        KeyCode::PageDown => Key::PanelDown,
        KeyCode::PageUp => Key::PanelUp,
        KeyCode::Char('d') => Key::Details,
        KeyCode::Char('?') => Key::Help,
        KeyCode::Char('q') | KeyCode::Esc => Key::Quit,
        _ => return None,
    })
}
