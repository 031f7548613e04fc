//! What scripts do to files: `echo WORDS > FILE`, `touch FILE` and `rm FILE`, alone or in the lines of a script.
use super::programs::Programs;

/// A file that is written, with its new content, or deleted.
pub type Written = (String, Option<String>);

impl Programs {
    /// What a program with these words does to files, in order. Every command of it is taken as run.
    pub fn writes(&self, words: &[String]) -> Vec<Written> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let Some((first, rest)) = words.split_first() else { return Vec::new() };
        let text = match (first.rsplit('/').next().unwrap_or(first), rest) {
            ("sh" | "bash", ["-c", text, ..]) => Some(*text),
            ("sh" | "bash", [path, ..]) => self.content(path),
            _ => self.content(first),
        };
        match text {
            Some(text) => self.lines(text),
            None => self.one(&words).into_iter().collect(),
        }
    }

    fn lines(&self, text: &str) -> Vec<Written> {
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        let commands = lines.flat_map(|line| line.split(';').flat_map(|part| part.split("&&")));
        commands.filter_map(|command| self.one(&command.split_whitespace().collect::<Vec<_>>())).collect()
    }

    fn one(&self, words: &[&str]) -> Option<Written> {
        let bare = |word: &str| word.trim_matches(['"', '\'']).to_owned();
        let (first, rest) = words.split_first()?;
        match (first.rsplit('/').next().unwrap_or(first), rest) {
            ("echo", [said @ .., ">", path]) => {
                let said: Vec<String> = said.iter().map(|word| bare(word)).collect();
                Some((bare(path), Some(format!("{}\n", said.join(" ")))))
            }
            ("touch", [path]) => Some((bare(path), Some(self.content(path).unwrap_or_default().to_owned()))),
            ("rm", [path] | ["-f", path]) => Some((bare(path), None)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_write_touch_and_remove_files() {
        let files = [("/down.sh", "#!/bin/sh\n# a note\necho 1 > /run/down; touch /run/seen\nrm -f /run/up\n")];
        let files: Vec<_> = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let programs = Programs::new(&files);
        let writes = |command: &[&str]| programs.writes(&command.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>());
        let written = |path: &str, content: Option<&str>| (path.to_owned(), content.map(str::to_owned));
        let all = [written("/run/down", Some("1\n")), written("/run/seen", Some("")), written("/run/up", None)];
        assert_eq!(writes(&["/down.sh"]), all);
        assert_eq!(writes(&["/bin/sh", "-c", "echo \"-5\" > /run/w"]), [written("/run/w", Some("-5\n"))]);
        assert_eq!(writes(&["/bin/touch", "/run/x"]), [written("/run/x", Some(""))]);
        assert_eq!(writes(&["/usr/bin/logger", "no"]), []);
    }
}
