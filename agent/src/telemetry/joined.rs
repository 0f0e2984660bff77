//! Several texts of metrics as one.

/// Ends a text in OpenMetrics.
const END: &str = "# EOF";

/// One family: what is said of it, and its samples.
struct Family<'a> {
    name: &'a str,
    about: Vec<&'a str>,
    samples: Vec<&'a str>,
}

/// Returns the families of all `texts`, which are in OpenMetrics: one that is in several of them stands
/// once, with the samples of all.
pub(super) fn joined(texts: &[String]) -> String {
    let mut families: Vec<Family<'_>> = Vec::new();
    for text in texts {
        // The family that is read, and whether it is in none of the texts before.
        let mut at: Option<(usize, bool)> = None;
        for line in text.lines().filter(|line| *line != END) {
            let about = line.strip_prefix("# ").and_then(|about| about.split(' ').nth(1));
            if let Some(name) = about
                && at.is_none_or(|(index, _)| families[index].name != name)
            {
                let known = families.iter().position(|family| family.name == name);
                at = Some((known.unwrap_or(families.len()), known.is_none()));
                if known.is_none() {
                    families.push(Family { name, about: Vec::new(), samples: Vec::new() });
                }
            }
            let Some((index, is_new)) = at else { continue };
            match about {
                Some(_) if is_new => families[index].about.push(line),
                Some(_) => {}
                None => families[index].samples.push(line),
            }
        }
    }
    let lines = families.iter().flat_map(|family| family.about.iter().chain(&family.samples));
    lines.chain([&END]).flat_map(|line| [*line, "\n"]).collect()
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_stands_once_with_the_samples_of_all() {
        let text = |workload: &str, extra: &str| {
            format!(
                "# HELP jobs Jobs.\n# TYPE jobs gauge\njobs{{workload=\"{workload}\"}} 3\n\
                 # HELP age_seconds Age.\n# TYPE age_seconds gauge\n# UNIT age_seconds seconds\n\
                 age_seconds{{workload=\"{workload}\"}} 7\n{extra}# EOF\n"
            )
        };
        let of_b = "# HELP only Only here.\n# TYPE only gauge\nonly 1\n";
        let all = joined(&[text("a", ""), text("b", of_b)]);
        assert_eq!(
            all,
            "# HELP jobs Jobs.\n# TYPE jobs gauge\njobs{workload=\"a\"} 3\njobs{workload=\"b\"} 3\n\
             # HELP age_seconds Age.\n# TYPE age_seconds gauge\n# UNIT age_seconds seconds\n\
             age_seconds{workload=\"a\"} 7\nage_seconds{workload=\"b\"} 7\n\
             # HELP only Only here.\n# TYPE only gauge\nonly 1\n# EOF\n"
        );
        assert_eq!(joined(&[text("a", of_b)]), text("a", of_b));
    }
}
