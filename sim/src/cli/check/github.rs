//! Findings as workflow commands of GitHub Actions: they show up at the lines of a pull request.
use vrrplab_formats::diagnostics::Severity;

use super::{Told, place};

pub(super) fn print(told: &Told) -> String {
    let mut text = String::new();
    for (diagnostic, finding) in told.rows() {
        let (line, column) = place(&told.report, diagnostic);
        let command = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let title = finding.map_or("keepalived.conf", |f| f.lint.id);
        let mut message = finding.map_or(&diagnostic.title, |f| &f.title).clone();
        for more in [Some(diagnostic.label.as_str()), diagnostic.help.as_deref()].into_iter().flatten() {
            if !more.is_empty() {
                message += &format!("\n{more}");
            }
        }
        let file = property(&diagnostic.file);
        let title = property(title);
        text += &format!("::{command} file={file},line={line},col={column},title={title}::{}\n", data(&message));
    }
    text
}

/// Text after the second pair of colons.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(data("100 %\na: b"), "100 %25%0Aa: b");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
    }
}
