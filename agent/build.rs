//! Makes code of the contracts of gRPC services: in Rust alone, so that nobody needs `protoc`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    #[cfg(feature = "grpc")]
    contracts()?;
    Ok(())
}

/// Clients and servers of all: what the agent does not take part in itself, its tests play.
#[cfg(feature = "grpc")]
fn contracts() -> Result<(), Box<dyn std::error::Error>> {
    let files = protox::compile(["externalscaler.proto", "keda_raw_metrics.proto"], ["proto"])?;
    tonic_prost_build::configure().compile_fds(files)?;
    Ok(())
}
