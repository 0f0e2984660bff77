//! The loop under a clock that goes as it is told: what takes minutes is tested in none.

mod blind;
mod told;

use agent::app::{Components, Config};
use agent::decide::ModelId;
use agent::decide::limits::{OverrideStore, Schedule};
use agent::observe::pool::PoolWatch;
use agent::observe::{Inlet, Reported};
use agent::platform::clock::Clock;
use agent::workload::{Audience, Beginning, Control, Event, Handle, NotReady, Started, Subscriber};
use scaleiq_core::policy::Stage;
use scaleiq_core::sample::RawSample;
use scaleiq_core::units::{Jobs, UnixSeconds};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::time::timeout;

const START: UnixSeconds = UnixSeconds(1_700_000_000);

/// Keeps what was decided.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<(i64, Stage)>>>);

impl Subscriber for Notes {
    fn take(&self, event: Event<'_>) {
        if let Event::Decided { decision, .. } = event {
            self.0.lock().unwrap().push((decision.at.since(START), decision.stage));
        }
    }
}

/// A loop without networks that starts at [`START`] by its clock.
fn start() -> (Handle, Clock, Notes, JoinHandle<()>) {
    let config =
        Config::parse("model: none\n", Path::new("c.yaml"), |_| None, &Components::default())
            .unwrap();
    let config = config.workload(None).unwrap();
    let (clock, notes) = (Clock::virtual_at(START), Notes::default());
    let started = Control::start(Beginning {
        decider: config.open_here().unwrap().0,
        settings: config.settings,
        model: ModelId::none(),
        journal: None,
        past: None,
        trust: config.trust,
        pool: PoolWatch::default(),
        schedule: Schedule::default(),
        store: OverrideStore::default(),
        clock: clock.clone(),
        audience: Audience::new(vec![Box::new(notes.clone())]),
    });
    let Started { handle, thread, .. } = started.unwrap();
    (handle, clock, notes, thread)
}

/// Half a minute of ten busy jobs that ends now by the loop's clock.
fn sample(handle: &Handle) -> Vec<Reported> {
    let raw = RawSample {
        time: handle.now().0 as f64,
        interval_s: 30.0,
        logged_events: Some(3000.0),
        processed_events: Some(3000.0),
        unprocessed_events: Some(0.0),
        avg_processing_ms: Some(100.0),
        jobs_ready: Some(10.0),
        jobs_starting: Some(0.0),
        ..RawSample::default()
    };
    vec![Reported::from(raw.gate().unwrap().sample)]
}

#[tokio::test]
async fn data_grow_stale_by_the_clock_alone_and_the_number_is_held() {
    let (handle, clock, notes, thread) = start();
    assert_eq!(handle.ready(), Err(NotReady::NoSample));
    for _ in 0..20 {
        clock.advance(Duration::from_secs(30));
        let taken = handle.ingest(sample(&handle)).await.unwrap();
        assert_eq!((taken.accepted, taken.refused), (1, 0), "{taken:?}");
    }
    assert_eq!(handle.ready(), Ok(Vec::new()));
    let jobs = handle.decide().await.unwrap().traced.decision.jobs;

    clock.advance(Duration::from_secs(300));
    assert_eq!(handle.ready(), Ok(Vec::new()));
    clock.advance(Duration::from_secs(1));
    let stale = NotReady::Stale { age_s: 301, stale_after_s: 300 };
    assert_eq!((handle.ready(), handle.predict()), (Err(stale), Err(stale)));
    let held = async {
        loop {
            // Asked for, the loop decides that the number is held, as soon as it comes to it.
            let in_force = handle.decide().await.unwrap();
            assert_eq!(
                in_force.traced.decision.jobs, jobs,
                "stale or held, the number is the same"
            );
            if !in_force.is_stale {
                break in_force;
            }
        }
    };
    let in_force = timeout(Duration::from_secs(30), held).await.expect("it is never held");
    assert_eq!(in_force.traced.decision.stage, Stage::Hold);
    assert!(jobs >= Jobs(9));

    handle.stop().await;
    thread.join().unwrap();
    // Only now: readers see a decision before its subscribers have been told.
    let last = notes.0.lock().unwrap().last().copied();
    assert_eq!(last, Some((600 + 301, Stage::Hold)));
    assert_eq!(handle.ready(), Err(NotReady::Stopped));
    assert!(Inlet::is_closed(&handle) && handle.silence().is_none());
}
