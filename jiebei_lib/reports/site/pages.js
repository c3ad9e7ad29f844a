// The pages of one file: the address after # names the one that is shown; the others wait as templates.
function open_page() {
  const asked = location.hash.slice(1), found = document.getElementById(`page-${asked}`) ?? document.getElementById("page-index");
  if (document.body.dataset.page === found.id.slice(5)) return; // a place within the page
  if (asked && !found.id.endsWith(asked) && document.body.dataset.page) return;
  serial.page++;
  models = new Map();
  document.body.dataset.page = found.id.slice(5);
  document.getElementById("page").replaceChildren(found.content.cloneNode(true));
  scrollTo(0, 0);
  first_switch();
  mark("words");
  live();
}
addEventListener("hashchange", open_page);
open_page();
