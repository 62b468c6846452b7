// Which wins are shown, and how many each choice would leave.

const DIMENSIONS = ["q", "report", "month", "place", "outcome", "person", "review"];
const filters = { q: "", report: "", month: "", place: "", outcome: "", person: "", review: false };
let knownPeople = new Set();

/** Whether a win passes each filter, compiled from the filters as they are now. */
function tests() {
  const words = fold(filters.q).split(/\s+/).filter(Boolean);
  const person = fold(filters.person.trim());
  const whole = knownPeople.has(person);
  return {
    q: words.length ? (win) => words.every((word) => haystack(win).includes(word)) : null,
    report: filters.report === "" ? null : (win) => win.base.report === Number(filters.report),
    month: filters.month === "" ? null : (win) => String(win.base.month ?? "none") === filters.month,
    place: filters.place === "" ? null : (win) => win.places.includes(filters.place),
    outcome: filters.outcome === "" ? null : (win) => win.outcome === filters.outcome,
    person: person ? (win) => win.people.some((name) => (whole ? name === person : name.includes(person))) : null,
    review: filters.review ? (win) => win.now.reasons.length > 0 : null,
  };
}

/** The wins that pass every filter, and counts by choice of those that pass every *other* filter. */
function matching() {
  const active = Object.entries(tests()).filter(([, test]) => test);
  const counts = { month: new Map(), place: new Map(), outcome: new Map(), report: new Map() };
  const shown = [];
  for (const win of wins) {
    let failed = null, failures = 0;
    for (const [dimension, test] of active) {
      if (test(win)) continue;
      failed = dimension;
      failures += 1;
      if (failures > 1) break;
    }
    if (failures > 1) continue;
    if (!failures) shown.push(win);
    if (win.deleted) continue;
    const count = (dimension, value) => {
      if (!failures || failed === dimension) counts[dimension].set(value, (counts[dimension].get(value) ?? 0) + 1);
    };
    count("month", String(win.base.month ?? "none"));
    count("outcome", win.outcome);
    count("report", win.base.report);
    for (const place of win.places) count("place", place);
  }
  return { shown, counts };
}

/** Fill the choices once, and again when corrections have changed what there is. */
function fillChoices() {
  const option = (value, text) => h("option", { value }, text);
  const counted = (values) => {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    return counts;
  };
  const choose = (id, options) => {
    $(id).replaceChildren(option("", "All"), ...options);
    $(id).value = filters[id];
  };
  choose("report", DATA.reports.map((report, n) => option(n, reportName(n))));
  const months = counted(wins.map((win) => String(win.base.month ?? "none")));
  choose("month", [...MONTHS.map((name, n) => [String(n + 1), name]), ["none", "No month"]].filter(([value]) => months.has(value)).map(([value, name]) => option(value, `${name} (${months.get(value)})`)));
  const places = counted(wins.flatMap((win) => win.places));
  choose("place", [...places.keys()].sort((a, b) => placeName(a).localeCompare(placeName(b))).map((code) => option(code, `${placeName(code)} (${places.get(code)})`)));
  const outcomes = counted(wins.map((win) => win.outcome));
  choose("outcome", OUTCOMES.filter((name) => outcomes.has(name)).map((name) => option(name, `${label(name)} (${outcomes.get(name)})`)));
  const names = new Map();
  for (const win of wins) for (const person of win.now.people) names.set(fold(person.name), person.name);
  knownPeople = new Set(names.keys());
  $("people").replaceChildren(...[...names.values()].sort((a, b) => a.localeCompare(b)).map((name) => h("option", { value: name })));
}

/** A report's year, with its title where the year does not tell it apart. */
function reportName(n) {
  const { year, title, report_id } = DATA.reports[n];
  const only = year && DATA.reports.filter((report) => report.year === year).length === 1;
  return only ? String(year) : `${title ?? report_id}`;
}

/** Filters in the address, so that a view can be kept and sent. */
function toAddress() {
  const parameters = new URLSearchParams(DIMENSIONS.filter((name) => filters[name]).map((name) => [name, name === "report" ? DATA.reports[filters.report].report_id : filters[name]]));
  const address = parameters.size ? `#${parameters}` : location.pathname + location.search;
  try { history.replaceState(null, "", address); } catch { /* a page from disk may not in some browsers */ }
}

function fromAddress() {
  const parameters = new URLSearchParams(location.hash.slice(1));
  for (const name of DIMENSIONS) {
    const value = parameters.get(name) ?? "";
    if (name === "review") filters.review = value === "true";
    else if (name === "report") filters.report = value && String(Math.max(DATA.reports.findIndex((report) => report.report_id === value), 0));
    else filters[name] = value;
  }
}
