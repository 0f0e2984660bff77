//! Tells the linker where a board's memory lies.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=boards");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return Ok(());
    }
    let boards =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("boards");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    for board in ["mps2-an386", "nrf52840", "stm32h743"] {
        // A copy: the path of a checkout would stay in a build folder that another checkout uses.
        let folder = out.join(board);
        fs::create_dir_all(&folder)?;
        fs::copy(boards.join(board).join("memory.x"), folder.join("memory.x"))?;
        let folder = format!("-L{}", folder.display());
        for argument in [&*folder, "-Tlink.x", "-Tdefmt.x", "--nmagic"] {
            println!("cargo:rustc-link-arg-bin={board}={argument}");
            if board == "nrf52840" {
                println!("cargo:rustc-link-arg-examples={argument}");
            }
        }
    }
    Ok(())
}
