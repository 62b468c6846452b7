// The wins, with the corrections made in this page laid over them.

const OUTCOMES = DATA.outcomes.map((outcome) => outcome.name);
const KINDS = ["people", "organisations", "laws", "dates"];
const FIELDS = DATA.corrections.fields;

/** Corrections by win key and field: what will be saved. */
const corrections = new Map();
let unsaved = false;

const winsByKey = new Map();
const wins = DATA.wins.map((base, index) => {
  const win = { index, base, edited: [], deleted: false };
  refresh(win);
  if (!winsByKey.has(base.key)) winsByKey.set(base.key, []);
  winsByKey.get(base.key).push(win);
  return win;
});

/** Work out a win as it now is: its record, and what searching and filtering need of it. */
function refresh(win) {
  win.now = win.base;
  win.edited = [];
  win.deleted = false;
  for (const field of FIELDS) {
    const correction = corrections.get(`${win.base.key}|${field}`);
    if (!correction) continue;
    win.now = laidOver(win.now, field, correction.value);
    win.edited.push(field);
    if (field === "delete") win.deleted = true;
  }
  const { now } = win;
  win.places = [...now.countries, ...now.regions];
  win.outcome = now.outcomes[0]?.outcome ?? "";
  win.people = now.people.flatMap((person) => [person.name, ...person.aliases].map(fold));
  win.haystack = null;
}

/** Every word that a search looks at. */
function haystack(win) {
  win.haystack ??= fold([win.now.text, ...win.places.map(placeName), label(win.outcome), win.now.win_id].join(" "));
  return win.haystack;
}

/** A field's value in the form in which a correction has it. */
function valueOf(record, field) {
  switch (field) {
    case "outcome": return record.outcomes[0]?.outcome ?? null;
    case "outcomes": return record.outcomes.map((o) => ({ outcome: o.outcome, evidence: o.at ? record.text.slice(...o.at) : null }));
    case "people": return record.people.map(({ name, aliases, role }) => ({ name, aliases, role }));
    case "organisations": case "laws": return record[field].map(({ name, aliases }) => ({ name, aliases }));
    case "dates": return record.dates.map(({ text, edtf }) => ({ text, edtf }));
    case "event_date": return record.event_date?.edtf ?? null;
    case "people_affected": return record.affected;
    case "review": case "delete": return null;
    default: return record[field];
  }
}

/** A record with one field set as `winsextract correct` will set it. */
function laidOver(record, field, value) {
  const reasons = field === "review" ? [] : record.reasons.filter((reason) => !settles(field, reason));
  const next = { ...record, reasons };
  switch (field) {
    case "outcomes":
      next.outcomes = value.map((o) => ({ outcome: o.outcome, confidence: 1, at: (o.evidence && findWords(record.text, o.evidence)[0]) || null }));
      break;
    case "outcome": {
      const same = record.outcomes.find((o) => o.outcome === value);
      next.outcomes = [{ at: null, ...same, outcome: value, confidence: 1 }, ...record.outcomes.filter((o) => o !== same)];
      break;
    }
    case "people": case "organisations": case "laws": {
      const spans = findAll(record.text, value.map((entry) => [entry.name, ...(entry.aliases ?? [])]));
      next[field] = value.map((entry, n) => ({ ...entry, aliases: entry.aliases ?? [], confidence: 1, at: spans[n] }));
      break;
    }
    case "dates": {
      const spans = findAll(record.text, value.map((entry) => [entry.text]));
      next.dates = value.map((entry, n) => ({ ...entry, confidence: 1, at: spans[n] }));
      break;
    }
    case "event_date": next.event_date = value && { edtf: value, basis: "text" }; break;
    case "people_affected": next.affected = value; break;
    case "countries": case "regions": next[field] = value; break;
  }
  return next;
}

