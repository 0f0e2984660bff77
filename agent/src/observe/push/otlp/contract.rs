//! What exporters of metrics push: made of `proto/otlp_metrics.proto` when the agent is built.
#![allow(clippy::all, dead_code, missing_docs, unreachable_pub)]

tonic::include_proto!("opentelemetry.proto.collector.metrics.v1");
