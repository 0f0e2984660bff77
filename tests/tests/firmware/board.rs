//! A board: QEMU with the image.

use super::client::Client;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// QEMU with the image, its UART, its monitor and its debugger's port.
pub(crate) struct Board {
    _qemu: Process,
    pub(crate) uart: UnixStream,
    folder: tempfile::TempDir,
}

impl Board {
    /// The host listens and QEMU connects, so that nothing is lost.
    pub(crate) fn start(image: &Path, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = |name: &str| folder.path().join(name).display().to_string();
        let listener = UnixListener::bind(socket("uart")).unwrap();
        let ports = ["monitor", "gdb"];
        let port = |name| format!("socket,id={name},path={},server=on,wait=off", socket(name));
        let qemu = Command::new("qemu-system-arm")
            .args(["-M", "mps2-an386", "-display", "none"])
            .args(["-chardev", &format!("socket,id=uart,path={}", socket("uart"))])
            .args(ports.iter().flat_map(|name| ["-chardev".into(), port(name)]))
            .args(["-serial", "chardev:uart", "-monitor", "chardev:monitor", "-gdb", "chardev:gdb"])
            .args(["-semihosting-config", "enable=on,target=native"])
            .args(options)
            .arg("-kernel")
            .arg(image)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let (uart, _) = listener.accept().unwrap();
        uart.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self { _qemu: Process(qemu), uart, folder }
    }

    /// QEMU, and the terminal that its UART is.
    pub(crate) fn on_a_terminal(image: &Path) -> (Process, String) {
        let mut qemu = Command::new("qemu-system-arm")
            .args(["-M", "mps2-an386", "-display", "none", "-monitor", "none", "-serial", "pty"])
            .args(["-semihosting-config", "enable=on,target=native", "-kernel"])
            .arg(image)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let told = BufReader::new(qemu.stdout.take().unwrap());
        let qemu = Process(qemu);
        let line = told.lines().map_while(Result::ok).find(|line| line.contains("/dev/"));
        let line = line.expect("QEMU tells its terminal");
        let port = line.split_whitespace().find(|word| word.starts_with("/dev/")).unwrap();
        (qemu, port.to_string())
    }

    fn port(&self, name: &str) -> UnixStream {
        let port = UnixStream::connect(self.folder.path().join(name)).unwrap();
        port.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        port
    }

    /// A host on the line.
    pub(crate) fn client(&self) -> Client<UnixStream> {
        Client::new(self.uart.try_clone().unwrap())
    }

    /// Resets it, as its pin would.
    pub(crate) fn reset(&self) {
        let mut monitor = self.port("monitor");
        writeln!(monitor, "system_reset").unwrap();
        // A prompt before the command, and one once it was carried out.
        let (mut text, mut bytes) = (String::new(), [0; 256]);
        while text.matches("(qemu)").count() < 2 {
            let count = monitor.read(&mut bytes).unwrap();
            text.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    }

    /// Makes the program run an instruction, in hexadecimal: `fee7` jumps to itself, `00de` is none, and
    /// `ffb4` puts eight registers on the stack, which ends at `stack` if that is given. Gives its address.
    ///
    /// It lies at the beginning, which nothing runs again before the reset, and QEMU loads the program
    /// anew for that. Where the program is at the moment may be a function that the handler needs.
    pub(crate) fn run_instruction(&self, instruction: &str, stack: Option<u32>) -> u32 {
        let mut gdb = self.port("gdb");
        let mut talk = |command: &str| {
            let sum = command.bytes().fold(0u8, u8::wrapping_add);
            write!(gdb, "+${command}#{sum:02x}").unwrap();
            // Up to `#` and two digits; that it stopped for us is no answer.
            loop {
                let mut answer = Vec::new();
                let mut byte = [0];
                while answer.iter().rev().nth(2) != Some(&b'#') {
                    gdb.read_exact(&mut byte).unwrap();
                    answer.push(byte[0]);
                }
                let answer = String::from_utf8(answer).unwrap();
                let answer = answer.trim_start_matches(['+', '$']);
                if !answer.starts_with('T') {
                    break answer[..answer.len() - 3].to_string();
                }
            }
        };
        // The second entry of the vector table, little-endian; bit 0 says Thumb.
        let beginning = u32::from_str_radix(&talk("m4,4"), 16).unwrap().swap_bytes() & !1;
        assert_eq!(talk(&format!("M{beginning:x},2:{instruction}")), "OK");
        let mut registers = talk("g");
        let mut set = |register: usize, to: u32| {
            registers
                .replace_range(8 * register..8 * register + 8, &format!("{:08x}", to.swap_bytes()));
        };
        let (stack_pointer, program_counter) = (13, 15);
        set(program_counter, beginning);
        stack.into_iter().for_each(|at| set(stack_pointer, at));
        assert_eq!(talk(&format!("G{registers}")), "OK");
        talk("D");
        beginning
    }
}

/// Ends with whoever started it.
pub(crate) struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
