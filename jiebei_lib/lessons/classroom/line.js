// A lesson's page without a kernel: opens one line to the class, makes a model for each panel, and gives it to the panel's own script.
// Every message has a number and is kept until the class says that it was heard; after a broken line the kept ones are sent again.
const AGAIN = 1000, SLOWEST = 8000;  // milliseconds until a broken line is tried again; twice as many each time, up to so many
const models = new Map(), unheard = [];
let line = null, key = "", number = 0, pause = AGAIN;

const same = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);

class Model {
  constructor(id, state) { Object.assign(this, { id, state, changed: {}, on_: {} }); }
  get(name) { return this.state[name]; }
  set(name, value) {
    this.changed[name] = value;
    this.put({ [name]: value });
  }
  put(state) {
    for (const [name, value] of Object.entries(state)) {
      if (same(this.state[name], value)) { this.state[name] = value; continue; }
      this.state[name] = value;
      this.tell(`change:${name}`, value);
    }
  }
  // Of changes that follow each other faster than they are heard, the newest goes out.
  save_changes() {
    const waiting = unheard.find((one) => one.id === this.id && one.state && !one.sent);
    if (waiting) Object.assign(waiting.state, this.changed);
    else unheard.push({ n: ++number, id: this.id, state: this.changed });
    this.changed = {};
    post();
  }
  send(content) {
    // Only the first of the questions whether somebody is there is kept for a line that is broken.
    if (content.kind === "there" && unheard.some((one) => one.content?.kind === "there")) return;
    unheard.push({ n: ++number, id: this.id, content });
    post();
  }
  on(name, heard) { (this.on_[name] ??= new Set()).add(heard); }
  off(name, heard) { if (heard) this.on_[name]?.delete(heard); else delete this.on_[name]; }
  tell(name, ...what) { for (const heard of [...this.on_[name] ?? []]) heard(...what); }
}

// One change of a panel's state at a time is under way; whatever else there is goes out at once, in order.
function post() {
  if (line?.readyState !== WebSocket.OPEN || !key) return;
  const under = new Set(unheard.filter((one) => one.sent && one.state).map((one) => one.id));
  for (const one of unheard) {
    if (one.sent) continue;
    if (one.state && under.has(one.id) && !unheard.some((later) => later.id === one.id && later.content && later.n > one.n)) return;
    one.sent = true;
    const { sent, ...said } = one;
    line.send(JSON.stringify(said));
  }
}

async function panel({ id, cell, module, style, state }) {
  if (models.has(id)) return models.get(id).put(state);
  const model = new Model(id, state), root = document.querySelector(`[data-cell="${cell}"]`);
  models.set(id, model);
  if (!document.querySelector(`link[href="${style}"]`)) document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: style }));
  const el = document.createElement("div"), { default: shown } = await import(new URL(module, document.baseURI));
  root.replaceChildren(el);
  await shown.render({ model, el });
}

async function heard({ data }) {
  let buffers = [], message = data;
  if (data instanceof ArrayBuffer) {
    const length = new DataView(data).getUint32(0);
    message = new TextDecoder().decode(data.slice(4, 4 + length));
    buffers = [new DataView(data, 4 + length)];
  }
  message = JSON.parse(message);
  if (message.gone) { sessionStorage.setItem("jiebei-tries", 1 + Number(sessionStorage.getItem("jiebei-tries"))); setTimeout(() => location.reload(), key ? 0 : SLOWEST); return; }
  if ("heard" in message) while (unheard.length && unheard[0].n <= message.heard) unheard.shift();
  if (message.panels) {
    key = message.key;
    number = Math.max(number, message.heard);
    for (const one of unheard) one.sent = false;
    // What was pressed before the line broke counts before what the page shows is put right.
    const kept = new Set(unheard.filter((one) => one.state).map((one) => one.id));
    for (const one of message.panels) if (kept.has(one.id)) delete one.state.values;
    for (const one of message.panels) panel(one);
    document.getElementById("loading")?.remove();
  } else if (message.id) {
    const model = models.get(message.id);
    if (message.state) model?.put(message.state);
    if (message.content) model?.tell("msg:custom", message.content, buffers);
  }
  post();
}

function open() {
  const to = new URL("line", document.baseURI);
  to.protocol = to.protocol === "https:" ? "wss:" : "ws:";
  if (key) to.searchParams.set("key", key);
  line = new WebSocket(to);
  line.binaryType = "arraybuffer";
  line.onopen = () => { pause = AGAIN; };
  line.onmessage = heard;
  line.onclose = ({ code }) => {
    if (code === 1008) return setTimeout(() => location.reload(), SLOWEST);
    for (const model of models.values()) model.tell("line:lost");
    setTimeout(open, pause);
    pause = Math.min(SLOWEST, 2 * pause);
  };
}
// A phone that wakes up does not wait for the next try.
document.addEventListener("visibilitychange", () => { if (!document.hidden && line.readyState === WebSocket.CLOSED) { pause = AGAIN; open(); } });
open();
