//! Holds nothing itself: the cross-crate tests are in `tests/`.
