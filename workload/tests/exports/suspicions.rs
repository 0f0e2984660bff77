//! What is read as it is, with a word of warning; and what is not warned of.

use super::*;

#[test]
fn a_row_that_looks_like_a_glitch_is_told_with_its_line() {
    let text = file("timestamp,value\n", |at, n| {
        format!("{},{}", iso(at), if at == START_S + 86_400 { 100 * n } else { n })
    });
    insta::assert_snapshot!(good(&text).notes.join("\n"), @"line 290: 121200 is 71 times what is beside it: if it is a glitch, leave the field empty");
}

#[test]
fn what_stays_high_and_what_is_constant_is_no_glitch() {
    let step = file("timestamp,value\n", |at, n| {
        format!("{},{}", iso(at), if at < START_S + 86_400 { n } else { 100 * n })
    });
    assert!(good(&step).notes.is_empty(), "{:?}", good(&step).notes);
    for value in [0, 3000] {
        let constant = file("timestamp,value\n", |at, _| format!("{},{value}", iso(at)));
        assert!(good(&constant).notes.is_empty(), "{:?}", good(&constant).notes);
    }
}

#[test]
fn sparse_counts_are_no_filled_zeros() {
    let sparse =
        file("timestamp,value\n", |at, n| format!("{},{}", iso(at), (n % 10).saturating_sub(7)));
    assert!(good(&sparse).notes.is_empty(), "{:?}", good(&sparse).notes);
}
