// The runtime's files lie in a folder beside the page.
globalThis.jiebeiFiles = { runtime: new URL("pyodide/", location.href).href, library: () => fetch("library.zip").then((found) => found.arrayBuffer()) };
importScripts("pyodide/pyodide.js", "python.js");
onmessage = heard;
