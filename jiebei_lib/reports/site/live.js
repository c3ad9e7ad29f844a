// A page that runs itself: its words and first states stand there already; once Python is up, each panel takes the place of its first
// state. WIDGETS are the panels' own scripts, START makes the thread, both written above this by site.py.
const KEPT_LANGUAGE = "jiebei-language";
const state = document.getElementById("state");
const serial = { page: 0 };
let models = new Map(), thread = null, told = Promise.resolve();
globalThis.jiebeiMarks = {}; // for measurements: when what was there
const mark = (name) => { globalThis.jiebeiMarks[name] ??= Math.round(performance.now()); };

function say(name) {
  document.body.dataset.state = name;
  if (state) for (const one of state.children) one.hidden = one.dataset.state !== name;
}

// plotly.js, once, when the first chart is to be seen (panel.js waits for this)
globalThis.jiebeiPlotly = {
  then(...then) {
    globalThis.jiebeiCharts ??= new Promise((done, failed) => {
      const script = Object.assign(document.createElement("script"), { onload: () => done(globalThis.Plotly), onerror: failed });
      CHARTS().then((src) => { script.src = src; document.head.append(script); }, failed);
    });
    return globalThis.jiebeiCharts.then(...then);
  },
};

class Model {
  constructor(number, values) { Object.assign(this, { number, values, changed: {}, heard: new Map() }); }
  get(name) { return this.values[name]; }
  set(name, value) { this.changed[name] = value; this.put({ [name]: value }); }
  put(values) {
    const before = this.values;
    this.values = { ...before, ...values };
    for (const [name, value] of Object.entries(values)) if (JSON.stringify(before[name]) !== JSON.stringify(value)) this.tell(`change:${name}`, value);
  }
  save_changes() { post({ model: this.number, state: this.changed }); this.changed = {}; }
  send(said) { post({ model: this.number, said }); }
  on(name, heard) { this.heard.set(name, [...(this.heard.get(name) ?? []), heard]); }
  off(name, heard) { this.heard.set(name, heard ? (this.heard.get(name) ?? []).filter((one) => one !== heard) : []); }
  tell(name, ...what) { for (const heard of this.heard.get(name) ?? []) heard(...what); }
}
const post = (message) => thread.postMessage({ text: JSON.stringify(message) });

// ---- the language before Python is up, and after: one choice, kept by the browser

function language() {
  const asked = new URLSearchParams(location.search).get("lang");
  if (asked === "zh" || asked === "en") return asked;
  try { return localStorage.getItem(KEPT_LANGUAGE) === "en" ? "en" : "zh"; } catch { return "zh"; }
}
function mark_language(lang) {
  document.body.dataset.jiebeiLang = lang;
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  document.title = document.querySelector(`[data-title][lang="${lang}"]`)?.dataset.title ?? document.title;
}
function first_switch() {
  const lang = language();
  mark_language(lang);
  for (const one of ["zh", "en"]) {
    const radio = document.getElementById(`jiebei-${one}`);
    if (!radio) continue;
    radio.checked = one === lang;
    radio.addEventListener("change", () => {
      try { localStorage.setItem(KEPT_LANGUAGE, one); } catch { /* this page only */ }
      mark_language(one);
    });
  }
}

// ---- cells

const waiting = new Map(); // cell numbers and who waits for them
let counted = 0;

function run(page, code) {
  const cell = counted++;
  return new Promise((done, failed) => {
    waiting.set(cell, { done, failed });
    thread.postMessage({ run: code, cell, page });
  });
}

function show(cell, shown) {
  const { model: number, state: values } = JSON.parse(shown), model = new Model(number, values), el = document.createElement("div");
  models.set(number, model);
  cell.replaceChildren(el);
  WIDGETS[cell.dataset.widget].render({ model, el });
}

async function live() {
  const cells = [...document.querySelectorAll("[data-code]")], page = `${document.body.dataset.page}-${serial.page}`, mine = serial.page;
  if (!cells.length) return say("still");
  say("starting");
  try {
    await started();
    for (const cell of cells) {
      const shown = await run(page, cell.dataset.code);
      if (mine !== serial.page) return; // another page is open by now
      if (shown) show(cell, shown);
      mark("first");
    }
    mark("live");
    say("live");
    offline();
  } catch (error) {
    console.error(error);
    say("failed");
  }
}

let up = null;
const started = () => up ??= new Promise((done, failed) => {
  if (typeof Worker === "undefined" || typeof WebAssembly === "undefined") throw new Error("no worker");
  START().then((worker) => {
    thread = worker;
    worker.onerror = (event) => failed(event.message ?? event);
    worker.onmessage = ({ data }) => {
      if (data.ready) { mark("python"); done(); }
      else if (data.failed !== undefined) {
        const who = data.cell === null ? null : waiting.get(data.cell);
        waiting.delete(data.cell);
        if (who) who.failed(data.failed); else if (data.fatal) failed(data.failed);
      } else if (data.cell !== undefined) { waiting.get(data.cell).done(data.shown); waiting.delete(data.cell); }
      else hear(JSON.parse(data.text));
    };
    worker.postMessage({ begin: { lang: document.body.dataset.jiebeiLang, packages: PACKAGES } });
  }, failed);
});

function hear({ model: number, state: values, said }) {
  const model = models.get(number);
  if (values) model?.put(values);
  if (said) model?.tell("msg:custom", said, []);
}

// Over http a second visit needs no network: all files are kept once the page is up, so that it does not wait for them.
async function offline() {
  if (!location.protocol.startsWith("http") || !("serviceWorker" in navigator) || typeof KEEP === "undefined") return;
  try {
    await navigator.serviceWorker.register(KEEP);
    await navigator.serviceWorker.ready;
    mark("kept");
    say("kept");
  } catch (error) { console.info(error); } // a private window: everything works, but the next visit needs the network
}
