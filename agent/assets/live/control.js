// What people may do from the page: limits and pauses with an end, and marks. Each is asked again before it is
// sent, and recorded with a name and a reason.
import { $, element, moment, put, zone } from "./dom.js";

const PAUSES = { all: "the number stays", scale_up: "no more jobs", scale_down: "no fewer jobs" };
let live = null, confirmed = "";

const wishes = () => {
  const rows = live.overrides;
  const text = JSON.stringify([rows, live.limits, live.about.mode]) + zone();
  if ($("overrides").dataset.shown === text) return;
  $("overrides").dataset.shown = text;
  const l = live.limits;
  put("limits-now", l ? `${l.min} to ${l.max} jobs${l.why.length ? "" : ", as configured"}` : "");
  const by_schedule = (l?.why ?? []).filter((why) => why.includes("by schedule"));
  $("overrides").replaceChildren(...rows.map((wish) => {
    const item = element("li"), end = element("button", "", "End");
    end.type = "button";
    end.setAttribute("aria-label", `End: ${sentence(wish)}`);
    end.addEventListener("click", () => ask_end(wish));
    item.append(element("b", "", sentence(wish)), ` until ${moment(wish.until)} ${zone()}, set by ${wish.who}: ${wish.why} `, end);
    return item;
  }), ...by_schedule.map((why) => element("li", "", why)));
};

const sentence = ({ min, max, pause, held }) => [
  min !== null && min !== undefined ? `at least ${min} jobs` : "",
  max !== null && max !== undefined ? `at most ${max} jobs` : "",
  pause ? `${PAUSES[pause]}${held !== null && held !== undefined ? ` (${held})` : ""}` : "",
].filter(Boolean).join(", ");

// ---- the dialog -----------------------------------------------------------------------------------
const form = () => $("wish");
const field = (name) => form().elements[name].value.trim();
const count = (name) => (field(name) === "" ? undefined : Number(field(name)));

const open = (kind, title) => {
  form().reset();
  form().dataset.kind = kind;
  put("wish-title", title);
  for (const part of form().querySelectorAll("[data-for]")) {
    part.hidden = !part.dataset.for.split(" ").includes(kind);
  }
  form().elements.who.value = localStorage.getItem("who") ?? "";
  form().elements.token.value = sessionStorage.getItem("token") ?? "";
  if (kind === "pause") form().elements.pause.value = "all";
  again("");
  $("dialog").showModal();
};

// The sentence to be confirmed; an empty one begins anew.
const again = (text) => {
  confirmed = text;
  put("wish-summary", text);
  put("wish-send", text ? "Confirm" : "Go on");
  put("wish-error", "");
};

const body = () => {
  const kind = form().dataset.kind;
  const who = field("who"), why = field("why");
  if (kind === "mark") return { kind: field("mark"), text: why, who };
  const wish = { for_s: Number(field("for")), who, why };
  if (kind === "pause") return { ...wish, pause: field("pause") };
  return { ...wish, min: count("min"), max: count("max") };
};

const summary = (asked) => {
  const kind = form().dataset.kind;
  if (kind === "mark") return `Mark “${asked.text}” at this moment, for everybody who looks.`;
  if (kind === "end") return `End “${form().dataset.text}” now.`;
  const until = moment((live.now ?? Date.now() / 1000) + asked.for_s);
  const mode = live.about.mode === "shadow" ? " In shadow mode nothing is changed in the real pool." : "";
  return `From now until ${until} ${zone()}: ${sentence(asked)}. It is recorded: ${asked.who}, ${asked.why}.${mode}`;
};

const complaint = (asked) => {
  const kind = form().dataset.kind;
  if (kind === "end") return "";
  if (!asked.who || (kind === "mark" ? !asked.text : !asked.why)) return "A name and a reason are needed: they are recorded.";
  if (kind === "limits" && asked.min === undefined && asked.max === undefined) return "A minimum or a maximum is needed.";
  if (asked.min > asked.max) return "The minimum is above the maximum.";
  return "";
};

const send = async (asked) => {
  const kind = form().dataset.kind, token = field("token");
  const headers = { "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  const [method, path] = kind === "end" ? ["DELETE", `overrides/${form().dataset.id}`] : ["POST", kind === "mark" ? "annotations" : "overrides"];
  const response = await fetch(path, { method, headers, body: kind === "end" ? undefined : JSON.stringify(asked) });
  if (response.ok) {
    localStorage.setItem("who", asked.who || localStorage.getItem("who") || "");
    if (token) sessionStorage.setItem("token", token);
    $("dialog").close();
    put("done", kind === "mark" ? "The mark is set." : kind === "end" ? "It has ended." : "It is in force.");
    return;
  }
  const answer = await response.json().catch(() => ({}));
  again("");
  put("wish-error", response.status === 401 ? "The agent asks for its token." : answer.error ?? response.statusText);
  if (response.status === 401) {
    form().querySelector("[data-token]").hidden = false;
    form().elements.token.focus();
  }
};

const ask_end = (wish) => {
  open("end", "End what was set by hand");
  form().dataset.id = wish.id;
  form().dataset.text = sentence(wish);
  again(summary({}));
};

export const control = (answer) => {
  live = answer;
  for (const id of ["control", "marks-note"]) $(id).hidden = !live.limits;
  if (live.limits) wishes();
};

export const start = () => {
  $("set-limits").addEventListener("click", () => open("limits", "Minimum and maximum for a while"));
  $("set-pause").addEventListener("click", () => open("pause", "Pause for a while"));
  $("set-mark").addEventListener("click", () => open("mark", "Mark this moment"));
  $("wish-cancel").addEventListener("click", () => $("dialog").close());
  form().addEventListener("input", () => { if (confirmed) again(""); });
  form().addEventListener("submit", (event) => {
    event.preventDefault();
    const asked = body(), wrong = complaint(asked);
    if (wrong) { put("wish-error", wrong); return; }
    const text = summary(asked);
    if (confirmed !== text) { again(text); return; }
    send(asked).catch((error) => put("wish-error", `The agent does not answer: ${error.message}`));
  });
};
