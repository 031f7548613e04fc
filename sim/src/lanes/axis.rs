//! The axis of time: ticks at round moments, as many as there is room for.
use super::Glyphs;
use super::row::Window;

const SECOND: u64 = 1_000_000_000;
/// At least so many columns lie between two labels.
const GAP: u128 = 4;

/// Two lines above the lanes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Moments in seconds, each beginning above its tick.
    pub labels: String,
    /// The ticks.
    pub ruler: String,
}

/// The axis of a window, this wide.
pub fn axis(window: Window, width: usize, glyphs: &Glyphs) -> Axis {
    let (mut labels, mut ruler) = (vec![' '; width], vec![glyphs.line; width]);
    let step = step(window, width);
    let mut at = window.from.next_multiple_of(step);
    while at < window.to {
        let column = window.column(at, width);
        let label = label(at, step);
        ruler[column..].iter_mut().take(1).for_each(|place| *place = glyphs.tick);
        if column + label.len() <= width {
            labels[column..].iter_mut().zip(label.chars()).for_each(|(place, letter)| *place = letter);
        }
        let Some(next) = at.checked_add(step) else { break };
        at = next;
    }
    Axis { labels: labels.into_iter().collect::<String>().trim_end().to_owned(), ruler: ruler.into_iter().collect() }
}

/// The shortest of 1, 2, 5, 10, 20, ... ns whose labels do not touch.
fn step(window: Window, width: usize) -> u64 {
    let tens = (0..19).map(|power| 10_u64.pow(power));
    let steps = tens.flat_map(|ten| [1, 2, 5].map(|times| ten.saturating_mul(times)));
    let fits = |step: &u64| {
        let room = u128::from(*step) * width as u128 / u128::from(window.length());
        room >= label(window.to, *step).len() as u128 + GAP
    };
    steps.into_iter().find(fits).unwrap_or(u64::MAX)
}

/// A moment in seconds, with the decimals that the step needs.
fn label(at: u64, step: u64) -> String {
    let mut decimals = 0;
    let mut unit = SECOND;
    while unit > 1 && !step.is_multiple_of(unit) {
        unit /= 10;
        decimals += 1;
    }
    let whole = at / SECOND;
    if decimals == 0 { format!("{whole}s") } else { format!("{whole}.{:0decimals$}s", at % SECOND / unit) }
}
