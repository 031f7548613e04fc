//! What the terminal and its settings say about printing: how wide, and which letters. A run never learns of it.
#![expect(
    clippy::disallowed_methods,
    reason = "the width and the letters of what is printed are the reader's; nothing that is played depends on them"
)]
use std::env;
use std::io;

/// The columns of standard output: `COLUMNS`, or those of the terminal, if it is one.
pub(super) fn columns() -> Option<usize> {
    let set = env::var("COLUMNS").ok().and_then(|text| text.parse().ok()).filter(|columns| *columns > 0);
    set.or_else(|| terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0)))
}

/// Whether more than ASCII may be printed, by the first of `LC_ALL`, `LC_CTYPE` and `LANG` that says anything.
pub(super) fn unicode() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].map(|name| env::var(name).unwrap_or_default());
    speaks_unicode(&set)
}

fn speaks_unicode(locales: &[String]) -> bool {
    let locale = locales.iter().find(|locale| !locale.is_empty()).map(|locale| locale.to_lowercase());
    locale.is_some_and(|locale| locale.ends_with("utf-8") || locale.ends_with("utf8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_locale_that_says_anything_counts() {
        let speaks = |locales: [&str; 3]| speaks_unicode(&locales.map(str::to_owned));
        assert!(speaks(["", "", "ko_KR.UTF-8"]));
        assert!(speaks(["C.utf8", "C", "C"]));
        assert!(!speaks(["C", "", "en_US.UTF-8"]));
        assert!(!speaks(["", "", ""]));
    }
}
