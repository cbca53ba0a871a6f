/**
 * What the page can do beyond being read: find documents, open them all, and open them for the printer. What it works on stands in the page, so
 * that no value of a document is ever part of a script. Older browsers of phones must understand it.
 */
export const PAGE_SCRIPT = `(function () {
  "use strict";
  var byId = function (id) { return document.getElementById(id); };
  var all = function (what, within) { return Array.prototype.slice.call((within || document).querySelectorAll(what)); };
  var form = byId("filter"), text = byId("filter-text"), account = byId("filter-account"), found = byId("filter-found");
  var items = all("[data-k]"), groups = all("[data-group]"), documents = all("details[data-k]");
  var boxes = all("input[type=checkbox]", form);
  var texts = null, timer = 0, opened = [];

  function plain(value) {
    var folded = value.normalize("NFKC").toLowerCase();
    return folded + "\\n" + folded.replace(/(\\d),(?=\\d)/g, "$1");
  }

  function filter() {
    var words = text.value.normalize("NFKC").toLowerCase().split(/\\s+/).filter(Boolean);
    if (words.length > 0 && texts === null) texts = items.map(function (item) { return plain(item.textContent); });
    var kinds = {}, shown = 0;
    boxes.forEach(function (box) { kinds[box.value] = box.checked; });
    items.forEach(function (item, index) {
      var fits = kinds[item.getAttribute("data-k")] === true;
      if (fits && account.value !== "") fits = (item.getAttribute("data-a") || "").indexOf("|" + account.value + "|") !== -1;
      if (fits) fits = words.every(function (word) { return texts[index].indexOf(word) !== -1; });
      item.hidden = !fits;
      if (fits) shown += 1;
    });
    groups.forEach(function (group) { group.hidden = all("[data-k]:not([hidden])", group).length === 0; });
    found.textContent = found.getAttribute("data-text").replace("{shown}", shown.toLocaleString("en-US")).replace("{all}", items.length.toLocaleString("en-US"));
  }

  function setOpen(isOpen) {
    documents.forEach(function (each) { if (!each.hidden) each.open = isOpen; });
  }

  text.addEventListener("input", function () { clearTimeout(timer); timer = setTimeout(filter, 150); });
  form.addEventListener("change", filter);
  form.addEventListener("submit", function (event) { event.preventDefault(); filter(); });
  form.addEventListener("reset", function () { setTimeout(filter, 0); });
  byId("filter-open").addEventListener("click", function () { setOpen(true); });
  byId("filter-close").addEventListener("click", function () { setOpen(false); });
  window.addEventListener("beforeprint", function () {
    opened = all("details").filter(function (each) { return !each.open && !each.hidden; });
    opened.forEach(function (each) { each.open = true; });
  });
  window.addEventListener("afterprint", function () { opened.forEach(function (each) { each.open = false; }); });
  form.hidden = items.length === 0;
  if (!form.hidden) filter();
})();
`;
