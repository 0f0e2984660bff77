//! placeholder stub with the final API (to be replaced)
#![allow(missing_docs)]
use crate::interval::{Interval, IntervalLength};
pub const COUNT: usize = 1;
pub enum Unit {
    Cycle,
    Events,
    Ratio,
    ZScore,
    Millis,
    Jobs,
    Flag,
}
pub struct FeatureSpec {
    pub name: &'static str,
    pub unit: Unit,
}
pub static SPECS: [FeatureSpec; COUNT] = [FeatureSpec { name: "arrivals", unit: Unit::Events }];
#[derive(Clone, Debug)]
pub struct FeatureBank;
#[derive(Clone, Debug)]
pub struct Features([f32; COUNT]);
impl Features {
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }
}
impl FeatureBank {
    pub fn new(_: IntervalLength) -> Self {
        Self
    }
    pub fn push(&mut self, i: &Interval) -> Features {
        Features([i.arrivals_events.unwrap_or(f32::NAN)])
    }
}
