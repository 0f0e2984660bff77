//! The two texts that Prometheus reads, and which of them is asked for.
//!
//! OpenMetrics 1.0 is what the metrics crate writes. The older text, version 0.0.4, differs from it in
//! the names of families (a counter's ends in `_total` there, an info's in `_info`), has no units, and
//! does not say where it ends.

use super::joined::joined;
use std::borrow::Cow;

/// A format of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposition {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// The Prometheus text format, version 0.0.4.
    Text,
}

impl Exposition {
    /// The format that an `Accept` header prefers among these two; the older one, which everything
    /// reads, where it says nothing of either.
    #[must_use]
    pub fn accepted(accept: &str) -> Self {
        let quality = |format: Self| {
            let ranges = accept.split(',').map(MediaRange::parse);
            ranges.filter(|range| range.is(format)).map(|range| range.quality).fold(0.0, f32::max)
        };
        let open_metrics = quality(Self::OpenMetrics);
        if open_metrics > 0.0 && open_metrics >= quality(Self::Text) {
            Self::OpenMetrics
        } else {
            Self::Text
        }
    }

    /// Its content type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    /// Returns what is in OpenMetrics in `texts` as one text in this format.
    #[must_use]
    pub fn of(self, texts: &[String]) -> String {
        let text = joined(texts);
        match self {
            Self::OpenMetrics => text,
            Self::Text => to_text(&text),
        }
    }
}

/// One of the formats that an `Accept` header lists.
struct MediaRange<'a> {
    name: &'a str,
    version: Option<&'a str>,
    quality: f32,
}

impl<'a> MediaRange<'a> {
    fn parse(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let mut range =
            Self { name: parts.next().unwrap_or_default(), version: None, quality: 1.0 };
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim() {
                name if name.eq_ignore_ascii_case("version") => range.version = Some(value),
                // One that cannot be read is not asked for.
                name if name.eq_ignore_ascii_case("q") => {
                    range.quality = value.parse().unwrap_or(0.0);
                }
                _ => {}
            }
        }
        range
    }

    /// Whether it is this format; another version is another format.
    fn is(&self, format: Exposition) -> bool {
        let (names, version): (&[&str], _) = match format {
            Exposition::OpenMetrics => {
                (&["application/openmetrics-text", "application/*"], "1.0.0")
            }
            Exposition::Text => (&["text/plain", "text/*", "*/*"], "0.0.4"),
        };
        names.iter().any(|name| self.name.eq_ignore_ascii_case(name))
            && self.version.is_none_or(|asked| asked == version)
    }
}

/// From OpenMetrics to version 0.0.4. The lines that name a family come first in it, its type last.
fn to_text(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len());
    let mut help: Option<(&str, &str)> = None;
    for line in open_metrics.lines() {
        let mut words = line.splitn(4, ' ');
        let comment = (words.next(), words.next(), words.next(), words.next());
        match comment {
            (Some("#"), Some("HELP"), Some(name), words) => {
                help = Some((name, words.unwrap_or_default()));
            }
            (Some("#"), Some("TYPE"), Some(name), Some(kind)) => {
                let (name, kind) = family(name, kind);
                if let Some((_, words)) = help.take() {
                    text += &format!("# HELP {name} {words}\n");
                }
                text += &format!("# TYPE {name} {kind}\n");
            }
            (Some("#"), ..) => {}
            _ => {
                text += line;
                text.push('\n');
            }
        }
    }
    text
}

/// Name and type of a family in version 0.0.4.
fn family<'a>(name: &'a str, kind: &'a str) -> (Cow<'a, str>, &'a str) {
    match kind {
        "counter" => (format!("{name}_total").into(), kind),
        "info" => (format!("{name}_info").into(), "gauge"),
        "unknown" => (name.into(), "untyped"),
        _ => (name.into(), kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_preferred_is_given_and_else_what_everything_reads() {
        // As Prometheus 2.53 and 3.1 ask.
        let of_2 = "application/openmetrics-text;version=1.0.0;q=0.5,\
                    application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        let of_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
                    text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        let open_metrics = [
            of_2,
            of_3,
            "application/openmetrics-text",
            "Application/OpenMetrics-Text; Version=1.0.0",
        ];
        for accept in open_metrics {
            assert_eq!(Exposition::accepted(accept), Exposition::OpenMetrics, "{accept}");
        }
        let text = [
            "",
            "*/*",
            "text/plain",
            "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
            "text/plain;version=0.0.4;q=0.9, application/openmetrics-text;q=0.8",
            "application/openmetrics-text;version=0.0.1",
            "application/openmetrics-text;q=0, text/plain;q=0.1",
            "application/openmetrics-text;q=high",
        ];
        for accept in text {
            assert_eq!(Exposition::accepted(accept), Exposition::Text, "{accept}");
        }
    }

    #[test]
    fn families_are_named_as_their_samples_are() {
        let open_metrics = "# HELP a_b Of what.\n# TYPE a_b counter\na_b_total{x=\"# EOF\"} 3\n\
             # TYPE i info\ni_info{v=\"1\"} 1\n\
             # HELP t_seconds Time.\n# TYPE t_seconds gauge\n# UNIT t_seconds seconds\nt_seconds 1.5\n# EOF\n";
        let text = "# HELP a_b_total Of what.\n# TYPE a_b_total counter\na_b_total{x=\"# EOF\"} 3\n\
             # TYPE i_info gauge\ni_info{v=\"1\"} 1\n\
             # HELP t_seconds Time.\n# TYPE t_seconds gauge\nt_seconds 1.5\n";
        assert_eq!(Exposition::Text.of(&[open_metrics.into()]), text);
        assert_eq!(Exposition::OpenMetrics.of(&[open_metrics.into()]), open_metrics);
    }
}
