//! docs/keepalived-conf.md is what the table of keywords says, and docs/check.md what the table of lints says.
use std::path::Path;
use std::{env, fs};

use vrrplab_formats::keepalived::reference::{explain, markdown, words};
use vrrplab_formats::lint::page;

fn is_up_to_date(name: &str, made: &str) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    if env::var_os("VRRPLAB_DOCS").is_some_and(|what| what == "write") {
        fs::write(&page, made).unwrap();
    }
    let kept = fs::read_to_string(&page).unwrap_or_default();
    assert!(kept == made, "docs/{name} is old: run the tests once with VRRPLAB_DOCS=write");
}

#[test]
fn the_pages_are_made_from_the_tables() {
    is_up_to_date("keepalived-conf.md", &markdown());
    is_up_to_date("check.md", &page::markdown());
}

#[test]
fn a_keyword_is_explained_in_every_block_that_has_it() {
    assert_eq!(
        explain("advert_int").unwrap(),
        "advert_int\n  in: vrrp_instance NAME { }\n  takes: seconds, 0.01 to 255, decimals allowed\n  without it: 1\n  \
         here: modelled\n  version 2 counts whole seconds, version 3 hundredths up to 40.95 s"
    );
    assert_eq!(explain("quorum").unwrap().matches("  in: ").count(), 2);
    assert_eq!(explain("no_virtual_ipaddress").unwrap().lines().last(), Some("  known from 2.3.4 on"));
    assert_eq!(explain("advert_itn"), None);
    assert!(words().len() > 300, "{}", words().len());
}
