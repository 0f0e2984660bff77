// What the words mean, on the charts' legends and in a list at the page's end.
import { $, element } from "./dom.js";

export const WORDS = {
  "jobs": "Workers that run the same code: pods, processes, containers.",
  "wanted": "Jobs that should run, by the last decision.",
  "ready": "Jobs that work, as the samples or the pool tell.",
  "ready in shadow": "Jobs that a pool would have that obeyed ScaleIQ.",
  "what runs": "The real pool, which shadow mode leaves alone.",
  "starting": "Jobs that were asked for and do not work yet.",
  "needed": "Jobs that the present arrivals keep busy all the time: arrivals times work. Fewer cannot keep up for long.",
  "needed ahead": "Jobs that the median forecast would keep busy.",
  "static pool": "A pool of a size that never changes, large enough for 99.5 % of the time.",
  "arrivals": "Events that came, per second, as the last sample told; not smoothed.",
  "median forecast": "What is as likely exceeded as not. Left of now: as it was forecast six intervals before.",
  "band": "With a probability of 80 % it is between these two.",
  "a week before": "Arrivals at the same hour a week earlier.",
  "backlog": "Events that wait.",
  "in shadow": "Events that would wait in a pool that obeyed ScaleIQ.",
  "SLA": "Share of events on which work begins within the longest wait that is in time (sla_s).",
  "error budget": "Events that may be late by the objective (99.9 % in time: one in a thousand) in a week, and what is left of them. Spent once as fast as allowed, it lasts just a week.",
  "forecast error": "Absolute errors of the median forecast over what came, in the last week. Of what came, 80 % should be in the band.",
  "cost": "Job-hours paid, in money if a price is configured, beside those of the pool that it is compared with.",
  "last change": "The last order to the pool: whether it was carried out, and whether as many jobs are up.",
  "plan": "The rule that decides first: the number of jobs that keeps the wait within the SLA on the forecast.",
  "network": "The Q-network, which may multiply the plan's number; or the network that forecasts, among experts.",
  "guard": "Has the last word on a number: limits, windows, fresh data.",
  "hold": "Data are too old or contradict each other: the number stays.",
};

const show = (word) => {
  $("words").open = true;
  const entry = document.getElementById(`word-${word}`);
  entry?.scrollIntoView({ block: "center" });
  entry?.focus();
};

export const start = () => {
  $("words-list").replaceChildren(...Object.entries(WORDS).flatMap(([word, is]) => {
    const term = element("dt", "", word);
    term.id = `word-${word}`;
    term.tabIndex = -1;
    return [term, element("dd", "", is)];
  }));
  for (const heading of document.querySelectorAll("[data-word]")) {
    const button = element("button", "ask", "?"), word = heading.dataset.word;
    button.type = "button";
    button.title = WORDS[word];
    button.setAttribute("aria-label", `What does ${word} mean?`);
    button.addEventListener("click", () => show(word));
    heading.append(" ", button);
  }
};
