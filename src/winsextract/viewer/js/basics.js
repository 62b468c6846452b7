// What everything else uses: elements, text, numbers and dates.

const $ = (id) => document.getElementById(id);
const DATA = JSON.parse($("data").textContent);
const WORLD = JSON.parse($("world").textContent);
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const SEASONS = { 21: "spring", 22: "summer", 23: "autumn", 24: "winter" };

/** An element; `on…` are listeners, children strings or elements, nothing is ever parsed as HTML. */
function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function svg(tag, properties = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Lower case without accents, for comparing. */
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const number = (value) => value.toLocaleString("en");
const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;
/** A name from the data's vocabulary as people read it: "law_passed" is "Law passed". */
const label = (name) => name ? name[0].toUpperCase() + name.slice(1).replaceAll("_", " ") : "None";
const placeName = (code) => DATA.countries[code] ?? DATA.regions[code] ?? code;
const listed = (items) => new Intl.ListFormat("en").format(items);

/** A date in EDTF as people read it: "2024-02-17" is "17 February 2024". */
function readable(edtf) {
  if (edtf.includes("/")) return edtf.split("/").map(readable).join(" – ");
  if (/[~?%]$/.test(edtf)) return `about ${readable(edtf.slice(0, -1))}`;
  if (edtf.endsWith("X")) return `${edtf.slice(0, -1)}0s`;
  const [year, month, day] = edtf.split("-");
  if (SEASONS[month]) return `${SEASONS[month]} ${year}`;
  return [day && Number(day), month && MONTHS[month - 1], year].filter(Boolean).join(" ");
}

/** Say something to a screen reader. */
function say(words) { $("say").textContent = words; }

const store = {
  get(key) { try { return localStorage.getItem(`winsextract:${key}`); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(`winsextract:${key}`, value); return true; } catch { return false; } },
};
