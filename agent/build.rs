//! Makes code of the contracts of gRPC services: in Rust alone, so that nobody needs `protoc`.

/// What is below `proto`.
#[cfg(feature = "grpc")]
const CONTRACTS: [&str; 3] =
    ["externalscaler.proto", "keda_raw_metrics.proto", "otlp_metrics.proto"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    #[cfg(feature = "grpc")]
    contracts()?;
    Ok(())
}

/// Clients and servers of all: what the agent does not take part in itself, its tests play.
#[cfg(feature = "grpc")]
fn contracts() -> Result<(), Box<dyn std::error::Error>> {
    let files = protox::compile(CONTRACTS, ["proto"])?;
    tonic_prost_build::configure().compile_fds(files)?;
    Ok(())
}
