const PHONE = 400; // CSS px: on a wider chart all words have room (tests/browser/test_every_notebook.py)

// On a phone plotly lets words run over a chart's edge: they are moved in, and smaller where they are longer than it is wide.
function within(chart) {
  const edge = chart.getBoundingClientRect();
  if (edge.width > PHONE && !chart.narrowed) return;
  chart.narrowed = true; // what was moved is put back when the chart is wide again
  for (const text of chart.querySelectorAll("text")) {
    text.style.translate = "";
    let at = text.getBoundingClientRect();
    if (!at.width || (at.left >= edge.left && at.right <= edge.right)) continue;
    if (at.width > edge.width) {
      text.style.fontSize = `${Math.floor(10 * Number.parseFloat(getComputedStyle(text).fontSize) * edge.width / at.width) / 10}px`;
      at = text.getBoundingClientRect();
    }
    text.style.translate = `${Math.max(edge.left - at.left, Math.min(0, edge.right - at.right))}px`;
  }
}
