//! Runs that another model, other settings, a device or another mode follow.

use super::*;

#[test]
fn other_settings_begin_anew_and_another_model_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut plant = Plant::new(2);
    let other = Settings { sla_s: 30.0, ..settings() };
    for (choice, settings, decisions) in [
        (ModelChoice::None, settings(), None),
        (ModelChoice::None, settings(), Some(20)),
        (ModelChoice::None, other, None),
        (ModelChoice::Shipped, other, Some(20)),
        (ModelChoice::Shipped, other, Some(40)),
        (ModelChoice::None, other, Some(60)),
        (ModelChoice::None, settings(), None),
    ] {
        let mut run = resumed(folder.path(), LARGE, &choice, settings);
        assert_eq!(run.past.map(|past| past.decisions), decisions);
        plant.play(20, run.decider.as_mut(), &mut run.journal);
    }
    assert_eq!(files(folder.path()).len(), 3);
    let (summary, _) = verified(folder.path());
    assert_eq!((summary.same, summary.decisions), (140, 140));
    // Without the other model its decisions are passed over.
    let at_hand = |context: &RunContext| match context.model == ModelId::none() {
        true => open(context),
        false => Ok(None),
    };
    let mut passed = 0;
    let summary = verify(folder.path(), at_hand, |checked| {
        passed += u32::from(checked.verdict == Verdict::Unknown(Unknown::OtherModel));
        ControlFlow::Continue(())
    });
    assert_eq!((summary.unwrap().same, passed), (100, 40));
}

#[test]
fn a_model_that_fails_for_a_night_costs_nothing_that_was_learned() {
    let folder = tempfile::tempdir().unwrap();
    let mut plant = Plant::new(13);
    for (choice, ticks) in
        [(ModelChoice::Shipped, 900), (ModelChoice::None, 300), (ModelChoice::Shipped, 299)]
    {
        let mut run = resumed(folder.path(), LARGE, &choice, settings());
        if let Some(last) = plant.decisions.last() {
            // What is in force stands for a window, whatever this model would have decided.
            let first = run.decider.decide(last.at.plus(1));
            run.journal.decision(&first).1.unwrap();
            assert!(first.jobs >= last.jobs, "{first:?}, {last:?}");
            assert!(run.decider.forecast().is_some_and(|forecast| forecast.makeup.is_some()));
        }
        plant.play(ticks, run.decider.as_mut(), &mut run.journal);
    }
    let (summary, _) = verified(folder.path());
    assert_eq!((summary.same, summary.differing), (1501, 0));
    assert_eq!(files(folder.path()).len(), 1);
}

#[test]
fn what_a_device_decided_is_kept_and_not_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let config = JournalConfig { folder: folder.path().into(), limits: LARGE };
    let begin = |pack: u32| {
        let model = ModelId::device("/dev/ttyACM0", pack);
        let choice = ModelChoice::None;
        let open =
            || Ok(decide::open(&choice, Engine::default(), settings(), Calendar::default())?.0);
        resume(&config, RunContext::new(model, settings(), Calendar::default(), false), open)
            .unwrap()
    };
    // In the place of the device: it decides otherwise than what stands in for it.
    let mut device = open(&context(&ModelChoice::Shipped, settings())).unwrap().unwrap();
    let mut plant = Plant::new(2);
    // With another pack the run goes on, since what learned was what stands in.
    for (pack, past) in [(1, None), (1, Some(50)), (2, Some(100))] {
        let mut run = begin(pack);
        assert_eq!(run.past.map(|past| past.samples), past);
        if let Some(last) = plant.decisions.last() {
            let blind = run.decider.decide(last.at.plus(1000));
            assert!(blind.stage == Stage::Hold && blind.jobs >= last.jobs, "{blind:?}, {last:?}");
        }
        plant.play(50, device.as_mut(), &mut run.journal);
    }
    let args = ["agent", "replay", "--journal", folder.path().to_str().unwrap()];
    let Some(Command::Replay(args)) = Cli::try_parse_from(args).unwrap().command else {
        panic!("another command")
    };
    let error = cli::replay::run(&args).unwrap_err().to_string();
    assert!(
        error.contains("outside this program, by device /dev/ttyACM0, pack 00000001"),
        "{error}"
    );
    let mut verdicts = Vec::new();
    let summary = verify(
        folder.path(),
        |_| Ok(None),
        |checked| {
            verdicts.push(checked.verdict);
            ControlFlow::Continue(())
        },
    );
    let summary = summary.unwrap();
    assert_eq!((summary.decisions, summary.same, summary.differing), (150, 0, 0));
    assert!(verdicts.iter().all(|v| *v == Verdict::Unknown(Unknown::Device)));
}

#[test]
fn shadow_mode_is_made_again_and_becomes_active_mode() {
    let folder = tempfile::tempdir().unwrap();
    let config = JournalConfig { folder: folder.path().into(), limits: LARGE };
    let begin = |shadow: bool| {
        let context = RunContext { shadow, ..context(&ModelChoice::None, settings()) };
        resume(&config, context.clone(), || Ok(open(&context)?.unwrap())).unwrap()
    };
    let mut plant = Plant::new(12);
    let mut before = None;
    for ticks in [400, 600] {
        let mut run = begin(true);
        // What was seen of both pools is known again after a restart.
        assert_eq!(before, run.past.as_ref().map(|_| run.decider.figures()));
        plant.obeys = false;
        plant.play(ticks, run.decider.as_mut(), &mut run.journal);
        before = Some(run.decider.figures());
    }
    let runs = plant.simulator.jobs_ready();
    let shadow = plant.decisions.last().unwrap().jobs;
    assert!(shadow.0.abs_diff(runs.0) > 3, "{shadow} {runs}");
    // Now it is obeyed: by the pool that runs, and not by the one that was thought of.
    let mut run = begin(false);
    plant.obeys = true;
    plant.play(200, run.decider.as_mut(), &mut run.journal);
    assert_eq!(plant.decisions[1000].current_jobs, runs);
    drop(run);
    let mut run = begin(true);
    plant.obeys = false;
    plant.play(100, run.decider.as_mut(), &mut run.journal);
    let (summary, _) = verified(folder.path());
    assert_eq!((summary.same, summary.differing), (1300, 0));
}
