use super::threads::each;
use super::*;

#[test]
fn all_have_the_same_sums_in_the_order_of_ranks() {
    for size in [1, 2, 3, 5] {
        // Seven numbers do not divide among these; in another order the first sum would be another.
        let mine = |rank: usize| -> Vec<f32> {
            (0..7).map(|k| 1e7 / (rank + 1) as f32 + 0.3 * k as f32).collect()
        };
        let sums = each(size, |ranks| ranks.sum(mine(ranks.share(size).start)));
        let expected: Vec<f32> =
            (0..7).map(|k| (0..size).fold(0.0, |sum, rank| sum + mine(rank)[k])).collect();
        sums.iter().for_each(|sum| assert_eq!(*sum, expected, "{size}"));
    }
}

#[test]
fn shares_are_all_there_is() {
    let shares = each(3, |ranks| ranks.share(10));
    assert_eq!(shares, [0..3, 3..6, 6..10]);
    assert_eq!(each(4, |ranks| ranks.share(2).len()).iter().sum::<usize>(), 2);
    assert_eq!(Ranks::default().share(10), 0..10);
}

#[test]
fn what_one_knows_all_know() {
    assert_eq!(each(3, |ranks| ranks.any(ranks.share(3).start == 1)), [true; 3]);
    assert_eq!(each(3, |ranks| ranks.any(false)), [false; 3]);
    assert_eq!(each(2, |ranks| ranks.total(ranks.share(2).end as f64)), [3.0; 2]);
    let told =
        each(2, |ranks| ranks.first_bytes(if ranks.is_first() { vec![7, 8] } else { vec![] }));
    assert_eq!(told, [[7, 8], [7, 8]]);
}

#[test]
fn the_first_one_tells_and_is_told() {
    let told = each(3, |ranks| match ranks.is_first() {
        true => ranks.broadcast(&("play", 4)).map(|()| ("play".to_string(), 4)).unwrap(),
        false => ranks.receive().unwrap(),
    });
    assert_eq!(told, vec![("play".to_string(), 4); 3]);
    // As many as the share of each: unequal ones.
    let brought = each(3, |ranks| ranks.gather(ranks.share(10).collect::<Vec<_>>()).unwrap());
    assert_eq!(brought, [vec![vec![0, 1, 2], vec![3, 4, 5], vec![6, 7, 8, 9]], vec![], vec![]]);
    assert_eq!(Ranks::default().gather(7).unwrap(), [7]);
    let error = Ranks::default().receive::<u8>().unwrap_err().to_string();
    assert!(error.contains("the same program"), "{error}");
}
