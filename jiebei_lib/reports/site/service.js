// Keeps all files of this folder, of one version, so that a second visit needs no network. FILES and VERSION stand above this.
const here = new URL("./", location.href).href, kept = `jiebei ${here} ${VERSION}`;
addEventListener("install", (event) => event.waitUntil((async () => {
  const cache = await caches.open(kept);
  await cache.addAll(FILES.map((name) => new URL(name, here).href));
  await skipWaiting();
})()));
addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith(`jiebei ${here} `) && name !== kept) await caches.delete(name);
  await clients.claim();
})()));
addEventListener("fetch", (event) => {
  const asked = new URL(event.request.url);
  if (event.request.method !== "GET" || !asked.href.startsWith(here)) return;
  const name = asked.pathname.endsWith("/") ? new URL("index.html", asked).href : asked.origin + asked.pathname;
  event.respondWith((async () => await (await caches.open(kept)).match(name) ?? fetch(event.request))());
});
