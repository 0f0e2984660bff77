//! A browser without a window, which gives a page as it is once its scripts have run.

use super::servers::http::Agent;
use super::servers::require;
use std::path::PathBuf;
use std::process::Command;

/// Milliseconds of the page's own time that pass before it is looked at: two polls.
const LOOK_AFTER_MS: u32 = 5000;

/// Debian's Chromium.
pub(crate) struct Browser(PathBuf);

impl Browser {
    /// `None` if it is not installed, which is said.
    pub(crate) fn find() -> Option<Self> {
        require("chromium", "chromium").map(Self)
    }

    /// The agent's page.
    pub(crate) fn page(&self, agent: &Agent) -> String {
        let profile = tempfile::tempdir().unwrap();
        let output = Command::new(&self.0)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("--virtual-time-budget={LOOK_AFTER_MS}"))
            .arg("--dump-dom")
            .arg(format!("http://{}/", agent.address))
            .output()
            .unwrap();
        let page = String::from_utf8_lossy(&output.stdout).into_owned();
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && page.contains("</html>"), "{log}");
        page
    }

    /// What the page reads out to those who cannot see it.
    pub(crate) fn alarm(&self, agent: &Agent) -> String {
        text(&self.page(agent), "alarm")
    }
}

/// The text of the element `id`, which has no other element in it.
pub(crate) fn text(page: &str, id: &str) -> String {
    let (_, rest) = page.split_once(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id}"));
    let (_, rest) = rest.split_once('>').unwrap();
    rest.split('<').next().unwrap().to_string()
}
