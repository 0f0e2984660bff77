//! `firmware/clients/client.py` reads the golden frames as the types do.

use super::{SPEC, golden::golden};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Whether both say the same; a number may have come by way of an `f32`.
fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, a)| b.get(k).is_some_and(|b| alike(a, b)))
        }
        (Value::Number(a), Value::Number(b)) => {
            a == b || a.as_f64().unwrap() as f32 == b.as_f64().unwrap() as f32
        }
        _ => a == b,
    }
}

#[test]
fn a_program_written_from_the_page_reads_and_writes_every_golden_frame() {
    let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware/clients/client.py");
    let frames = SPEC.split("## Golden frames").nth(1).unwrap().lines();
    let frames = frames.filter(|line| line.starts_with("    "));
    let hex: Vec<&str> = frames.map(|line| line.rsplit(' ').next().unwrap()).collect();
    let run = Command::new("python3").arg(client).arg("decode").args(&hex).output();
    let Ok(run) = run else {
        assert!(std::env::var_os("SCALEIQ_REQUIRE_ALL").is_none(), "python3 is missing");
        eprintln!("\n*** NOT RUN: python3 is missing ***\n");
        return;
    };
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let text = String::from_utf8(run.stdout).unwrap();
    let read: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let golden = golden();
    assert_eq!(read.len(), golden.len());
    for ((name, message), read) in golden.iter().zip(read) {
        let expected = serde_json::to_value(message).unwrap();
        assert!(alike(&read, &expected), "{name}:\n{read}\n{expected}");
    }
}
