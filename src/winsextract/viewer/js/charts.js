// The map, the bars, the months and the years; each is drawn once and then only counted anew.

const shapes = new Map();
let steps = [];

/** Up to five classes that grow by a constant factor: the lower bound of each. */
function classes(most) {
  const bounds = [1];
  for (let i = 1; i < 5; i += 1) {
    const next = Math.max(Math.ceil(most ** (i / 4.5)), bounds.at(-1) + 1);
    if (next <= most) bounds.push(next);
  }
  return bounds;
}
const classOf = (count) => steps.filter((bound) => count >= bound).length;

function drawMap() {
  const map = $("map");
  map.setAttribute("viewBox", `0 0 ${WORLD.width} ${WORLD.height}`);
  for (const [code, d] of Object.entries(WORLD.outlines)) shapes.set(code, svg("path", { d, class: "b0", "fill-rule": "evenodd" }));
  for (const [code, [cx, cy]] of Object.entries(WORLD.points)) shapes.set(code, svg("circle", { cx, cy, r: 52, class: "b0" }));
  for (const [code, shape] of shapes) {
    shape.dataset.code = code;
    shape.append(svg("title"));
    map.append(shape);
  }
  map.addEventListener("click", (event) => {
    const code = event.target.dataset?.code;
    if (code && (event.target.getAttribute("class") !== "b0" || filters.place === code)) toggleFilter("place", code);
  });
}

