// One win: its text with everything marked that was found in it, and beside it what was found.

/** How many wins are put into the page at a time: about three screens. */
const BATCH = 20;
/** Below this a value is one to look at; the pipeline asks for a review at the same value. */
const DOUBTFUL = 0.6;
const EVIDENCE = "evidence";

let shownWins = [];
let shownCount = 0;

function show(list) {
  shownWins = list;
  shownCount = 0;
  $("results").replaceChildren();
  $("empty").hidden = list.length > 0;
  showMore();
}

function showMore(count = BATCH) {
  const next = shownWins.slice(shownCount, shownCount + count);
  $("results").append(...next.map(card));
  shownCount += next.length;
  $("more").hidden = shownCount >= shownWins.length;
  $("more").textContent = `Show more (${number(shownWins.length - shownCount)} left)`;
  markFound();
}

/** Everything marked in a text: [start, end, kind, which]. */
function marksOf(record) {
  const marks = KINDS.flatMap((kind) => record[kind].flatMap((entry, n) => entry.at.map(([start, end]) => [start, end, kind, n])));
  record.outcomes.forEach((outcome, n) => { if (outcome.at) marks.push([...outcome.at, EVIDENCE, n]); });
  return marks;
}

/** What is no running text, to be set smaller: lines with a caption, and credits. */
function asidesOf(record) {
  const asides = [];
  for (const line of record.text.matchAll(/[^\n]+/g)) {
    const start = line.index, end = start + line[0].length;
    if (/^\W*(©|Photo|Image|Picture|Credit)/i.test(line[0]) || record.captions.some(([s, e]) => s < end && e > start)) asides.push([start, end, "aside"]);
  }
  return asides;
}

/** The text in pieces, a piece wherever a mark begins or ends, so that marks may overlap. */
function markedText(record) {
  const marks = marksOf(record);
  const asides = asidesOf(record).concat(record.quotes.map((span) => [...span, "quote"]));
  const cuts = new Set([record.body, record.text.length]);
  for (const [start, end] of [...marks, ...asides]) { cuts.add(start); cuts.add(end); }
  const at = [...cuts].filter((cut) => cut >= record.body && cut <= record.text.length).sort((a, b) => a - b);
  return at.slice(1).map((end, n) => {
    const start = at[n];
    const here = marks.filter((mark) => mark[0] <= start && mark[1] >= end);
    const aside = asides.filter((mark) => mark[0] <= start && mark[1] >= end).map((mark) => mark[2]);
    const words = record.text.slice(start, end);
    const piece = here.length ? h("mark", { class: [...new Set(here.map((mark) => mark[2]))].join(" "), "data-of": here.map((mark) => `${mark[2]}:${mark[3]}`).join(" ") }, words) : words;
    return aside.length ? h("span", { class: aside.join(" ") }, piece) : piece;
  });
}

function card(win) {
  const { now, base } = win;
  const heading = h("h3", { id: `h${win.index}` }, base.header ?? "No header");
  const when = now.event_date ? readable(now.event_date.edtf) : [base.month && MONTHS[base.month - 1], base.year].filter(Boolean).join(" ");
  const element = h("article", { class: `win${win.deleted ? " deleted" : ""}`, id: base.win_id, "aria-labelledby": `h${win.index}`, "data-index": win.index },
    h("header", {}, h("p", { class: "kicker" }, h("b", {}, label(win.outcome)), when ? ` · ${when}` : ""), heading),
    h("p", { class: "text" }, markedText(now)),
    h("div", { class: "notes" }, found(win), foot(win)));
  return element;
}

