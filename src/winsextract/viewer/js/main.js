// Put the page together and keep it in step with the filters.

function update({ keep = false } = {}) {
  const { shown, counts } = matching();
  countMap(counts.place);
  countBars(counts);
  const any = DIMENSIONS.some((name) => filters[name]);
  $("reset").disabled = !any;
  $("count").textContent = shown.length === wins.length ? plural(wins.length, "win") : `${number(shown.length)} of ${plural(wins.length, "win")}`;
  for (const name of DIMENSIONS) {
    const control = $(name);
    if (name === "review") control.checked = filters.review;
    else if (control.value !== String(filters[name])) control.value = filters[name];
    control.classList.toggle("set", Boolean(filters[name]));
  }
  const extra = DIMENSIONS.filter((name) => name !== "q" && filters[name]).length;
  $("toggle").textContent = extra ? `Filters (${extra})` : "Filters";
  toAddress();
  if (!keep) show(shown);
}

let waiting = 0;
/** Update once before the next painting, however often this is called. */
function updateSoon() {
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(() => update());
}

/** Set a filter, or clear it where it has this value already. */
function toggleFilter(name, value, focusIn) {
  filters[name] = filters[name] === value ? "" : value;
  update();
  if (focusIn) [...$(focusIn).querySelectorAll("button")].find((button) => button.getAttribute("aria-pressed") === "true")?.focus();
  say($("count").textContent);
}

/** Show one win: among those that the filters leave, else among all. */
function goTo(winId) {
  const win = wins.find((each) => each.base.win_id === winId);
  if (!win) return;
  if (!shownWins.includes(win)) {
    for (const name of DIMENSIONS) filters[name] = name === "review" ? false : "";
    update();
  }
  const place = shownWins.indexOf(win);
  if (place >= shownCount) showMore(place - shownCount + 5);
  $(winId).scrollIntoView();
}

function introduce() {
  const years = [...new Set(DATA.reports.map((report) => report.year).filter(Boolean))];
  const span = years.length > 1 ? `${Math.min(...years)}–${Math.max(...years)}` : years[0] ?? "";
  const countries = new Set(wins.flatMap((win) => win.now.countries)).size;
  const people = new Set(wins.flatMap((win) => win.now.people.map((person) => fold(person.name)))).size;
  const review = wins.filter((win) => win.now.reasons.length).length;
  $("kicker").textContent = DATA.reports.length > 1 ? `${DATA.reports.length} reports` : `Report ${span}`;
  $("deck").replaceChildren(
    h("b", {}, plural(wins.length, "win")), ` in ${plural(countries, "country", "countries")}, with ${plural(people, "person", "people")} named`,
    DATA.reports.length > 1 ? ` · ${span}` : "", `. Read by a machine from the ${DATA.reports.length > 1 ? "reports’" : "report’s"} own words, which stand beside every record; `,
    review ? h("button", { type: "button", class: "link", onclick: () => toggleFilter("review", true) }, `${number(review)} need${review === 1 ? "s" : ""} a person’s look`) : "none needs a person’s look", ".");
  const versions = [...new Set(DATA.reports.map((report) => `winsextract ${report.version}, model ${report.model ?? "?"} ${report.model_version ?? ""}`.trim()))];
  $("provenance").textContent = `${listed(DATA.reports.map((report) => `${report.title ?? report.report_id} (${report.source})`))}. Extracted with ${listed(versions)}.`;
}

function legend() {
  const kinds = [["people", "people"], ["organisations", "organisations"], ["laws", "laws"], ["dates", "dates"], [EVIDENCE, "evidence of the outcome"]];
  $("legend").append(...kinds.map(([kind, name]) => h("label", {}, h("input", { type: "checkbox", checked: true, onchange: (event) => $("results").classList.toggle(`no-${kind}`, !event.target.checked) }), h("mark", { class: kind }, name))));
}

function theme() {
  const set = (value) => {
    document.documentElement.dataset.theme = value;
    $("theme").textContent = value === "dark" ? "Light" : "Dark";
    $("theme").setAttribute("aria-label", `Change to ${value === "dark" ? "light" : "dark"} colours`);
  };
  set(document.documentElement.dataset.theme);
  $("theme").addEventListener("click", () => {
    const value = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    set(value);
    store.set("theme", value);
  });
}

function listen() {
  for (const name of ["q", "person"]) $(name).addEventListener("input", (event) => { filters[name] = event.target.value; updateSoon(); });
  for (const name of ["report", "month", "place", "outcome"]) $(name).addEventListener("change", (event) => { filters[name] = event.target.value; updateSoon(); });
  $("review").addEventListener("change", (event) => { filters.review = event.target.checked; updateSoon(); });
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("reset").addEventListener("click", () => {
    for (const name of DIMENSIONS) filters[name] = name === "review" ? false : "";
    update();
    $("q").focus();
  });
  $("toggle").addEventListener("click", () => {
    const open = $("more-filters").classList.toggle("open");
    $("toggle").setAttribute("aria-expanded", String(open));
  });
  $("more").addEventListener("click", () => {
    const next = shownCount;
    showMore();
    $("results").children[next]?.querySelector("button")?.focus({ preventScroll: true });
  });
  new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting) && shownCount < shownWins.length) showMore(); }, { rootMargin: "1200px" }).observe($("more"));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") lookAway();
  });
  addEventListener("hashchange", () => {
    const winId = new URLSearchParams(location.hash.slice(1)).get("win");
    if (winId) goTo(winId);
    else if (location.hash !== "#wins") { fromAddress(); update(); }
  });
  addEventListener("beforeprint", () => showMore(shownWins.length));
  addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
  $("open-corrections").addEventListener("click", () => $("corrections").showModal());
  $("close-corrections").addEventListener("click", () => $("corrections").close());
  $("save-corrections").addEventListener("click", saveFile);
  $("load-corrections").addEventListener("change", (event) => { if (event.target.files[0]) openFile(event.target.files[0]); event.target.value = ""; });
}

try { takeOver(JSON.parse(store.get(`draft:${draftName()}`) ?? "[]")); } catch { /* a draft of another version */ }
unsaved = corrections.size > 0;
const wanted = new URLSearchParams(location.hash.slice(1)).get("win");
fromAddress();
theme();
introduce();
legend();
$("report-field").hidden = DATA.reports.length < 2;
fillChoices();
drawMap();
drawScale();
drawBars();
drawYears();
listen();
update();
showCorrections();
if (wanted) goTo(wanted);
document.documentElement.dataset.ready = "yes";
// What the first search needs, made while nobody waits; a search that comes sooner makes it itself.
for (let from = 0; from < wins.length; from += 200) setTimeout(() => wins.slice(from, from + 200).forEach(haystack), 200);
