//! keepalived.conf, as keepalived 2.2.7 reads it, into a draft: every line is looked up in one table of keywords.
//! And a model back into such a text.
mod globals;
mod items;
mod lexer;
mod print;
mod reader;
mod table;
mod values;

use crate::builder::Draft;
use crate::diagnostics::Report;
pub use print::print;

/// Reads one file. Whatever is wrong goes to the report, under the file's name; the draft holds what could be read.
pub fn parse(file_name: &str, text: &str, report: &mut Report) -> Draft {
    let file = report.add_source(file_name, text);
    let tokens = lexer::tokens(&file, text, report);
    reader::read(tokens, report)
}
