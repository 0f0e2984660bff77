//! What KEDA's operator streams: made of `proto/keda_raw_metrics.proto` when the agent is built.
#![allow(clippy::all, dead_code, missing_docs, unreachable_pub)]

tonic::include_proto!("api");
