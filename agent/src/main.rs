//! Command line of the ScaleIQ agent.
fn main() {}
