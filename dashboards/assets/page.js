"use strict";
(() => {
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  const data = (element) => JSON.parse(element.textContent);
  const template = data(document.getElementById("template"));
  const figures = [];

  // A figure names its colours as the style sheet does: --m1, or --m1/0.2 for a fifth of it.
  const paint = (value, key = "") => {
    if (Array.isArray(value)) return value.map((item) => paint(item));
    if (value && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, paint(v, k)]));
    if (!key.toLowerCase().endsWith("color") || !String(value).startsWith("--")) return value;
    const [name, share] = value.split("/");
    const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    return share ? hex + Math.round(255 * share).toString(16).padStart(2, "0") : hex;
  };

  const chosen = (section) => {
    const picker = section.querySelector("[data-picker]");
    const pressed = all("[data-model][aria-pressed=true]", section);
    return new Set(picker ? [picker.value] : pressed.map((button) => button.dataset.model));
  };

  const draw = ({ box, spec }) => {
    const models = chosen(box.closest("section"));
    const { data, layout } = paint(spec);
    for (const trace of data) trace.visible = trace.meta === undefined || models.has(String(trace.meta));
    layout.template = paint(template);
    layout.dragmode = matchMedia("(pointer: coarse)").matches ? false : "zoom";
    return Plotly.react(box, data, layout, { responsive: true, displayModeBar: false });
  };
  const drawAll = (within = document) => figures.filter(({ box }) => within.contains(box)).forEach(draw);

  // Cells without a number stay last in either direction.
  const sort = (head) => {
    const [row, body] = [head.parentElement, head.closest("table").tBodies[0]];
    const down = head.getAttribute("aria-sort") === "ascending";
    const value = (line) => parseFloat(line.cells[head.cellIndex].dataset.v);
    const order = (a, b) => {
      if (isNaN(a) || isNaN(b)) return isNaN(a) - isNaN(b);
      return down ? b - a : a - b;
    };
    for (const other of row.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...[...body.rows].sort((a, b) => order(value(a), value(b))));
  };

  // Takes in what is new on the page: draws its figures, listens to its controls.
  const adopt = (within) => {
    figures.push(...all("[data-figure]", within).map((box) => ({ box, spec: data(box.nextElementSibling) })));
    for (const picker of all("[data-picker]", within))
      picker.addEventListener("change", () => drawAll(picker.closest("section")));
    for (const button of all("[data-model]", within))
      button.addEventListener("click", () => {
        button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true");
        drawAll(button.closest("section"));
      });
    for (const button of all(".sortable th button", within))
      button.addEventListener("click", () => sort(button.parentElement));
    drawAll(within);
  };

  // Paper is light and narrower than most screens.
  const paper = (printing, size) => {
    document.documentElement.classList.toggle("printing", printing);
    drawAll();
    for (const { box } of figures.filter(({ box }) => box.isConnected)) Plotly.relayout(box, size);
  };
  addEventListener("beforeprint", () => paper(true, { autosize: false, width: 640 }));
  addEventListener("afterprint", () => paper(false, { autosize: true }));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll());
  globalThis.almanac = { all, adopt };
  adopt(document);
})();
