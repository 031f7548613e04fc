//! Any bytes as a keepalived.conf.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    vrrplab_formats_fuzz::keepalived_conf(&String::from_utf8_lossy(data));
});
