//! Template units, beside a stand-in for `systemctl` that keeps units as files: no systemd runs where tests
//! do, in containers among other places.
#![cfg(unix)]

#[path = "orders/mod.rs"]
mod orders;

use agent::actuate::actuator::Outcome;
use agent::observe::pool::PoolReading;
use agent::observe::probe::ProbeError;
use orders::Acting;
use scaleiq_core::units::Jobs;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Takes the arguments that the agent uses, as systemctl(1) has them, and refuses others.
const STAND_IN: &str = r#"
cd "$1"; shift
echo "$@" >> calls
[ "$1 $2" = "--no-pager --no-ask-password" ] || exit 64
case "$3 $4 $5" in
"show --property=Id,ActiveState --")
    [ -e broken ] && { echo "Failed to connect to bus" >&2; exit 1; }
    separator=
    for unit in units/*; do
        [ -e "$unit" ] || exit 0
        printf "$separator"
        echo "Id=${unit#units/}"
        echo "ActiveState=$(cat "$unit")"
        separator='\n'
    done ;;
"start --no-block --") shift 5; for unit; do echo activating > "units/$unit"; done ;;
"stop --no-block --") shift 5; for unit; do echo deactivating > "units/$unit"; done ;;
*) exit 64 ;;
esac
"#;

fn acting(folder: &Path) -> Acting {
    fs::write(folder.join("systemctl"), STAND_IN).unwrap();
    fs::create_dir(folder.join("units")).unwrap();
    let program = folder.join("systemctl").display().to_string();
    let section = format!(
        "{{type: systemd, unit: worker@.service, command: [sh, {program:?}, {:?}]}}",
        folder.display().to_string()
    );
    Acting::new(&section, folder)
}

#[tokio::test]
async fn instances_are_started_and_stopped_by_their_numbers() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let mut acting = acting(at);
    let unit = |number: &str| at.join(format!("units/worker@{number}.service"));
    let set = |number: &str, state: &str| fs::write(unit(number), format!("{state}\n")).unwrap();
    let state = |number: &str| fs::read_to_string(unit(number)).unwrap().trim().to_string();
    set("2", "active");
    set("7", "active");
    set("blue", "active");
    assert_eq!(acting.apply(3).await, Ok(Outcome::Done));
    assert_eq!(
        ["1", "2", "3", "7"].map(state),
        ["activating", "active", "activating", "deactivating"]
    );
    assert_eq!(state("blue"), "active", "it is somebody else's");
    let pool = PoolReading { ready: Jobs(1), starting: Jobs(2) };
    assert_eq!(acting.pool().await, Ok(pool));
    // The same again asks, and changes nothing.
    assert_eq!(acting.apply(3).await, Ok(Outcome::Done));
    let calls = fs::read_to_string(at.join("calls")).unwrap();
    let verbs: Vec<&str> = calls.lines().map(|call| call.split(' ').nth(2).unwrap()).collect();
    assert_eq!(verbs, ["show", "start", "stop", "show", "show"]);
    assert_eq!(acting.apply(0).await, Ok(Outcome::Done));
    assert_eq!(["1", "2", "3"].map(state), ["deactivating"; 3]);
}

#[tokio::test]
async fn a_manager_that_does_not_answer_is_no_pool_of_none() {
    let folder = TempDir::new().unwrap();
    let mut acting = acting(folder.path());
    fs::write(folder.path().join("broken"), "").unwrap();
    let error = acting.apply(3).await.unwrap_err();
    assert!(error.contains("show: exit status: 1: Failed to connect to bus"), "{error}");
    assert!(matches!(acting.pool().await, Err(ProbeError::Invalid(_))));
    fs::remove_file(folder.path().join("broken")).unwrap();
    let none = PoolReading { ready: Jobs(0), starting: Jobs(0) };
    assert_eq!(acting.pool().await, Ok(none));
    assert_eq!(acting.apply(1).await, Ok(Outcome::Done));
}
