//! The metrics of one worker, where it shows them.

use super::Named;
use super::exposition::find;
use super::selector::Selector;
use super::totals::Totals;
use crate::observe::probe::{Answer, ProbeError};
use crate::observe::queue::counter::Counter;
use crate::observe::queue::{Amount, QueueProbe, QueueReading};
use crate::platform::http::{Client, Method};

/// What is understood: without it some would send another format.
const ACCEPT: &str = "text/plain;version=0.0.4";

/// Reads a page of metrics.
#[derive(Debug)]
pub(super) struct Scraped {
    client: Client,
    named: Named<Selector>,
    arrived: Totals,
    processed: Totals,
    work: Totals,
    /// Seconds of work and events since the last look, of which the mean is made.
    worked: [Counter; 2],
}

impl Scraped {
    pub(super) fn new(client: Client, named: Named<Selector>) -> Self {
        Self {
            client,
            named,
            arrived: Totals::default(),
            processed: Totals::default(),
            work: Totals::default(),
            worked: [Counter::default(); 2],
        }
    }

    async fn page(&self) -> Result<String, ProbeError> {
        let request = self.client.request(Method::GET, &[], &[]).header("accept", ACCEPT);
        let page = self.client.send(request).await?;
        String::from_utf8(page).map_err(|_| ProbeError::Invalid("the page is no UTF-8".into()))
    }

    fn reading(&mut self, page: &str) -> Result<QueueReading, String> {
        let named = &self.named;
        let arrived = total(&mut self.arrived, page, named.arrived.as_ref())?;
        let processed = total(&mut self.processed, page, named.processed.as_ref())?;
        let work = total(&mut self.work, page, named.work.as_ref())?;
        let [worked, finished] = &mut self.worked;
        let seconds = worked.count(work, 1.0).events;
        let events = finished.count(processed, 1.0).events.filter(|events| *events > 0.0);
        Ok(QueueReading {
            arrived,
            processed,
            waiting: sum(page, named.waiting.as_ref())?,
            in_progress: sum(page, named.in_progress.as_ref())?,
            work_ms: seconds.zip(events).map(|(seconds, events)| 1000.0 * seconds / events),
            jobs_ready: sum(page, named.jobs_ready.as_ref())?,
        })
    }
}

impl QueueProbe for Scraped {
    fn read(&mut self) -> Answer<'_, QueueReading> {
        Box::pin(async {
            let page = self.page().await?;
            let reading = self.reading(&page).map_err(ProbeError::Invalid)?;
            match reading == QueueReading::default() {
                true => Err(ProbeError::Absent("the page has none of the `metrics`".into())),
                false => Ok(reading),
            }
        })
    }
}

/// The total of all series that fit.
fn total(totals: &mut Totals, page: &str, selector: Option<&Selector>) -> Result<Amount, String> {
    let Some(selector) = selector else { return Ok(Amount::Unknown) };
    Ok(totals.add(&find(page, selector)?).map_or(Amount::Unknown, Amount::Total))
}

/// The sum of all series that fit; `None` if there is none, or if one of them is no number.
fn sum(page: &str, selector: Option<&Selector>) -> Result<Option<f64>, String> {
    let Some(selector) = selector else { return Ok(None) };
    let found = find(page, selector)?;
    let sum: f64 = found.iter().map(|(_, value)| value).sum();
    let are_amounts = found.iter().all(|(_, value)| value.is_finite() && *value >= 0.0);
    Ok((are_amounts && !found.is_empty()).then_some(sum))
}
