//! `vrrplab list`: which scenarios there are, in columns.
use std::io;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use vrrplab_formats::scenario::{self, Disk};

use super::output::{Exit, say, tell, tell_report};
use crate::library::entries;

/// `vrrplab list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: vrrplab list scenarios/openstack")]
pub(super) struct ListArgs {
    /// Folders of scenarios, or scenario files
    #[arg(value_name = "DIR", default_value = "scenarios")]
    folders: Vec<PathBuf>,
    /// Print an array of objects instead of columns
    #[arg(long)]
    json: bool,
}

/// One scenario of the list.
#[derive(Serialize)]
struct Row {
    theme: String,
    name: String,
    about: String,
    path: String,
}

pub(super) fn list(args: &ListArgs) -> io::Result<Exit> {
    let mut exit = Exit::Held;
    let mut rows = Vec::new();
    for entry in entries(&args.folders)? {
        let (world, report) = scenario::load(&entry.path, &Disk);
        let Some(world) = world else {
            tell_report(&report);
            exit = Exit::BadInput;
            continue;
        };
        let path = entry.path.display().to_string();
        rows.push(Row { theme: entry.theme, name: world.name, about: world.about, path });
    }
    if args.json {
        say(&serde_json::to_string_pretty(&rows)?)?;
        return Ok(exit);
    }
    if rows.is_empty() && exit == Exit::Held {
        let folders: Vec<String> = args.folders.iter().map(|f| f.display().to_string()).collect();
        tell(&format!("error: there is no scenario in {}\n", folders.join(", ")));
        return Ok(Exit::BadInput);
    }
    let width = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    say(&columns(&rows, width))?;
    Ok(exit)
}

/// Theme, name and the first line of the story; no line is wider than the terminal.
fn columns(rows: &[Row], width: Option<usize>) -> String {
    let widest = |of: fn(&Row) -> &str| rows.iter().map(|row| of(row).width()).max().unwrap_or(0);
    let (theme, name) = (widest(|row| &row.theme), widest(|row| &row.name));
    let mut text = String::new();
    for row in rows {
        let pad = |word: &str, to: usize| format!("{word}{}", " ".repeat(to.saturating_sub(word.width())));
        let about = row.about.lines().next().unwrap_or("");
        let line = format!("{}  {}  {about}", pad(&row.theme, theme), pad(&row.name, name));
        text += width.map_or(line.trim_end(), |width| cut(line.trim_end(), width));
        if width.is_some_and(|width| line.trim_end().width() > width) {
            text.push('…');
        }
        text.push('\n');
    }
    text
}

/// As much of a line as fits, with room for the sign that more follows.
fn cut(line: &str, width: usize) -> &str {
    if line.width() <= width {
        return line;
    }
    let mut used = 0;
    let fits = |(_, letter): &(usize, char)| {
        used += letter.width().unwrap_or(0);
        used < width
    };
    let end = line.char_indices().take_while(fits).last().map_or(0, |(at, letter)| at + letter.len_utf8());
    line.get(..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(theme: &str, name: &str, about: &str) -> Row {
        Row { theme: theme.into(), name: name.into(), about: about.into(), path: String::new() }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_word_and_lines_as_the_terminal() {
        let rows = [row("basics", "link-cut", "A link is cut.\nMore."), row("lvs", "nat", "주소가 두 곳에 있다.")];
        assert_eq!(columns(&rows, None), "basics  link-cut  A link is cut.\nlvs     nat       주소가 두 곳에 있다.\n");
        assert_eq!(columns(&rows, Some(24)), "basics  link-cut  A lin…\nlvs     nat       주소…\n");
        assert_eq!(columns(&rows, Some(32)), "basics  link-cut  A link is cut.\nlvs     nat       주소가 두 곳…\n");
    }
}
