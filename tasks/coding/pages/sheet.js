"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const flags = Object.entries(data.flags).map(([name, flag]) => ({
  name, ...flag, values: flag.levels.length ? flag.levels : ["1", "0"],
  shown: flag.levels.length ? flag.levels : ["present", "absent"],
}));
const by = (id) => document.getElementById(id);
const prefix = `coding:${data.sample}:${data.codebook}:`;
let annotator = "", marks = {}, notes = {}, place = 0;

function warn(text) { by("notice").textContent = text; by("notice").hidden = !text; }

function stored(key) {
  try { return localStorage.getItem(key); } catch (error) { return null; }
}

function store(key, value) {
  try { localStorage.setItem(key, value); warn(""); return true; } catch (error) {
    warn("This browser refuses to keep your codes. Export the CSV before you close the page.");
    return false;
  }
}

function load(name) {
  annotator = name;
  const saved = JSON.parse(stored(prefix + name) || "{}");
  marks = saved.marks || {}; notes = saved.notes || {}; place = saved.place || 0;
}

function save() {
  if (store(prefix + annotator, JSON.stringify({ marks, notes, place }))) store(prefix + "last", annotator);
}

const item = () => data.items[place];
const marksOf = (position) => marks[position] || {};
// A condition holds where the flag is present: "1", or any level but the lowest.
function applies(flag, of) {
  if (!flag.when) return true;
  const on = flags.find((other) => other.name === flag.when);
  const mark = of[flag.when];
  return mark !== undefined && mark !== (on.levels.length ? on.values[0] : "0");
}
const coded = (position) => flags.every((flag) => !applies(flag, marksOf(position)) || marksOf(position)[flag.name] !== undefined);

function mark(name, value) {
  const of = { ...marksOf(item().position) };
  if (value === undefined) delete of[name]; else of[name] = value;
  for (const flag of flags) if (!applies(flag, of)) delete of[flag.name];
  marks[item().position] = of;
  save(); paint();
}

function step(flag) {
  const of = marksOf(item().position);
  if (!applies(flag, of)) return;
  const next = flag.values.indexOf(of[flag.name]) + 1;
  mark(flag.name, flag.values[next % flag.values.length]);
}

function move(to) {
  place = Math.min(Math.max(to, 0), data.items.length - 1);
  save(); paint(true);
}

function nextOpen() {
  for (let ahead = 1; ahead <= data.items.length; ahead += 1) {
    const at = (place + ahead) % data.items.length;
    if (!coded(data.items[at].position)) return move(at);
  }
  warn("Every item is coded. Export the CSV and send it back.");
}

function list(title, lines) {
  if (!lines.length) return [];
  const head = document.createElement("div"); head.textContent = title;
  const ul = document.createElement("ul");
  for (const line of lines) { const li = document.createElement("li"); li.textContent = line; ul.append(li); }
  return [head, ul];
}

function build() {
  flags.forEach((flag, number) => {
    const set = document.createElement("fieldset"); set.id = `flag-${number}`;
    const legend = document.createElement("legend");
    if (number < 9) { const key = document.createElement("kbd"); key.textContent = number + 1; legend.append(key); }
    legend.append(flag.name);
    const text = document.createElement("p"); text.textContent = flag.definition;
    const choices = document.createElement("div"); choices.className = "choices";
    flag.values.forEach((value, place_) => {
      const label = document.createElement("label"), input = document.createElement("input");
      input.type = "radio"; input.name = `flag-${number}`; input.value = value;
      input.addEventListener("change", () => mark(flag.name, value));
      label.append(input, " ", flag.shown[place_]); choices.append(label);
    });
    const clear = document.createElement("button"); clear.type = "button"; clear.textContent = "clear";
    clear.addEventListener("click", () => mark(flag.name, undefined)); choices.append(clear);
    set.append(legend, text, choices);
    if (flag.when) {
      const only = document.createElement("p"); only.textContent = `Only where ${flag.when} is present.`; set.append(only);
    }
    const shown = (value) => (flag.levels.length ? String(value) : value ? "present" : "absent");
    const more = [
      ...list("Counts", flag.include), ...list("Does not count", flag.exclude),
      ...list("Examples", flag.examples.map((one) => `“${one.text}” → ${shown(one.value)}${one.why ? `: ${one.why}` : ""}`)),
    ];
    if (more.length) {
      const details = document.createElement("details"), summary = document.createElement("summary");
      summary.textContent = "What counts, with examples"; details.open = data.open;
      details.append(summary, ...more); set.append(details);
    }
    by("flags").append(set);
  });
}

