//! A host for a device, on the messages of `scaleiq-core`.
//!
//!     stty -F PORT 115200 raw -echo min 0 time 20
//!     cargo run -p firmware --example client -- PORT status
//!     ... PORT forget | save FILE | restore FILE | upload PACK

mod client;

use client::Client;
use scaleiq_core::wire::{Message, UploadKind};
use std::fs::{self, File};
use std::{env, io};

fn main() -> io::Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let port = |path| File::options().read(true).write(true).open(path).map(Client::new);
    match words[..] {
        [path, "status"] => println!("{:#?}", port(path)?.status()?),
        [path, "forget"] => println!("{:#?}", port(path)?.ask(&Message::Forget)?),
        [path, "save", file] => fs::write(file, port(path)?.learned()?)?,
        [path, "restore", file] => {
            println!("{:#?}", port(path)?.upload(UploadKind::Learned, &fs::read(file)?)?);
        }
        [path, "upload", file] => {
            println!("{:#?}", port(path)?.upload(UploadKind::Model, &fs::read(file)?)?);
        }
        _ => eprintln!("client PORT status | forget | save FILE | restore FILE | upload PACK"),
    }
    Ok(())
}