/** What was found in a text, each a button that shows where. */
function found(win) {
  const { now } = win;
  const rows = [];
  const row = (name, content) => rows.push(h("dt", {}, name), h("dd", {}, content));
  const chip = (kind, n, text, small, confidence, places, strong) => {
    const sure = confidence >= DOUBTFUL;
    const title = `${places.length ? plural(places.length, "mention") : "no words of the text say so"}, ${confidence === 1 ? "certain" : `confidence ${confidence.toFixed(2)}`}`;
    return h("button", { type: "button", class: `chip ${kind}${strong ? " first" : ""}`, "data-of": `${kind}:${n}`, "aria-pressed": "false", "aria-disabled": places.length ? null : "true", title, onclick: places.length ? lookAt : null },
      h("span", { class: sure ? null : "unsure" }, text, sure ? "" : h("span", { class: "sr" }, " (unsure)")), small ? h("small", {}, small) : "");
  };
  row("What", now.outcomes.map((o, n) => chip(EVIDENCE, n, label(o.outcome), null, o.confidence, o.at ? [o.at] : [], n === 0)));
  if (now.people.length) {
    row("People", now.people.map((person, n) => {
      const others = wins.filter((other) => other !== win && other.people.includes(fold(person.name))).length;
      return [chip("people", n, person.name, person.role, person.confidence, person.at), others ? h("button", { type: "button", class: "link others", onclick: () => toggleFilter("person", person.name) }, `in ${plural(others, "other win")}`) : ""];
    }));
  }
  for (const [kind, name] of [["organisations", "Organisations"], ["laws", "Laws"]]) {
    if (now[kind].length) row(name, now[kind].map((entry, n) => chip(kind, n, entry.name, null, entry.confidence, entry.at)));
  }
  if (now.dates.length) row("Dates", now.dates.map((date, n) => chip("dates", n, date.text, readable(date.edtf) === date.text ? null : readable(date.edtf), date.confidence, date.at)));
  if (now.affected) {
    const { count, basis, qualifier } = now.affected;
    row("Affected", h("span", { class: "plain" }, `${qualifier === "exact" ? "" : `${qualifier.replace("_", " ")} `}${plural(count, "person", "people")}`, basis === "named" ? " named" : ""));
  }
  if (win.places.length && !(win.places.length === 1 && placeName(win.places[0]) === win.base.header)) row("Filed under", h("span", { class: "plain" }, listed(win.places.map(placeName))));
  return h("dl", {}, rows);
}

function foot(win) {
  const { now, base } = win;
  const set = now.corrected.filter((field) => field !== "review");
  const edited = win.edited.filter((field) => field !== "review");
  return [
    now.reasons.length ? h("p", { class: "flag" }, h("b", {}, "Needs review: "), now.reasons.join("; ")) : "",
    set.length || now.corrected.length ? h("p", { class: "kept" }, set.length ? `Set by a person: ${set.map((field) => field.replaceAll("_", " ")).join(", ")}` : "Checked by a person") : "",
    win.edited.length ? h("p", { class: "kept" }, win.deleted ? "To be deleted" : edited.length ? `To be saved: ${edited.map((field) => field.replaceAll("_", " ")).join(", ")}` : "To be saved: checked") : "",
    h("div", { class: "win-foot" },
      h("a", { href: `#win=${base.win_id}` }, base.win_id),
      h("button", { type: "button", class: "quiet", "aria-label": `Correct: ${base.header ?? base.win_id}`, onclick: () => edit(win) }, win.deleted ? "Undo" : "Correct")),
  ];
}

/** Draw a win again where it stands. */
function redraw(win) {
  for (const same of winsByKey.get(win.base.key)) {
    document.querySelector(`.win[data-index="${same.index}"]`)?.replaceWith(card(same));
  }
  markFound();
}

/** Show where a text says what the pressed chip says, or stop showing. */
function lookAt(event) {
  const chip = event.currentTarget, element = chip.closest(".win");
  const was = chip.getAttribute("aria-pressed") === "true";
  lookAway();
  if (was) return;
  chip.setAttribute("aria-pressed", "true");
  element.classList.add("looking");
  const marks = [...element.querySelectorAll("mark")].filter((mark) => mark.dataset.of.split(" ").includes(chip.dataset.of));
  for (const mark of marks) mark.classList.add("on");
  const quick = matchMedia("(prefers-reduced-motion: reduce)").matches;
  marks[0]?.scrollIntoView({ block: "center", behavior: quick ? "instant" : "smooth" });
  say(`Highlighted in the text: ${marks.map((mark) => mark.textContent).join(", ")}`);
}

function lookAway() {
  for (const element of document.querySelectorAll(".win.looking")) {
    element.classList.remove("looking");
    for (const mark of element.querySelectorAll("mark.on")) mark.classList.remove("on");
    for (const chip of element.querySelectorAll('.chip[aria-pressed="true"]')) chip.setAttribute("aria-pressed", "false");
  }
}

/** Mark the words that were searched for, where the browser can without touching the text. */
function markFound() {
  if (!globalThis.Highlight || !CSS.highlights) return;
  const words = fold(filters.q).split(/\s+/).filter((word) => word.length > 1);
  const ranges = [];
  if (words.length) {
    for (const text of $("results").querySelectorAll(".text, .win h3")) {
      const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const node = walker.currentNode, plain = fold(node.data);
        if (plain.length !== node.data.length) continue; // folding moved the letters
        for (const word of words) {
          for (let at = plain.indexOf(word); at >= 0; at = plain.indexOf(word, at + word.length)) {
            const range = new Range();
            range.setStart(node, at);
            range.setEnd(node, at + word.length);
            ranges.push(range);
          }
        }
      }
    }
  }
  CSS.highlights.set("found", new Highlight(...ranges));
}
