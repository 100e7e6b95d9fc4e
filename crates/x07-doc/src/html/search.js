const field = document.getElementById("search");
const found = document.getElementById("found");
const article = document.querySelector("article");
const MOST = 60;

function rank(name, words) {
  if (!words.every((word) => name.includes(word))) return -1;
  const own = name.slice(name.lastIndexOf(".") + 1);
  const first = words[0];
  if (own === first) return 0;
  if (own.startsWith(first)) return 1;
  return name.startsWith(first) ? 2 : 3;
}

function search() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  found.hidden = words.length === 0;
  article.hidden = words.length > 0;
  if (words.length === 0) return;
  const hits = names
    .map(([name, page, doc]) => ({ name, page, doc, rank: rank(name.toLowerCase(), words) }))
    .filter((hit) => hit.rank >= 0)
    .sort((a, b) => a.rank - b.rank || a.name.length - b.name.length || (a.name < b.name ? -1 : 1))
    .slice(0, MOST);
  found.replaceChildren(
    ...hits.map((hit) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      const doc = document.createElement("span");
      link.href = hit.page;
      link.textContent = hit.name;
      doc.textContent = hit.doc;
      item.append(link, doc);
      return item;
    }),
  );
  if (hits.length === 0) found.textContent = "Nothing has this in its name.";
}

document.querySelector("nav .here")?.scrollIntoView({ block: "nearest" });
field.addEventListener("input", search);
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter") found.querySelector("a")?.click();
  if (event.key === "Escape") {
    field.value = "";
    search();
  }
});
found.addEventListener("click", () => {
  field.value = "";
  search();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== field) {
    event.preventDefault();
    field.focus();
  }
});
