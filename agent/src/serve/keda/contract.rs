//! What KEDA asks: made of `proto/externalscaler.proto` when the agent is built.
#![allow(clippy::all, dead_code, missing_docs, unreachable_pub)]

tonic::include_proto!("externalscaler");
