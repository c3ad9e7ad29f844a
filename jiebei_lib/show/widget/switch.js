// The language switch. It marks the notebook that it stands in, and remembers the choice for the next notebook (also ?lang=en).
const NAMES = { zh: "中文", en: "English" };
const KEPT = "jiebei-language";

function kept(chosen) {
  const asked = new URLSearchParams(location.search).get("lang");
  try {
    return NAMES[asked] || chosen ? asked : localStorage.getItem(KEPT);
  } catch {
    return asked; // storage may be forbidden
  }
}

function mark(el, lang) {
  const notebook = el.closest(".jp-Notebook") ?? (el.isConnected ? document.body : null);
  if (notebook) notebook.dataset.jiebeiLang = lang;
  if (notebook && el.classList.contains("jiebei-switched")) el.closest(".jp-Cell")?.classList.add("jiebei-emptied");
  if (notebook === document.body) document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  return notebook;
}

export default {
  render({ model, el }) {
    // Not crypto.randomUUID: a phone in a class has none, whose page comes over plain http
    const name = `jiebei-language-${globalThis.jiebeiSwitches = (globalThis.jiebeiSwitches ?? 0) + 1}`;
    const set = document.createElement("fieldset");
    set.className = "jiebei-switch";
    set.addEventListener("focusin", ({ target }) => { target.dataset.lmSuppressShortcuts = "true"; }); // in JupyterLab arrows move this choice, not the cells
    const legend = document.createElement("legend");
    set.append(legend);
    const inputs = Object.entries(NAMES).map(([lang, said]) => {
      const label = document.createElement("label"), input = document.createElement("input"), span = document.createElement("span");
      Object.assign(input, { type: "radio", name, value: lang });
      span.textContent = said;
      span.lang = lang === "zh" ? "zh-CN" : "en-GB"; // not "zh"/"en": those are hidden by the switch
      input.addEventListener("change", () => choose(lang));
      label.append(input, span);
      set.append(label);
      return input;
    });
    const corner = document.querySelector(".jiebei-home"); // a page of Voilà has a place for it, for the first of a page
    if (corner && !corner.querySelector(".jiebei-switch")) { corner.append(set); el.classList.add("jiebei-switched"); } else el.append(set);

    function choose(lang) {
      try { localStorage.setItem(KEPT, lang); } catch { /* only this notebook then */ }
      model.set("lang", lang);
      model.save_changes();
    }
    function show() {
      const lang = model.get("lang");
      for (const input of inputs) input.checked = input.value === lang;
      legend.textContent = Object.values(model.get("label")).join(" · ");
      mark(el, lang);
    }
    model.on("change:lang", show);
    show();
    // Where the cell is put into the page only after this ran, mark the notebook then.
    const stop = new AbortController();
    (function wait() {
      if (!stop.signal.aborted && !mark(el, model.get("lang"))) requestAnimationFrame(wait);
    })();
    const remembered = kept(model.get("chosen"));
    if (NAMES[remembered] && remembered !== model.get("lang")) choose(remembered);
    return () => { set.remove(); stop.abort(); model.off("change:lang", show); };
  },
};
