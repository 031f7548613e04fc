//! Any bytes as a scenario; every file that it names holds one small keepalived.conf.
#![no_main]

use std::path::Path;

use vrrplab_formats::files::Files;
use vrrplab_formats::scenario;

const CONF: &str = "vrrp_instance V {\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {\n 10.0.0.9\n }\n}\n";

struct Folder<'t>(&'t str);

impl Files for Folder<'_> {
    fn read(&self, path: &Path) -> Result<String, String> {
        let scenario = path == Path::new("scenario.yaml");
        Ok(if scenario { self.0 } else { CONF }.to_owned())
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (world, report) = scenario::load(Path::new("scenario.yaml"), &Folder(&text));
    assert_eq!(world.is_some(), !report.is_refused(), "{report}");
});
