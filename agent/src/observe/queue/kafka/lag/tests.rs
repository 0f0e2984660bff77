use super::*;

/// Offsets of partitions, each as (first, last, committed).
fn offsets(partitions: &[(i64, i64, i64)]) -> BTreeMap<Partition, Offsets> {
    let numbered = (0..).zip(partitions);
    let partition = |index| Partition { topic: "orders".into(), index };
    numbered
        .map(|(k, &(first, last, committed))| (partition(k), Offsets { first, last, committed }))
        .collect()
}

/// Arrived, processed and waiting after each of `looks`.
fn seen<const N: usize>(
    begin: Begin,
    looks: [&[(i64, i64, i64)]; N],
) -> [(f64, f64, Option<f64>); N] {
    let mut lag = Lag::new(begin);
    looks.map(|look| {
        let reading = lag.reading(offsets(look)).unwrap();
        let (Amount::Total(arrived), Amount::Total(processed)) =
            (reading.arrived, reading.processed)
        else {
            panic!("{reading:?}")
        };
        (arrived, processed, reading.waiting)
    })
}

#[test]
fn ends_are_what_arrived_commits_what_was_processed_and_the_rest_waits() {
    let seen = seen(Begin::Latest, [&[(0, 100, 90), (50, 80, 80)], &[(0, 130, 120), (50, 90, 80)]]);
    assert_eq!(seen, [(180.0, 170.0, Some(10.0)), (220.0, 200.0, Some(20.0))]);
}

#[test]
fn without_a_commit_the_backlog_is_missing_unless_there_is_nothing_or_the_beginning_is_told() {
    let looks: [&[_]; 3] =
        [&[(0, 100, 90), (7, 7, -1)], &[(0, 100, 95), (7, 9, -1)], &[(0, 100, 100), (7, 9, 8)]];
    let [empty, uncommitted, committed] = seen(Begin::Latest, looks);
    assert_eq!(empty, (107.0, 97.0, Some(10.0)));
    assert_eq!(uncommitted, (109.0, 102.0, None));
    assert_eq!(committed, (109.0, 107.0, Some(1.0)));
    let [_, uncommitted, committed] = seen(Begin::Earliest, looks);
    assert_eq!(uncommitted, (109.0, 102.0, Some(7.0)));
    assert_eq!(committed, (109.0, 108.0, Some(1.0)));
}

#[test]
fn a_group_that_has_committed_nothing_is_absent_or_has_everything_before_it() {
    let nothing = offsets(&[(5, 100, -1), (0, 10, -1)]);
    let error = Lag::new(Begin::Latest).reading(nothing).unwrap_err();
    assert!(matches!(&error, ProbeError::Absent(why) if why.contains("check `group`")), "{error}");
    assert_eq!(seen(Begin::Earliest, [&[(5, 100, -1), (0, 10, -1)]]), [(110.0, 5.0, Some(105.0))]);
}

#[test]
fn a_topic_that_is_made_anew_is_counted_from_its_beginning() {
    for anew in [(0, 4, 3), (0, 400, 3)] {
        let looks: [&[_]; 2] = [&[(500, 1000, 1000), (0, 10, 10)], &[anew, (0, 12, 11)]];
        let [before, after] = seen(Begin::Latest, looks);
        assert_eq!(before, (1010.0, 1010.0, Some(0.0)));
        let (arrived, waiting) = (1012.0 + anew.1 as f64, anew.1 as f64 - 3.0 + 1.0);
        assert_eq!(after, (arrived, 1014.0, Some(waiting)));
    }
    // Its commits may be those of the topic before.
    let looks: [&[_]; 2] = [&[(0, 1000, 1000)], &[(0, 4, 1000)]];
    assert_eq!(seen(Begin::Earliest, looks)[1], (1004.0, 1000.0, Some(4.0)));
}

#[test]
fn events_that_a_change_of_leaders_lost_are_none_that_arrived() {
    let looks: [&[_]; 2] = [&[(0, 1000, 1000)], &[(0, 990, 985)]];
    assert_eq!(seen(Begin::Latest, looks)[1], (1000.0, 1000.0, Some(5.0)));
}

#[test]
fn partitions_may_be_added_and_a_group_be_set_back_and_events_be_deleted_unread() {
    let [_, added, back, deleted] = seen(
        Begin::Latest,
        [
            &[(0, 100, 100)],
            &[(0, 100, 100), (0, 30, 10)],
            &[(0, 100, 40), (0, 30, 30)],
            &[(70, 100, 40), (0, 30, 30)],
        ],
    );
    assert_eq!(added, (130.0, 110.0, Some(20.0)));
    assert_eq!(back, (130.0, 130.0, Some(60.0)));
    assert_eq!(deleted, (130.0, 130.0, Some(30.0)));
}
