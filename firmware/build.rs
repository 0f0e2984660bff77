//! Tells the linker where a board's memory lies.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=boards");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return;
    }
    let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    for board in ["mps2-an386", "nrf52840"] {
        for argument in [&*format!("-L{root}/boards/{board}"), "-Tlink.x", "-Tdefmt.x", "--nmagic"]
        {
            println!("cargo:rustc-link-arg-bin={board}={argument}");
        }
    }
}
