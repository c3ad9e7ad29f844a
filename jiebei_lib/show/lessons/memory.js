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

export default {
  render(context) {
    const forget = context.model.get("class_id") ? remember(context.model) : () => {};
    const done = panel.render(context);
    return () => { forget(); done?.(); };
  },
};
