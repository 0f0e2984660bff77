//! A run beside a real MLflow server: it is told while it trains, and a server that is gone stops nothing.
#![cfg(unix)]

#[path = "../../agent/tests/servers/machine.rs"]
mod machine;
mod process;

use process::{Small, text, trainer};
use serde_json::{Value, json};
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server of PyPI's `mlflow`, which ends with the test.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// On `port`, with what it knew before in the folder of `small`; `None` if there is no MLflow, which is said.
    fn start(small: &Small, port: u16) -> Option<Self> {
        let mlflow = machine::require("mlflow", "python3-pip, then python3 -m pip install mlflow")?;
        let url = format!("http://127.0.0.1:{port}");
        let store = format!("sqlite:///{}", small.path("mlflow.db"));
        let child = Command::new(mlflow)
            .args(["server", "--host", "127.0.0.1", "--port", &port.to_string(), "--workers", "1"])
            .args([
                "--backend-store-uri",
                &store,
                "--artifacts-destination",
                &small.path("artifacts"),
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, url };
        let begin = Instant::now();
        while ureq::get(format!("{}/health", server.url)).call().is_err() {
            assert!(begin.elapsed() < Duration::from_secs(180), "the server does not come up");
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(server)
    }

    /// All of its runs in the experiment.
    fn runs(&self, experiment: &str) -> Vec<Value> {
        let get = format!("{}/api/2.0/mlflow/experiments/get-by-name", self.url);
        let found = ureq::get(get).query("experiment_name", experiment).call().unwrap();
        let found: Value = json_of(found);
        let search = json!({"experiment_ids": [found["experiment"]["experiment_id"]]});
        let search = ureq::post(format!("{}/api/2.0/mlflow/runs/search", self.url))
            .content_type("application/json")
            .send(search.to_string());
        json_of(search.unwrap())["runs"].as_array().cloned().unwrap_or_default()
    }

    /// How many points it has of a curve.
    fn points(&self, run: &Value, key: &str) -> usize {
        let get = format!("{}/api/2.0/mlflow/metrics/get-history", self.url);
        let id = run["info"]["run_id"].as_str().unwrap();
        let found = ureq::get(get).query("run_id", id).query("metric_key", key).call().unwrap();
        json_of(found)["metrics"].as_array().map_or(0, Vec::len)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn json_of(mut response: ureq::http::Response<ureq::Body>) -> Value {
    serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap()
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// What the server is asked for in `list` under `key`.
fn value<'a>(list: &'a Value, key: &str) -> &'a Value {
    let all = list.as_array().map_or(&[][..], Vec::as_slice);
    all.iter().find(|item| item["key"] == key).map_or(&Value::Null, |item| &item["value"])
}

#[test]
fn a_run_is_told_and_a_server_that_is_gone_stops_nothing() {
    let port = free_port();
    let small =
        Small::new(&format!("mlflow: {{url: 'http://127.0.0.1:{port}', experiment: june}}"));
    let config = fs::read_to_string(small.config()).unwrap();
    fs::write(small.config(), config.replace("steps: 300", "steps: 40")).unwrap();
    let (config, out) = (small.config(), small.path("a"));

    // Nobody is there: it trains, warns, and says how the rest is sent.
    let trained = trainer(&["train", "--forecast-only", "--config", &config, "--out", &out]);
    let log = text(&trained.stderr);
    assert!(trained.status.success(), "{log}");
    assert!(log.contains("training goes on") && log.contains("`trainer mlflow"), "{log}");
    assert!(log.contains(&format!("MLflow at http://127.0.0.1:{port}")), "{log}");
    let none = trainer(&["mlflow", &out]);
    assert_eq!(none.status.code(), Some(1), "{}", text(&none.stderr));

    let Some(server) = Server::start(&small, port) else { return };
    let sent = trainer(&["mlflow", &out]);
    assert!(sent.status.success(), "{}", text(&sent.stderr));
    // Sent twice it is there once.
    assert!(trainer(&["mlflow", &out]).status.success());
    let runs = server.runs("june");
    let [run] = &runs[..] else { panic!("{runs:?}") };
    assert_eq!(
        (&run["info"]["status"], &run["info"]["run_name"]),
        (&json!("FINISHED"), &json!("a"))
    );
    let data = &run["data"];
    assert_eq!(value(&data["params"], "forecaster.d_model"), "16");
    let folder = value(&data["tags"], "folder").as_str().unwrap();
    assert_eq!(fs::canonicalize(&out).unwrap().to_str(), Some(folder));
    assert!(value(&data["metrics"], "int8_h6_wape").is_number(), "{data}");
    let curves = fs::read_to_string(small.at("a").join("curves.csv")).unwrap();
    let rows = curves.lines().filter(|row| row.contains(",train_loss,")).count();
    assert!(rows > 20 && server.points(run, "forecaster/train_loss") == rows, "{curves}");

    // With the server there, all of it is told by the run itself.
    let out = small.path("b");
    let trained = trainer(&["train", "--forecast-only", "--config", &config, "--out", &out]);
    let log = text(&trained.stderr);
    assert!(trained.status.success() && !log.contains("WARN"), "{log}");
    let runs = server.runs("june");
    let run = runs.iter().find(|run| run["info"]["run_name"] == "b").unwrap();
    assert_eq!(run["info"]["status"], "FINISHED");
    assert_eq!(server.points(run, "forecaster/train_loss"), rows);
}
