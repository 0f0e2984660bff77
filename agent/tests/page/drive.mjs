// Chromium for a test: takes a command a line, [name, ...arguments] as JSON, and answers each with a line,
// {"is": ...} or {"error": "..."}. The argument is Chromium's path.
import { readFile } from "node:fs/promises";
import readline from "node:readline";
import axe from "axe-core";
import { chromium } from "playwright-core";

// A test fails sooner than it would wait longer for an element.
const PATIENCE_MS = 20000;

const browser = await chromium.launch({ executablePath: process.argv[2], args: ["--no-sandbox", "--disable-dev-shm-usage"] });
let page = null, polls = 0, errors = [];

// A violation as a person looks for it: the rule, and where it is broken.
const told = ({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target.join(" ")} (${node.any[0]?.message ?? node.help ?? ""})`).join("; ")}`;

const commands = {
  // Opens an address in a window that is so wide, in light or dark. A file is all there is: the network is off.
  open: async (url, width, scheme) => {
    await page?.context().close();
    const offline = url.startsWith("file:");
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, reducedMotion: "reduce", offline });
    page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    polls = 0;
    errors = [];
    page.on("response", (response) => { if (response.url().includes("/api/live")) polls += 1; });
    page.on("request", (request) => { if (offline && /^(https?|wss?):/.test(request.url())) errors.push(`asked for ${request.url()}`); });
    page.on("console", (message) => { if (message.type() === "error") errors.push(message.text()); });
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(url);
  },
  click: (at) => page.click(at),
  fill: (at, text) => page.fill(at, text),
  choose: (at, value) => page.selectOption(at, value),
  press: (key) => page.keyboard.press(key),
  focus: (at) => page.focus(at),
  hover: (at) => page.hover(at),
  text: (at) => page.textContent(at),
  attribute: (at, name) => page.getAttribute(at, name),
  count: (at) => page.locator(at).count(),
  focused: () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent),
  address: () => page.url(),
  // Drags over an element, from one share of its width to another.
  drag: async (at, from, to) => {
    const box = await page.locator(at).boundingBox(), y = box.y + box.height / 2;
    await page.mouse.move(box.x + from * box.width, y);
    await page.mouse.down();
    await page.mouse.move(box.x + to * box.width, y, { steps: 5 });
    await page.mouse.up();
  },
  // Clicks what gives a file: its name, and how it begins.
  file: async (at) => {
    const [file] = await Promise.all([page.waitForEvent("download"), page.click(at)]);
    const content = await readFile(await file.path());
    return `${file.suggestedFilename()}: ${content.subarray(0, 60).toString("latin1")}`;
  },
  twice: (at) => page.dblclick(at),
  // Whether the page is wider than its window.
  overflows: () => page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth),
  violations: async () => {
    await page.evaluate(axe.source);
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    return found.violations.map(told);
  },
  polls: () => polls,
  errors: () => errors,
  screenshot: (path) => page.screenshot({ path, fullPage: true }),
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const [name, ...rest] = JSON.parse(line);
  const answer = await Promise.resolve(commands[name](...rest)).then((is) => ({ is: is ?? null }), (error) => ({ error: error.message }));
  console.log(JSON.stringify(answer));
}
await browser.close();
