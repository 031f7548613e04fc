//! The page: the library's scenarios with the texts that they need, the report's program, the playground's, and the simulator.
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use minijinja::{AutoEscape, Environment, context};
use serde::Serialize;
use vrrplab_formats::scenario::{self, Disk, Files};
use vrrplab_sim::library::{entries, page};
use vrrplab_sim::report;

const TEMPLATE: &str = include_str!("../page/playground.html");
const STYLE: &str = include_str!("../page/playground.css");
const WORKER: &str = include_str!("../page/worker.js");
const PROGRAM: [&str; 5] = [
    include_str!("../page/engine.js"),
    include_str!("../page/state.js"),
    include_str!("../page/editor.js"),
    include_str!("../page/controls.js"),
    include_str!("../page/playground.js"),
];

/// Two configurations to begin with.
const PAIR: [(&str, &str); 2] =
    [("lb1.conf", include_str!("../page/lb1.conf")), ("lb2.conf", include_str!("../page/lb2.conf"))];

/// What the page can choose from.
#[derive(Debug, Serialize)]
pub struct Shelf {
    scenarios: Vec<Entry>,
    themes: Vec<String>,
    files: BTreeMap<String, String>,
    pair: BTreeMap<&'static str, &'static str>,
}

/// A scenario and the files that it reads, its own among them.
#[derive(Debug, Serialize)]
struct Entry {
    path: String,
    theme: String,
    name: String,
    files: Vec<String>,
}

/// The disk, and what was read from it.
struct Noted(RefCell<BTreeMap<String, String>>);

impl Files for Noted {
    fn read(&self, path: &Path) -> Result<String, String> {
        let text = Disk.read(path)?;
        self.0.borrow_mut().insert(path.display().to_string(), text.clone());
        Ok(text)
    }
    fn list(&self, folder: &Path) -> Result<Vec<String>, String> {
        Disk.list(folder)
    }
}

impl Shelf {
    /// The scenarios of a folder that can be read, in the order of their themes.
    pub fn of(folder: &Path) -> io::Result<Shelf> {
        let (mut scenarios, mut files) = (Vec::new(), BTreeMap::new());
        for entry in entries(&[folder.to_owned()])? {
            let noted = Noted(RefCell::default());
            let Some(world) = scenario::load(&entry.path, &noted).0 else { continue };
            let read = noted.0.into_inner();
            let path = entry.path.display().to_string();
            let others = read.keys().filter(|name| **name != path).cloned();
            let names = std::iter::once(path.clone()).chain(others).collect();
            scenarios.push(Entry { path, theme: entry.theme, name: world.name, files: names });
            files.extend(read);
        }
        scenarios.sort_by(|a, b| (page::place(&a.theme), &a.path).cmp(&(page::place(&b.theme), &b.path)));
        let mut themes: Vec<String> = scenarios.iter().map(|entry| entry.theme.clone()).collect();
        themes.dedup();
        Ok(Shelf { scenarios, themes, files, pair: PAIR.into() })
    }

    /// What the page asks first about each of its scenarios: path and question.
    pub fn questions(&self) -> Vec<(String, String)> {
        let question = |entry: &Entry| {
            let files: BTreeMap<&String, &String> =
                entry.files.iter().filter_map(|name| self.files.get_key_value(name)).collect();
            let repeat = format!("vrrplab run {}", entry.path);
            let question = serde_json::json!({ "files": files, "scenario": entry.path, "repeat": repeat });
            (entry.path.clone(), question.to_string())
        };
        self.scenarios.iter().map(question).collect()
    }
}

/// The page as one HTML file. `simulator` is the WebAssembly module, packed by gzip, in base64.
pub fn html(shelf: &Shelf, simulator: &str) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page", TEMPLATE)?;
    let data = serde_json::to_string(shelf)
        .map_err(|why| minijinja::Error::new(minijinja::ErrorKind::BadSerialization, why.to_string()))?;
    environment.get_template("page")?.render(context! {
        style => report::style() + STYLE,
        program => report::program() + &PROGRAM.concat(),
        worker => WORKER,
        shelf => report::harmless(&data),
        simulator => simulator.trim(),
    })
}
