// Correcting a win: a form in place of what was found, and the file that keeps what was set.

let selection = { index: -1, words: "" };
document.addEventListener("selectionchange", () => {
  const chosen = getSelection();
  const text = chosen?.anchorNode?.parentElement?.closest?.(".win .text");
  const words = chosen?.toString().trim();
  if (text && words) selection = { index: Number(text.closest(".win").dataset.index), words };
});

/** The words that are selected in a win's text: what a new entry begins with. */
function selectedIn(win) {
  const { index, words } = selection;
  selection = { index: -1, words: "" };
  return index === win.index ? words : "";
}

function edit(win) {
  if (win.deleted) {
    setCorrection(win, "delete", undefined);
    afterEdit(win);
    return;
  }
  lookAway();
  const element = document.querySelector(`.win[data-index="${win.index}"]`);
  element.classList.add("editing");
  const form = editor(win);
  element.querySelector(".notes").replaceChildren(form);
  form.querySelector("input, select").focus();
}

const chosen = (name, values, value, shown = label) => h("select", { "aria-label": name, value: "" }, values.map((each) => h("option", { value: each, selected: each === value }, shown(each))));
const input = (name, value, more = {}) => h("input", { "aria-label": name, placeholder: name, value: value ?? "", ...more });

/** Rows of fields that can be added and taken away; each row gives its value, or null where it is empty. */
function rows(win, title, entries, make, add) {
  const list = h("div");
  const append = (entry) => {
    const { fields, value, shape } = make(entry);
    const remove = h("button", { type: "button", class: "quiet", "aria-label": `Remove ${title.toLowerCase()} ${fields[0].value}`.trim(), onclick: () => { row.remove(); again.focus(); } }, "×");
    const row = h("div", { class: `row ${shape ?? ""}` }, fields, remove);
    row.value = value;
    row.fields = fields;
    list.append(row);
    return row;
  };
  entries.forEach(append);
  const again = h("button", { type: "button", class: "quiet add", onclick: () => append(add(selectedIn(win))).fields[0].focus() }, "Add");
  const group = h("fieldset", {}, h("legend", {}, title), list, again);
  group.rows = () => [...list.children];
  return group;
}

