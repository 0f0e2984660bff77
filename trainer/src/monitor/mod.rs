//! Whether a model still fits: days of new data held against the days before them, and a newer model that
//! takes the old one's place only where it is better.

pub mod days;
pub mod promotion;
pub mod verdict;
pub mod versions;