function paint(moved) {
  const one = item(), of = marksOf(one.position);
  by("where").textContent = `Item ${place + 1} of ${data.items.length}${one.speaker ? ` · ${one.speaker}` : ""}`;
  by("context").replaceChildren(...one.context.map((text) => {
    const p = document.createElement("p"); p.textContent = text; return p;
  }));
  by("before").hidden = !one.context.length;
  by("context").scrollTop = by("context").scrollHeight;
  by("text").textContent = one.text;
  by("note").value = notes[one.position] || "";
  by("goto").value = place + 1; by("goto").max = data.items.length;
  flags.forEach((flag, number) => {
    const set = by(`flag-${number}`);
    set.disabled = !applies(flag, of);
    set.classList.toggle("done", of[flag.name] !== undefined);
    for (const input of set.querySelectorAll("input")) input.checked = input.value === of[flag.name];
  });
  const done = data.items.filter((each) => coded(each.position)).length;
  by("bar").max = data.items.length; by("bar").value = done;
  by("count").textContent = `${done} of ${data.items.length} coded`;
  if (moved) { by("text").scrollTop = 0; document.activeElement.blur(); }
}

// A note may begin with whatever its writer likes; spreadsheets must not calculate it.
const plain = (note) => (/^[\s|'"]*[=+@\-]|^[\t\r\n]/.test(note) ? `'${note}` : note);
const cell = (value) => (/[",\r\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value));

function csv() {
  const head = ["sample", "codebook", "annotator", "item", ...flags.map((flag) => flag.name), "note"];
  const rows = data.items.map((one) => [
    data.sample, data.codebook, annotator, String(one.position),
    ...flags.map((flag) => marksOf(one.position)[flag.name] || ""), plain(notes[one.position] || ""),
  ]);
  return [head, ...rows].map((row) => row.map(cell).join(",")).join("\n") + "\n";
}

function exportCsv() {
  if (!annotator.trim()) { warn("Write your name first."); by("annotator").focus(); return; }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
  link.download = `codes-${data.sample.slice(0, 8)}-${annotator.trim().replace(/[^\p{L}\p{N}]+/gu, "_")}.csv`;
  link.click(); setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  const open = data.items.filter((each) => !coded(each.position)).length;
  if (open) warn(`Exported; ${open} items are not fully coded yet. What is blank counts as not coded.`);
}

by("annotator").addEventListener("change", (event) => {
  const name = event.target.value.trim();
  // Codes made before a name was given become that person's, unless that person has some already.
  if (annotator === "" && Object.keys(marks).length && stored(prefix + name) === null) {
    annotator = name;
    try { localStorage.removeItem(prefix); } catch (error) { /* nothing was kept */ }
    save();
  } else { load(name); }
  paint();
});
by("note").addEventListener("input", (event) => { notes[item().position] = event.target.value; save(); });
by("goto").addEventListener("change", (event) => move(Number(event.target.value) - 1));
by("previous").addEventListener("click", () => move(place - 1));
by("next").addEventListener("click", () => move(place + 1));
by("open").addEventListener("click", nextOpen);
by("export").addEventListener("click", exportCsv);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target instanceof Element ? event.target : document.body;
  if (target.matches("textarea, input:not([type=radio])")) return;
  const button = target.matches("button, summary");
  const acts = {
    ArrowRight: () => move(place + 1), ArrowLeft: () => move(place - 1), u: nextOpen, e: exportCsv,
    ...(button ? {} : { Enter: () => move(place + 1) }),
    0: () => { for (const flag of flags) if (!flag.levels.length && applies(flag, marksOf(item().position)) && marksOf(item().position)[flag.name] === undefined) mark(flag.name, "0"); },
  };
  const act = acts[event.key] || (/^[1-9]$/.test(event.key) && flags[event.key - 1] && (() => step(flags[event.key - 1])));
  if (act) { event.preventDefault(); act(); }
});

build();
load(stored(prefix + "last") || "");
by("annotator").value = annotator;
paint();
