//! The page's files. Everything is built into the program; the content policy allows nothing from elsewhere
//! and no inline script or style.

use axum::Router;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// What the page may load: its own files and nothing else.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const IMAGE: &str = "image/svg+xml";

const PAGE: &str = include_str!("../../../assets/index.html");

/// A script of the live page.
macro_rules! script {
    ($name:literal) => {
        (
            concat!("/assets/live/", $name),
            SCRIPT,
            include_str!(concat!("../../../assets/live/", $name)),
        )
    };
}

/// The page's files: path, kind, content.
const ASSETS: [(&str, &str, &str); 17] = [
    script!("main.js"),
    script!("dom.js"),
    script!("range.js"),
    script!("series.js"),
    script!("graphs.js"),
    script!("tiles.js"),
    script!("health.js"),
    script!("decisions.js"),
    script!("control.js"),
    script!("help.js"),
    ("/assets/charts.js", SCRIPT, include_str!("../../../assets/charts.js")),
    ("/assets/legend.js", SCRIPT, include_str!("../../../assets/legend.js")),
    ("/assets/base.css", STYLE, include_str!("../../../assets/base.css")),
    ("/assets/style.css", STYLE, include_str!("../../../assets/style.css")),
    ("/assets/logo.svg", IMAGE, include_str!("../../../assets/logo.svg")),
    (
        "/assets/uPlot.iife.min.js",
        SCRIPT,
        include_str!("../../../assets/vendor/uplot/uPlot.iife.min.js"),
    ),
    ("/assets/uPlot.min.css", STYLE, include_str!("../../../assets/vendor/uplot/uPlot.min.css")),
];

/// The routes `/assets/*`.
pub fn assets() -> Router {
    let serve = |router: Router, (path, kind, content)| {
        router.route(path, get(async move || asset(kind, content)))
    };
    ASSETS.into_iter().fold(Router::new(), serve)
}

/// The page itself.
pub(super) fn page() -> Response {
    asset(HTML, PAGE)
}

/// An answer that nobody keeps.
pub(super) fn private(kind: &'static str, content: Vec<u8>) -> Response {
    (guarded(kind, "no-store"), content).into_response()
}

fn asset(kind: &'static str, content: &'static str) -> Response {
    (guarded(kind, "no-cache"), content).into_response()
}

/// Headers of every answer.
fn guarded(kind: &'static str, cache: &'static str) -> [(HeaderName, &'static str); 5] {
    [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, cache),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_carry_a_strict_policy() {
        let response = asset(HTML, "x");
        let policy = response.headers().get(header::CONTENT_SECURITY_POLICY).unwrap();
        let policy = policy.to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
    }

    #[test]
    fn assets_have_nothing_inline_and_nothing_from_elsewhere() {
        for (path, kind, content) in ASSETS.into_iter().chain([("/", HTML, PAGE)]) {
            let vendored = path.contains("uPlot");
            assert!(
                vendored || !content.replace("http://www.w3.org/", "").contains("://"),
                "{path}"
            );
            if kind == HTML {
                for bad in [" onclick", " onload", " style=", "<style", "javascript:", "<script>"] {
                    assert!(!content.contains(bad), "{path} has {bad}");
                }
            }
        }
    }
}
