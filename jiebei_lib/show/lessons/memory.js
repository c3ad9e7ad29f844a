// The learner's code, kept by their own browser for as long as the class: after a reload, or a tab closed by mistake, it is sent to the
// kernel, which puts them back in their place. Another class has another key; "not you?" forgets the code. Panel.js stands above this.
function remember(model) {
  const key = `jiebei-${model.get("class_id")}`;
  const store = (work) => { try { return work(localStorage); } catch { return null; } };  // storage may be forbidden
  const keep = () => { const code = model.get("kept"); store((own) => code ? own.setItem(key, code) : own.removeItem(key)); };
  model.on("change:kept", keep);
  const code = store((own) => own.getItem(key));
  if (model.get("kept")) keep();
  else if (code) model.send({ kind: "recall", code });
  return () => model.off("change:kept", keep);
}

// Asks the kernel every few seconds whether it is there. Without an answer the page says so, and nothing on it can be pressed, so that
// no answer is lost unseen; what was pressed before is sent once the line is back. If the server answers again and the kernel does not,
// the kernel is gone: the page is opened anew, and the code above brings the learner back.
const BEAT = 3000, QUIET = 12000, GONE = 45000;  // milliseconds
function watch(model) {
  const patience = globalThis.jiebeiPatience ?? 1;  // tests have less
  const [beat, quiet, gone] = [BEAT, QUIET, GONE].map((time) => time * patience);
  const banner = make("div", { role: "alert", className: "jiebei-lost", hidden: true }), page = () => document.getElementById("rendered_cells");
  document.body.append(banner);
  let heard = Date.now(), last = heard;
  function show(lost) {
    if (banner.hidden !== lost) return;
    banner.hidden = !lost;
    const lang = model.get("page").lang, code = model.get("kept");
    banner.lang = lang === "zh" ? "zh-CN" : "en-GB";
    banner.textContent = lost ? [model.get("lost")[lang], code].filter(Boolean).join(" ") : "";
    if (page()) page().inert = lost;
  }
  function answered(content) {
    if (content?.kind !== "here") return;
    heard = Date.now();
    show(false);
  }
  async function ask() {
    const now = Date.now();
    if (now - last > 3 * beat) heard = now - beat;  // the page slept: what it did not hear meanwhile says nothing
    last = now;
    model.send({ kind: "there" });
    if (now - heard > quiet) show(true);
    if (now - heard > gone) {
      heard = now - quiet;
      try { await fetch(location.href, { method: "HEAD", cache: "no-store" }); location.reload(); } catch { /* not yet */ }
    }
  }
  const cut = () => show(true);
  model.on("msg:custom", answered);
  addEventListener("offline", cut);
  model.on("line:lost", cut);  // a page without a kernel knows at once
  const timer = setInterval(ask, beat);
  return () => { clearInterval(timer); model.off("msg:custom", answered); model.off("line:lost", cut); removeEventListener("offline", cut); banner.remove(); };
}

export default {
  render(context) {
    const ends = context.model.get("class_id") ? [remember(context.model), watch(context.model)] : [];
    const done = panel.render(context);
    return () => { ends.forEach((end) => end()); done?.(); };
  },
};
