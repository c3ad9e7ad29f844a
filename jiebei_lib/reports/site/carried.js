// The runtime's files stand in the page as base64; those that were not compressed before are.
const carried = {};
async function unpacked(id) {
  const script = document.getElementById(id), bytes = Uint8Array.from(atob(script.textContent), (letter) => letter.charCodeAt(0));
  script.remove();
  if (script.dataset.packed !== "gzip") return bytes;
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
}
const address = (parts) => URL.createObjectURL(new Blob(parts, { type: "text/javascript" }));
async function CHARTS() { return address([await unpacked("file-plotly.min.js")]); }
async function START() {
  await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted))); // the words first
  const files = {};
  for (const script of document.querySelectorAll("script[data-file]")) files[script.dataset.file] = await unpacked(script.id);
  mark("unpacked");
  const worker = new Worker(address([document.getElementById("python").textContent]));
  await new Promise((here, failed) => {
    worker.onmessage = ({ data }) => (data.here ? here() : failed(data.failed));
    worker.onerror = failed;
    worker.postMessage(files, Object.values(files).map((one) => one.buffer));
  });
  return worker;
}
