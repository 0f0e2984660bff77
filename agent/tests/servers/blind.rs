//! An agent beside a queue that it can no longer see.

use super::http::{Agent, get, post, until};

/// What is done to the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// It lives: something happens in it, and is told. Asked for again and again.
    Live,
    /// It goes out of sight.
    Go,
    /// It is seen again.
    Return,
}

/// Runs an agent beside the source of this section, whose queue `act` moves: while it sees nothing it holds its
/// number, is not ready and says why; then it goes on by itself.
pub(crate) fn holds_while_blind(section: &str, mut act: impl FnMut(Act)) {
    let agent = Agent::start(&format!(
        "listen: 127.0.0.1:0\nstale_after_s: 5\nscale_down_window_s: 0\njobs: {{min: 1, max: 50}}\n\
         source: {section}\n"
    ));
    let is_ready = |agent: &Agent| get(agent, "/readyz").0 == 200;
    until(|| {
        act(Act::Live);
        is_ready(&agent)
    });
    act(Act::Go);
    let mut why = String::new();
    until(|| {
        let (status, body) = get(&agent, "/readyz");
        why = body;
        status == 503
    });
    assert!(why.contains("stale_after_s is 5"), "{why}");
    let (before, _) = decided(&agent);
    until(|| decided(&agent).1 == "hold");
    assert_eq!(decided(&agent).0, before, "it scaled while it was blind");
    // What an alert goes by counts the loop's own decisions, of which none need have been made since.
    until(|| get(&agent, "/metrics").1.contains("scaleiq_decisions_total{stage=\"hold\""));
    act(Act::Return);
    until(|| {
        act(Act::Live);
        is_ready(&agent)
    });
    assert_ne!(decided(&agent).1, "hold");
}

/// The number of jobs in force, and the stage that proposed it.
fn decided(agent: &Agent) -> (u64, String) {
    let (_, body) = post(agent, "/decide", "");
    let decision: serde_json::Value = serde_json::from_str(&body).unwrap();
    let stage = decision["stage"].as_str().unwrap_or_default().into();
    (decision["jobs"].as_u64().unwrap_or(0), stage)
}