function settles(field, reason) {
  if (field === "outcome" || field === "outcomes") return reason.startsWith("outcome ");
  if (field === "countries" || field === "regions") return /^(no|unknown) header/.test(reason);
  if (field === "people") return reason.startsWith("person ") || reason.startsWith("role ");
  if (field === "organisations") return reason.startsWith("organisation ");
  if (field === "laws") return reason.startsWith("law ");
  return field === "event_date" && reason.startsWith("date ");
}

/** Where words stand in a text, whole: as written but for white space, else whatever the case and the marks. */
function findWords(text, words) {
  const parts = words.trim().split(/\s+/u).filter(Boolean);
  if (!parts.length) return [];
  const exact = new RegExp(`(?<![\\p{L}\\p{N}_])${parts.map(RegExp.escape ?? escaped).join("\\s+")}(?![\\p{L}\\p{N}_])`, "gu");
  const found = [...text.matchAll(exact)].map((match) => [match.index, match.index + match[0].length]);
  if (found.length) return found;
  const cut = (from) => [...from.matchAll(/[\p{L}\p{N}\p{M}]+/gu)].map((m) => [fold(m[0]), m.index, m.index + m[0].length]);
  const tokens = cut(text), wanted = cut(words).map(([word]) => word);
  if (!wanted.length) return [];
  for (let i = 0; i + wanted.length <= tokens.length; i += 1) {
    if (wanted.every((word, n) => tokens[i + n][0] === word)) found.push([tokens[i][1], tokens[i + wanted.length - 1][2]]);
  }
  return found;
}
function escaped(text) { return text.replace(/[\\^$.*+?()[\]{}|/-]/g, (char) => (char === "-" ? "\\x2d" : `\\${char}`)); }

/** The places of each entry's forms, none of them in two entries: longer forms first. */
function findAll(text, entries) {
  const all = entries.flatMap((forms, n) => forms.flatMap((form) => findWords(text, form).map(([s, e]) => [s, e, n])));
  all.sort((a, b) => (b[1] - b[0]) - (a[1] - a[0]) || a[0] - b[0] || a[2] - b[2]);
  const taken = [];
  for (const span of all) if (!taken.some(([s, e]) => span[0] < e && s < span[1])) taken.push(span);
  return entries.map((_, n) => taken.filter((span) => span[2] === n).map(([s, e]) => [s, e]).sort((a, b) => a[0] - b[0]));
}

/** Set, or with `undefined` take back, a correction of a win. */
function setCorrection(win, field, value) {
  const key = `${win.base.key}|${field}`;
  if (value === undefined) corrections.delete(key);
  else corrections.set(key, { win_id: win.base.win_id, header: win.base.header, win: win.base.key, field, value });
  changed(win.base.key);
}

/** Bring the wins of a key up to date and remember the corrections in this browser. */
function changed(key) {
  for (const win of winsByKey.get(key) ?? []) refresh(win);
  unsaved = corrections.size > 0;
  store.set(`draft:${draftName()}`, JSON.stringify([...corrections.values()]));
}

/** Drafts belong to the reports of the page, whichever file it is in. */
function draftName() { return DATA.reports.map((report) => report.report_id).join("+"); }

/** Take corrections over from a file or a draft; returns how many fit a win of this page. */
function takeOver(entries) {
  let fit = 0;
  for (const entry of entries) {
    if (!winsByKey.has(entry?.win) || !FIELDS.includes(entry.field)) continue;
    corrections.set(`${entry.win}|${entry.field}`, entry);
    try {
      for (const win of winsByKey.get(entry.win)) refresh(win);
      fit += 1;
    } catch {
      corrections.delete(`${entry.win}|${entry.field}`);
      for (const win of winsByKey.get(entry.win)) refresh(win);
    }
  }
  return fit;
}

function correctionsFile() {
  const { format, version } = DATA.corrections;
  const entries = [...corrections.values()].sort((a, b) => a.win_id.localeCompare(b.win_id) || FIELDS.indexOf(a.field) - FIELDS.indexOf(b.field));
  return `${JSON.stringify({ format, version, corrections: entries }, null, 1)}\n`;
}
