// What the pages' scripts share: elements made of plain text, sentences with slots, and a place in this browser to come back to.
"use strict";
const JiebeiKit = (() => {
  function el(tag, traits = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(traits)) {
      if (name === "class") made.className = value;
      else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value === true) made.setAttribute(name, "");
      else if (value !== false && value !== null) made.setAttribute(name, value);
    }
    made.append(...children.filter((each) => each !== null));
    return made;
  }
  const fill = (place, ...children) => place.replaceChildren(...children.filter((each) => each !== null));
  // The same where most stays as it is: what is equal is left in place, so that the browser lays out only what differs.
  function refill(place, ...children) {
    const now = children.filter((each) => each !== null), before = [...place.children];
    now.forEach((child, n) => {
      if (n >= before.length) place.append(child);
      else if (before[n].tagName === child.tagName && /^[OU]L$/.test(child.tagName) && before[n].className === child.className) refill(before[n], ...child.children);
      else if (!before[n].isEqualNode(child)) before[n].replaceWith(child);
    });
    for (const old of before.slice(now.length)) old.remove();
  }
  const data = (id) => JSON.parse(document.getElementById(id).textContent);

  // The fixed decimals of a number: exact, and a tie goes to the even digit, as in Python. Number.toFixed sends a tie up.
  function fixed(x, digits) {
    const most = 100, long = Math.abs(x).toFixed(Math.min(most, digits + 60));
    const cut = long.length - Math.min(most, digits + 60) + digits;
    const [kept, rest] = [long.slice(0, cut), long.slice(cut)];
    const tie = /^50*$/.test(rest), even = Number(kept.replace(".", "").slice(-1)) % 2 === 0;
    const plain = tie && even ? kept.replace(/\.$/, "") : Math.abs(x).toFixed(digits);
    return (x < 0 && Number(plain) !== 0 ? "-" : "") + plain;
  }

  // 10,207.50
  const sum = (amount) => {
    const [whole, cents] = fixed(amount, 2).split(".");
    return `${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${cents}`;
  };

  // A sentence with its slots filled; {n:row|rows} is the number and the noun that fits it; the heads of a table are a list
  const filled = (sentence, slots) => Array.isArray(sentence) ? sentence : sentence.replace(/\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g, (_, name, one, many) =>
    one === undefined ? String(slots[name]) : `${slots[name]} ${String(slots[name]) === "1" ? one : many}`);

  // A browser may keep nothing for a page from disk; then what was done lasts as long as the page is open.
  function kept(key) {
    let inMemory = null;
    return {
      read() {
        try { return JSON.parse(localStorage.getItem(key)) ?? inMemory; } catch { return inMemory; }
      },
      write(value) {
        inMemory = value;
        try { localStorage.setItem(key, JSON.stringify(value)); return true; } catch { return false; }
      },
    };
  }

  // Letters that nobody takes for one another: who this learner is, in this browser only
  function learner(letters, length) {
    const place = kept("jiebei-learner"), drawn = crypto.getRandomValues(new Uint32Array(length));
    const known = place.read() ?? Array.from(drawn, (n) => letters[n % letters.length]).join("");
    place.write(known);
    return known;
  }

  // What was done as one word that can be copied, sent or typed: JSON in URL-safe base64 behind a mark
  function packed(mark, content) {
    const bytes = new TextEncoder().encode(JSON.stringify(content));
    return mark + btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  const cell = (value) => `"${String(value).replace(/"/g, '""')}"`;
  const csv = (rows) => rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";

  // The results of a page: the word in a box, copied or saved as a table
  function handIn(word, name, rows, say) {
    const box = el("textarea", { readonly: true, id: "word", "aria-label": say("light.lesson.word") }, word);
    const told = el("span", { role: "status", class: "note" });
    const copy = el("button", { type: "button", onclick: async () => {
      box.select();
      let done = document.execCommand("copy");
      try { await navigator.clipboard.writeText(word); done = true; } catch { /* not for a page from disk: what is marked was copied above */ }
      told.textContent = say(done ? "light.lesson.copied" : "light.lesson.copy_yourself");
    } }, say("light.lesson.copy"));
    const save = el("a", { class: "button", download: `${name}.csv`, href: `data:text/csv;charset=utf-8,${encodeURIComponent(`\uFEFF${csv(rows)}`)}` }, say("light.lesson.save"));
    return el("section", { class: "hand-in" }, el("h2", { class: "small" }, say("light.lesson.hand_in")), el("p", { class: "note" }, say("light.lesson.hand_in_note")), box, el("p", {}, copy, " ", save, " ", told));
  }

  const rests = (one, lang, say) => el("small", { class: "rests" }, el("span", { class: `basis ${one.basis}` }, say(`basis.${one.basis}`)), " ",
    one.reported && one.basis !== "reported" ? el("span", { class: "reported", title: say("page.reported_long") }, say("page.reported")) : null,
    " ", ...one.cites[lang].map((cite) => el("span", { class: "cite" }, cite)));

  // The frame of a lesson's page: its language and a switch to the other one
  function frame(root, lang, langs, turn, say) {
    document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
    const other = langs.find((each) => each !== lang);
    return el("header", {}, el("p", { class: "kicker" }, say("light.lesson.kicker")), other
      ? el("button", { type: "button", id: "language", lang: other === "zh" ? "zh-CN" : "en", onclick: () => turn(other) }, say("light.page.language")) : null);
  }

  return { fixed, sum, filled, el, fill, refill, data, kept, learner, packed, handIn, rests, frame };
})();
if (typeof module !== "undefined") module.exports = JiebeiKit;
