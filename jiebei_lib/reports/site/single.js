// In one file there is nothing to fetch: what the runtime asks for is what the page carried.
onmessage = async ({ data: files }) => {
  const decoded = (name) => new TextDecoder().decode(files[name]);
  const lock = decoded("pyodide-lock.json");
  globalThis.fetch = async (asked) => {
    const name = String(asked.url ?? asked).split("/").pop().split("?")[0];
    if (!(name in files)) throw new Error(`not in this file: ${name}`);
    const kind = name.endsWith(".wasm") ? "application/wasm" : name.endsWith(".json") ? "application/json" : "application/octet-stream";
    return new Response(name.endsWith(".json") ? lock : files[name], { headers: { "content-type": kind } });
  };
  globalThis.jiebeiFiles = { runtime: "http://page.invalid/", library: async () => files["library.zip"] };
  onmessage = heard;
  try {
    for (const name of ["pyodide.asm.js", "pyodide.js"]) (0, eval)(decoded(name));
    postMessage({ here: true });
  } catch (error) {
    postMessage({ here: false, failed: String(error) });
  }
};
