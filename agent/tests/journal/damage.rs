//! What is damaged is named, and nothing before it is lost.

use super::*;

#[test]
fn a_torn_end_is_cut_off_and_nothing_before_it_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut plant = Plant::new(2);
    let mut run = rules(folder.path(), LARGE);
    plant.play(30, run.decider.as_mut(), &mut run.journal);
    drop(run);
    let file = files(folder.path()).remove(0);
    let whole = fs::read(&file).unwrap();
    for cut in [1, 7, 11, 12, 13, 60, 100] {
        fs::write(&file, &whole[..whole.len() - cut]).unwrap();
        let before = verified(folder.path()).0;
        assert!(before.torn.is_some() && before.same == 29, "{before:?}");
        let run = rules(folder.path(), LARGE);
        assert_eq!(run.past.unwrap().decisions, 29);
        drop(run.journal);
        assert!(verified(folder.path()).0.torn.is_none());
    }
}

#[test]
fn a_flipped_bit_is_told_with_file_and_byte() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { file_bytes: 20_000, files: 100 };
    let mut plant = Plant::new(6);
    let mut run = rules(folder.path(), limits);
    plant.play(400, run.decider.as_mut(), &mut run.journal);
    drop(run);
    let all = files(folder.path());
    assert!(all.len() >= 3);
    let flip = |file: &Path, at: usize| {
        let mut bytes = fs::read(file).unwrap();
        bytes[at] ^= 4;
        fs::write(file, bytes).unwrap();
    };
    flip(&all[0], 10_000);
    let error = verify(folder.path(), open, |_| ControlFlow::Continue(())).unwrap_err().to_string();
    assert!(error.contains("00000001.journal, byte "), "{error}");
    let (_, rest) = error.split_once("byte ").unwrap();
    let offset: usize = rest.split(':').next().unwrap().parse().unwrap();
    assert!((9_700..=10_000).contains(&offset), "{error}");

    // The agent starts all the same, from the files behind the damage.
    let mut run = rules(folder.path(), limits);
    let samples = run.past.as_ref().unwrap().samples;
    assert!((1..400).contains(&samples), "{samples}");
    plant.play(10, run.decider.as_mut(), &mut run.journal);
    drop(run);
    fs::remove_file(&all[0]).unwrap();
    let (summary, verdicts) = verified(folder.path());
    assert!(summary.same == 10 && verdicts.ends_with(&[Verdict::Same; 10]), "{summary:?}");

    // Damage in the last file leaves nothing to build on that is certain.
    let last = files(folder.path()).pop().unwrap();
    flip(&last, 300);
    let run = rules(folder.path(), limits);
    assert_eq!(run.past, None);
    assert!(last.exists() && files(folder.path()).len() > all.len() - 1);
}

#[test]
fn what_was_tampered_with_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let mut plant = Plant::new(2);
    let mut run = rules(folder.path(), LARGE);
    plant.play(20, run.decider.as_mut(), &mut run.journal);
    let mut other = plant.decisions[19].clone();
    (other.at, other.jobs.0) = (other.at.plus(1), other.jobs.0 + 1);
    let (_, done) = run.journal.decision(&other);
    done.unwrap();
    let (summary, verdicts) = verified(folder.path());
    assert_eq!((summary.same, summary.differing), (20, 1));
    assert_eq!(verdicts.last(), Some(&Verdict::Differs));
}