function editor(win) {
  const { now } = win;
  const text = now.text;
  const split = (value) => value.split(";").map((part) => part.trim()).filter(Boolean);
  const named = (title, field) => rows(win, title, valueOf(now, field), (entry) => {
    const name = input("Name as in the text", entry.name), aliases = input("Other forms; …", entry.aliases.join("; "));
    const role = field === "people" ? chosen("Role", DATA.roles, entry.role) : null;
    return { fields: [name, aliases, role].filter(Boolean), shape: role ? "three" : "", value: () => name.value.trim() && { name: name.value.trim(), aliases: split(aliases.value), ...(role && { role: role.value }) } };
  }, (words) => ({ name: words, aliases: [], role: "other" }));
  const groups = {
    outcomes: rows(win, "What happened, the main thing first", valueOf(now, "outcomes"), (entry) => {
      const name = chosen("Outcome", OUTCOMES, entry.outcome), evidence = input("Words that say so", entry.evidence);
      return { fields: [name, evidence], value: () => ({ outcome: name.value, evidence: evidence.value.trim() || null }) };
    }, (words) => ({ outcome: "other", evidence: words })),
    people: named("People", "people"),
    organisations: named("Organisations", "organisations"),
    laws: named("Laws", "laws"),
    dates: rows(win, "Dates", valueOf(now, "dates"), (entry) => {
      const words = input("Date as in the text", entry.text), edtf = input("EDTF, such as 2024-02-17", entry.edtf);
      return { fields: [words, edtf], value: () => words.value.trim() && { text: words.value.trim(), edtf: edtf.value.trim() } };
    }, (words) => ({ text: words, edtf: "" })),
    places: rows(win, "Filed under", win.places, (code) => {
      const place = chosen("Country or region", [...Object.keys(DATA.regions), ...Object.keys(DATA.countries)], code, placeName);
      return { fields: [place], shape: "one", value: () => place.value };
    }, () => Object.keys(DATA.countries)[0]),
  };
  const event = input("EDTF, such as 2024-02-17", now.event_date?.edtf);
  const counted = now.affected;
  const count = input("Number", counted?.count, { type: "number", min: "0", inputmode: "numeric" });
  const qualifier = chosen("How the number is meant", DATA.qualifiers, counted?.qualifier ?? "exact");
  const basis = chosen("Whether the text states it", DATA.bases, counted?.basis ?? "stated");
  const checked = h("input", { type: "checkbox" });
  const error = h("p", { class: "error", role: "alert" });
  const bad = (field, message) => { field.classList.add("bad"); field.focus(); error.textContent = message; return null; };
  const isIn = (words) => findWords(text, words).length > 0;

  const values = () => {
    error.textContent = "";
    for (const field of form.querySelectorAll(".bad")) field.classList.remove("bad");
    const collected = {};
    for (const [field, group] of Object.entries(groups)) {
      collected[field] = [];
      for (const row of group.rows()) {
        const value = row.value();
        if (!value) continue;
        if (value.name && !isIn(value.name)) return bad(row.fields[0], `The text does not have “${value.name}”.`);
        if (value.aliases) { for (const alias of value.aliases) if (!isIn(alias)) return bad(row.fields[1], `The text does not have “${alias}”.`); }
        if (value.evidence && !isIn(value.evidence)) return bad(row.fields[1], `The text does not have “${value.evidence}”.`);
        if (value.text && !isIn(value.text)) return bad(row.fields[0], `The text does not have “${value.text}”.`);
        if (field === "dates" && !isDate(value.edtf)) return bad(row.fields[1], "Dates look like 2024-02-17, 2024-02, 2024 or 2024-02/2024-05.");
        const key = (each) => each.name ?? each.outcome ?? each.edtf ?? each;
        if (field !== "dates" && collected[field].some((each) => key(each) === key(value))) return bad(row.fields[0], "This is there twice.");
        collected[field].push(value);
      }
    }
    if (!collected.outcomes.length) return bad(groups.outcomes.querySelector(".add"), "A win has at least one outcome.");
    if (event.value.trim() && !isDate(event.value.trim())) return bad(event, "Dates look like 2024-02-17, 2024-02, 2024 or 2024-02/2024-05.");
    const { places, ...rest } = collected;
    const affected = count.value === "" ? null : { count: Number(count.value), basis: basis.value, qualifier: qualifier.value, evidence: counted?.count === Number(count.value) ? counted.evidence : null };
    return { ...rest, countries: places.filter((code) => DATA.countries[code]), regions: places.filter((code) => DATA.regions[code]), event_date: event.value.trim() || null, people_affected: affected };
  };

  const save = (submit) => {
    submit.preventDefault();
    const collected = values();
    if (!collected) return;
    for (const [field, value] of Object.entries(collected)) {
      const same = JSON.stringify(value) === JSON.stringify(valueOf(win.base, field));
      setCorrection(win, field, same ? undefined : value);
    }
    if (checked.checked) setCorrection(win, "review", true);
    afterEdit(win);
  };
  const form = h("form", { class: "edit", "aria-label": `Correct ${win.base.header ?? win.base.win_id}`, novalidate: true, onsubmit: save },
    h("p", { class: "hint" }, "Select words in the text, then press Add, to enter them."),
    groups.outcomes, groups.people, groups.organisations, groups.laws, groups.dates,
    h("fieldset", {}, h("legend", {}, "When it happened"), h("div", { class: "row one" }, event)),
    h("fieldset", {}, h("legend", {}, "People affected"), h("div", { class: "row three" }, count, qualifier, basis)),
    groups.places,
    h("fieldset", {}, h("label", { class: "check" }, checked, " Checked, nothing left to review")),
    error,
    h("div", { class: "actions" },
      h("button", { type: "submit", class: "strong" }, "Keep"),
      h("button", { type: "button", class: "quiet", onclick: () => afterEdit(win) }, "Cancel"),
      h("button", { type: "button", class: "quiet danger", onclick: () => { setCorrection(win, "delete", true); afterEdit(win); } }, "Delete this win")));
  form.addEventListener("keydown", (event_) => { if (event_.key === "Escape") { event_.stopPropagation(); afterEdit(win); } });
  return form;
}

const DATE = /^(\d{3}X|\d{4}(-(0[1-9]|1[0-2]|2[1-4])|-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))?)[~?%]?$/;
function isDate(edtf) { const ends = edtf.split("/"); return ends.length <= 2 && ends.every((end) => DATE.test(end)); }

function afterEdit(win) {
  redraw(win);
  fillChoices();
  drawYears();
  update({ keep: true });
  showCorrections();
  document.querySelector(`.win[data-index="${win.index}"] .win-foot button`)?.focus();
}

function showCorrections() {
  $("open-corrections").hidden = corrections.size === 0;
  $("open-corrections").textContent = `Corrections (${corrections.size})`;
  $("corrections-list").replaceChildren(...[...corrections.values()].map((correction) => h("li", {},
    h("span", {}, h("b", {}, correction.header ?? correction.win_id), ` · ${correction.field.replaceAll("_", " ")}`),
    h("button", { type: "button", class: "quiet", onclick: () => takeBack(correction) }, "Take back"))));
}

function takeBack(correction) {
  corrections.delete(`${correction.win}|${correction.field}`);
  changed(correction.win);
  afterEdit(winsByKey.get(correction.win)[0]);
  ($("corrections-list").querySelector("button") ?? $("close-corrections")).focus();
}

function saveFile() {
  const address = URL.createObjectURL(new Blob([correctionsFile()], { type: "application/json" }));
  const link = h("a", { href: address, download: "corrections.json" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
  unsaved = false;
  $("corrections-message").textContent = `Saved ${plural(corrections.size, "correction")}.`;
}

async function openFile(file) {
  try {
    const content = JSON.parse(await file.text());
    if (content?.format !== DATA.corrections.format) throw new Error("format");
    const fit = takeOver(content.corrections);
    for (const win of wins) if (win.edited.length) redraw(win);
    fillChoices();
    drawYears();
    update({ keep: true });
    showCorrections();
    $("corrections-message").textContent = `${fit} of ${plural(content.corrections.length, "correction")} fit a win of this page.`;
  } catch {
    $("corrections-message").textContent = `${file.name} is no file of corrections.`;
  }
}