function drawScale() {
  const { counts } = matching();
  steps = classes(Math.max(1, ...[...counts.place].filter(([code]) => DATA.countries[code]).map(([, count]) => count)));
  $("map-scale").replaceChildren(...steps.map((bound, n) => {
    const last = (steps[n + 1] ?? Infinity) - 1;
    const words = n === steps.length - 1 ? (n ? `${bound} or more` : plural(bound, "win")) : last === bound ? String(bound) : `${bound}–${last}`;
    return h("span", {}, svg("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, svg("rect", { width: 10, height: 10, class: `b${n + 1}` })), words);
  }));
}

function countMap(counts) {
  let countries = 0, most = ["", 0];
  for (const [code, shape] of shapes) {
    const count = counts.get(code) ?? 0;
    shape.setAttribute("class", `b${classOf(count)}${filters.place === code ? " here" : ""}`);
    shape.firstChild.textContent = `${placeName(code)}: ${count ? plural(count, "win") : "no win"}`;
  }
  const ranked = [...counts].sort((a, b) => b[1] - a[1] || placeName(a[0]).localeCompare(placeName(b[0])));
  for (const [code, count] of ranked) {
    if (!DATA.countries[code]) continue;
    countries += 1;
    if (count > most[1]) most = [code, count];
  }
  $("map-note").textContent = countries ? `${plural(countries, "country", "countries")} by number of wins` : "No country";
  $("map-title").textContent = countries ? `World map of wins by country: ${plural(countries, "country", "countries")}, most in ${placeName(most[0])} (${most[1]}). The list beside it has every number.` : "World map without a win";
  $("places").replaceChildren(...ranked.map(([code, count]) => h("li", {}, h("button", { type: "button", "aria-pressed": String(filters.place === code), onclick: () => toggleFilter("place", code, "places") }, h("span", { class: "name" }, placeName(code)), h("span", { class: "number" }, number(count), h("span", { class: "sr" }, count === 1 ? " win" : " wins"))))));
}

const bars = new Map();
const columns = new Map();

function drawBars() {
  const totals = new Map();
  for (const win of wins) totals.set(win.outcome, (totals.get(win.outcome) ?? 0) + 1);
  const order = OUTCOMES.filter((name) => totals.has(name)).sort((a, b) => totals.get(b) - totals.get(a));
  $("by-outcome").replaceChildren(...order.map((name) => {
    const fill = h("span", { class: "fill" }), count = h("span", { class: "number" });
    const definition = DATA.outcomes.find((outcome) => outcome.name === name).definition;
    const button = h("button", { type: "button", title: definition, onclick: () => toggleFilter("outcome", name) }, h("span", { class: "name" }, label(name)), h("span", { class: "track", "aria-hidden": "true" }, fill), count);
    bars.set(name, { button, fill, count });
    return h("li", {}, button);
  }));
  $("by-month").replaceChildren(...MONTHS.map((name, n) => {
    const fill = h("span", { class: "fill" }), count = h("span", { class: "number" });
    const short = [h("span", { class: "sr" }, name), h("span", { "aria-hidden": "true" }, name.slice(0, innerWidth < 500 ? 1 : 3))];
    const button = h("button", { type: "button", title: name, onclick: () => toggleFilter("month", String(n + 1)) }, count, h("span", { class: "track", "aria-hidden": "true" }, fill), h("span", { class: "name" }, short));
    columns.set(String(n + 1), { button, fill, count });
    return h("li", {}, button);
  }));
}

function countBars(counts) {
  const draw = (parts, dimension, list, side) => {
    const most = Math.max(1, ...[...parts.keys()].map((key) => counts[dimension].get(key) ?? 0));
    list.classList.toggle("chosen", filters[dimension] !== "");
    for (const [key, { button, fill, count }] of parts) {
      const value = counts[dimension].get(key) ?? 0;
      fill.style[side] = `${(100 * value) / most}%`;
      count.textContent = number(value);
      count.classList.toggle("zero", value === 0);
      button.setAttribute("aria-pressed", String(filters[dimension] === key));
    }
  };
  draw(bars, "outcome", $("by-outcome"), "width");
  draw(columns, "month", $("by-month"), "height");
  const without = counts.month.get("none") ?? 0;
  $("month-note").textContent = `Wins by month${DATA.reports.length > 1 ? ", all years" : ""}${without ? `; ${number(without)} without a month` : ""}`;
}

/** The comparison of the reports, of everything that is in the page whatever the filters. */
function drawYears() {
  $("years").hidden = DATA.reports.length < 2;
  if (DATA.reports.length < 2) return;
  const of = DATA.reports.map((_, n) => wins.filter((win) => win.base.report === n && !win.deleted));
  const places = of.map((some) => new Set(some.flatMap((win) => win.now.countries)));
  const people = of.map((some) => new Map(some.flatMap((win) => win.now.people.map((person) => [fold(person.name), person.name]))));
  const before = (sets, n) => new Set(sets.slice(0, n).flatMap((set) => [...set.keys()]));
  const fresh = places.map((set, n) => [...set].filter((code) => !before(places, n).has(code)).length);
  const only = (n) => h("button", { type: "button", class: "link", onclick: () => toggleFilter("report", String(n)), title: DATA.reports[n].title ?? "" }, reportName(n));
  const head = (names) => h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Report"), names.map((name) => h("th", { scope: "col" }, name))));
  const row = (name, values) => h("tr", {}, h("th", { scope: "row" }, name), values.map((value) => h("td", {}, value === null ? "–" : number(value))));
  // Shaded by the share of a report's wins, since one report may have three times another's.
  const shaded = (rows, share) => {
    const most = Math.max(0.01, ...rows.flatMap(([, values], r) => values.map((value, c) => share(value, r, c))));
    return h("tbody", {}, rows.map(([name, values], r) => h("tr", {}, h("th", { scope: "row" }, name), values.map((value, c) => h("td", { class: `h${Math.ceil((4 * share(value, r, c)) / most)}` }, value ? number(value) : "·")))));
  };
  const sums = h("tbody", { class: "sums" }, row("Wins", of.map((some) => some.length)), row("Countries", places.map((set) => set.size)), row("Countries new here", fresh.map((count, n) => (n ? count : null))), row("People named", people.map((map) => map.size)));
  const outcomes = OUTCOMES.filter((name) => wins.some((win) => win.outcome === name));
  const byOutcome = outcomes.map((name) => [label(name), of.map((some) => some.filter((win) => win.outcome === name).length)]);
  const byMonth = of.map((some, n) => [only(n), MONTHS.map((_, month) => some.filter((win) => win.base.month === month + 1).length)]);
  const size = (n) => Math.max(1, of[n].length);
  $("years-outcomes").replaceChildren(h("caption", {}, "Totals, and wins by main outcome"), head(DATA.reports.map((_, n) => only(n))), sums, shaded(byOutcome, (value, _, c) => value / size(c)));
  $("years-months").replaceChildren(h("caption", {}, "Wins by month"), head(MONTHS.map((name) => name.slice(0, 3))), shaded(byMonth, (value, r) => value / size(r)));
  $("years-outcomes").closest(".tables").classList.toggle("few", DATA.reports.length <= 4);
  $("years-note").textContent = "All wins, whatever is filtered. The darker a cell, the larger its share of the report’s wins.";
  const again = new Map();
  people.forEach((map) => { for (const [key, name] of map) again.set(key, { name, times: (again.get(key)?.times ?? 0) + 1 }); });
  const repeated = [...again.values()].filter((entry) => entry.times > 1).sort((a, b) => a.name.localeCompare(b.name));
  const links = repeated.slice(0, 40).flatMap(({ name }, n) => [n ? ", " : "", h("button", { type: "button", class: "link", onclick: () => toggleFilter("person", name) }, name)]);
  $("repeated").replaceChildren(...(repeated.length ? [h("p", {}, h("b", {}, "In more than one report: "), links, repeated.length > 40 ? ` and ${repeated.length - 40} more` : "", ".")] : []));
}
