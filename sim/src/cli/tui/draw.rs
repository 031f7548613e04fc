//! The screen: a title, the lanes with the cursor, the events around it, what is told of the present one, and the keys.
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};
use unicode_width::UnicodeWidthStr;

use super::keys::HELP;
use super::panel;
use super::show::Show;
use crate::lanes::{Cell, Event, NOTHING, Pen, axis, cells, cut, label, mark_row, marks, moment, padded};
use crate::report::data::Tone;

/// Beside events there is room for a panel from this width on; below it, the panel is all there is.
const BESIDE: u16 = 70;
/// Names in the list of events stand in a column that is not wider than this.
const NAMES: usize = 16;

/// Draws a film as it is seen now.
pub(super) fn draw(frame: &mut Frame<'_>, show: &Show<'_>, pen: &Pen) {
    let lanes = lanes_height(show, frame.area().height);
    let rows = [
        Constraint::Length(1),
        Constraint::Length(lanes),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(1),
    ];
    let [title_at, lanes_at, rule_at, below_at, keys_at] = Layout::vertical(rows).areas(frame.area());
    frame.render_widget(title(show, pen, title_at.width), title_at);
    frame.render_widget(Paragraph::new(picture(show, pen, lanes_at)), lanes_at);
    frame.render_widget(rule(show, pen, rule_at.width), rule_at);
    if below_at.width < BESIDE {
        frame.render_widget(told(show, below_at), below_at);
    } else {
        let columns = [Constraint::Fill(1), Constraint::Length(3), Constraint::Fill(1)];
        let [events_at, wall_at, panel_at] = Layout::horizontal(columns).areas(below_at);
        frame.render_widget(Paragraph::new(list(show, pen, events_at)), events_at);
        let wall = (0..wall_at.height).map(|_| Line::from(format!(" {} ", pen.glyphs.wall)));
        frame.render_widget(Paragraph::new(wall.collect::<Vec<_>>()), wall_at);
        frame.render_widget(told(show, panel_at), panel_at);
    }
    frame.render_widget(Line::from(keys(pen, keys_at.width)).style(strong()), keys_at);
    if show.help() {
        help(frame, pen);
    }
}

