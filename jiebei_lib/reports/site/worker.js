// Python, in a thread of its own. The page sends one cell after the other, then what its panels say; each answer goes back as it comes.
// `files` says where the runtime's files lie: a folder beside the page, or what the page carried (see single.js).
let python = null, cell = null;

async function begin({ lang, packages, files }) {
  const library = files.library();
  python = await loadPyodide({
    indexURL: files.runtime,
    lockFileURL: `${files.runtime}pyodide-lock.json`,
    packages,
    env: { JIEBEI_LANG: lang, JIEBEI_CACHE: "/tmp/jiebei", PYTHONDONTWRITEBYTECODE: "1", HOME: "/tmp" },
    stdout: () => {},
    stderr: (line) => console.warn(line), // what no reader has caused is logged
  });
  python.unpackArchive(await library, "zip", { extractDir: "/lib/python3.12/site-packages" });
  const widgets = python.pyimport("anywidget");
  widgets.begin((text) => postMessage({ text }));
  cell = { run: widgets.run, heard: widgets.received };
  postMessage({ ready: true });
}

// What cannot be worked out here (the log has why) leaves the panel as it is.
async function heard({ data }) {
  try {
    if (data.begin) await begin({ ...data.begin, files: globalThis.jiebeiFiles });
    else if (data.run !== undefined) postMessage({ cell: data.cell, shown: cell.run(data.page, data.run) ?? null });
    else cell.heard(data.text);
  } catch (error) {
    console.error(error);
    postMessage({ failed: String(error).slice(-600), cell: data.cell ?? null, fatal: !cell });
  }
}