/// What is told of the present event; it can be moved up to its last line.
fn told(show: &Show<'_>, area: Rect) -> Paragraph<'static> {
    let lines = panel::lines(show, usize::from(area.width));
    let last = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_sub(1);
    Paragraph::new(lines).scroll((show.scroll().min(last), 0))
}

/// Axis, faults and all lanes, but not more than half of the screen.
fn lanes_height(show: &Show<'_>, height: u16) -> u16 {
    let all = u16::try_from(show.story().lanes.len()).unwrap_or(u16::MAX).saturating_add(3);
    all.min((height / 2).max(4))
}

const fn strong() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

fn title(show: &Show<'_>, pen: &Pen, width: u16) -> Line<'static> {
    let story = show.story();
    let now = format!(
        "{} {}  {} of {} s",
        if show.playing() { "playing" } else { "paused" },
        show.speed(),
        moment(show.cursor()),
        moment(story.end)
    );
    let left = usize::from(width).saturating_sub(now.width() + 2);
    let name = cut(&format!("{}: {}", story.name, story.verdict.text), left, &pen.glyphs);
    Line::from(cut(&format!("{}  {now}", padded(&name, left)), usize::from(width), &pen.glyphs)).style(strong())
}

fn rule(show: &Show<'_>, pen: &Pen, width: u16) -> Line<'static> {
    let of = show.lane().map_or_else(|| "all events".to_owned(), |lane| format!("events of {}", label(lane)));
    let (told, current) = show.told();
    let place = current.map_or_else(|| "-".to_owned(), |current| (current + 1).to_string());
    let line = pen.glyphs.line;
    let head = cut(&format!("{line}{line} {of}: {place} of {} ", told.len()), usize::from(width), &pen.glyphs);
    let rest = usize::from(width).saturating_sub(head.width());
    Line::from(format!("{head}{}", line.to_string().repeat(rest)))
}

/// Axis, faults, and as many lanes as there is room for, around the chosen one.
fn picture(show: &Show<'_>, pen: &Pen, area: Rect) -> Vec<Line<'static>> {
    let story = show.story();
    let names = story.lanes.iter().map(|lane| label(lane).width()).chain(["faults".len()]).max().unwrap_or(0);
    let names = names.min(usize::from(area.width) / 3);
    let width = usize::from(area.width).saturating_sub(names + 4);
    let window = show.window();
    let cursor = (window.from..=window.to).contains(&show.cursor()).then(|| window.column(show.cursor(), width));
    let head = |name: &str| Span::from(format!("  {}  ", padded(&cut(name, names, &pen.glyphs), names)));
    let axis = axis(window, width, &pen.glyphs);
    let put = |(at, letter)| if Some(at) == cursor { pen.glyphs.cursor } else { letter };
    let ruler: String = axis.ruler.chars().enumerate().map(put).collect();
    let mut lines =
        vec![Line::from(vec![head(""), Span::from(axis.labels)]), Line::from(vec![head(""), Span::from(ruler)])];
    // what was broken or mended is told in the list
    let faults = mark_row(&marks(show.events(), window, width), width, |_| '!');
    lines.push(Line::from([vec![head("faults")], spans(&faults, cursor, pen)].concat()));
    let room = usize::from(area.height).saturating_sub(lines.len());
    let first = show.lane_at().unwrap_or(0).saturating_sub(room / 2).min(story.lanes.len().saturating_sub(room));
    for (position, lane) in story.lanes.iter().enumerate().skip(first).take(room) {
        let chosen = show.lane_at() == Some(position);
        let name = padded(&cut(&label(lane), names, &pen.glyphs), names);
        let style = if chosen { strong() } else { Style::new() };
        let head = Span::styled(format!("{} {name}  ", if chosen { '>' } else { ' ' }), style);
        lines.push(Line::from([vec![head], spans(&cells(lane, window, width, &pen.glyphs), cursor, pen)].concat()));
    }
    lines
}

/// Columns as text; that of the cursor stands out.
fn spans(cells: &[Cell], cursor: Option<usize>, pen: &Pen) -> Vec<Span<'static>> {
    let styled = |(at, cell): (usize, &Cell)| {
        let style = if pen.colour { colour(cell.tone) } else { Style::new() };
        let style = if Some(at) == cursor { style.add_modifier(Modifier::REVERSED) } else { style };
        (cell.letter, style)
    };
    let all: Vec<(char, Style)> = cells.iter().enumerate().map(styled).collect();
    let run = |run: &[(char, Style)]| {
        Span::styled(
            run.iter().map(|(letter, _)| *letter).filter(|letter| *letter != NOTHING).collect::<String>(),
            run[0].1,
        )
    };
    all.chunk_by(|one, other| one.1 == other.1).map(run).collect()
}

fn colour(tone: Tone) -> Style {
    match tone {
        Tone::Master => Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD),
        Tone::Down | Tone::Bad => Style::new().fg(Color::Red),
        Tone::Fault | Tone::Warn => Style::new().fg(Color::Yellow),
        Tone::Good => Style::new().fg(Color::Green),
        Tone::Init | Tone::Off => Style::new().add_modifier(Modifier::DIM),
        Tone::Backup | Tone::Plain | Tone::Holder => Style::new(),
    }
}

/// The events around the present one.
fn list(show: &Show<'_>, pen: &Pen, area: Rect) -> Vec<Line<'static>> {
    let (told, current) = show.told();
    let room = usize::from(area.height);
    let first = current.unwrap_or(0).saturating_sub(room / 2).min(told.len().saturating_sub(room));
    let shown: Vec<(usize, &Event<'_>)> = told.enumerate().skip(first).take(room).collect();
    let names = |event: &Event<'_>| format!("{} {}", event.place, event.subject).trim_end().to_owned();
    let widest = shown.iter().map(|(_, event)| names(event).width()).max().unwrap_or(0).min(NAMES);
    let line = |(position, event): (usize, &Event<'_>)| {
        let chosen = current == Some(position);
        let mark = if chosen { '>' } else { ' ' };
        let text = format!("{mark}{:>12}  {}  {}", moment(event.at), padded(&names(event), widest), event.what);
        let style = if pen.colour { colour(event.tone) } else { Style::new() };
        let style = if chosen { style.add_modifier(Modifier::REVERSED) } else { style };
        Line::from(Span::styled(cut(&text, usize::from(area.width), &pen.glyphs), style))
    };
    shown.into_iter().map(line).collect()
}

/// The most important keys, as many as fit.
fn keys(pen: &Pen, width: u16) -> String {
    let [sideways, upwards] = pen.glyphs.arrows;
    let step = format!("{sideways} step");
    let lane = format!("{upwards} lane");
    let all = ["q quit", "? help", "space play", &step, "n/p change", &lane, "+/- zoom", "</> speed", "d details"];
    let mut line = String::new();
    for key in all {
        let gap = if line.is_empty() { " " } else { "  " };
        if line.width() + gap.len() + key.width() > usize::from(width) {
            break;
        }
        line += &format!("{gap}{key}");
    }
    line
}

/// All keys, over the rest.
fn help(frame: &mut Frame<'_>, pen: &Pen) {
    let area = frame.area();
    let keys = HELP.iter().map(|(keys, _)| keys.width()).max().unwrap_or(0);
    let lines = HELP.iter().map(|(key, what)| format!("  {}  {what}  ", padded(key, keys)));
    let bar = pen.glyphs.line.to_string();
    let width = lines.clone().map(|line| line.width()).max().unwrap_or(0);
    let edge = bar.repeat(width);
    let lines: Vec<Line<'_>> = [edge.clone()].into_iter().chain(lines).chain([edge]).map(Line::from).collect();
    let (width, height) = (u16::try_from(width).unwrap_or(u16::MAX), u16::try_from(lines.len()).unwrap_or(u16::MAX));
    let (width, height) = (width.min(area.width), height.min(area.height));
    let [x, y] = [(area.width - width) / 2, (area.height - height) / 2];
    let over = Rect { x: area.x + x, y: area.y + y, width, height };
    frame.render_widget(Clear, over);
    frame.render_widget(Paragraph::new(lines), over);
}
