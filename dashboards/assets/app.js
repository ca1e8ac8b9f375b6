"use strict";
(() => {
  const { all, adopt } = globalThis.almanac;
  const said = document.getElementById("said");

  // Every choice is an address. The page of a new address is fetched, and of it the parts that changed
  // take the place of theirs: fields keep what is typed, figures are drawn anew.
  let latest = 0;
  const show = async (address, push) => {
    const turn = ++latest;
    const [focused, from] = [document.activeElement?.id, document.activeElement?.selectionStart];
    document.body.classList.add("busy");
    try {
      const answer = await fetch(address, { headers: { "x-part": "1" } });
      if (answer.redirected) return location.assign(answer.url);
      const text = await answer.text();
      if (turn !== latest) return;
      const page = new DOMParser().parseFromString(text, "text/html");
      const parts = all("[data-part]", page);
      if (!parts.length) return location.assign(address);
      for (const fresh of parts) {
        const old = document.getElementById(fresh.id);
        if (!old || old.innerHTML === fresh.innerHTML) continue;
        const open = all("details[open]", old).map((d) => d.querySelector("summary").textContent.split(":")[0] + d.parentElement.id);
        old.replaceWith(fresh);
        for (const d of all("details", fresh))
          if (open.includes(d.querySelector("summary").textContent.split(":")[0] + d.parentElement.id)) d.open = true;
        settle(fresh);
      }
      document.title = page.title;
      history[push ? "pushState" : "replaceState"](null, "", address);
      const again = focused && document.getElementById(focused);
      if (again && again !== document.activeElement) {
        again.focus({ preventScroll: true });
        if (from != null && again.type !== "range" && again.setSelectionRange && /^(text|search)$/.test(again.type)) again.setSelectionRange(from, from);
      }
      said.textContent = "The page is up to date.";
    } finally {
      if (turn === latest) document.body.classList.remove("busy");
    }
  };

  const address = (form, button) => {
    const fields = new FormData(form);
    for (const name of ["csrf", "do"]) fields.delete(name);
    if (button?.name) fields.append(button.name, button.value);
    const kept = [...fields].filter(([, value]) => typeof value === "string" && value !== "");
    const [place, anchor] = (form.dataset.live || form.getAttribute("action")).split("#");
    return place + "?" + new URLSearchParams(kept) + (anchor ? "#" + anchor : "");
  };

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-live]");
    if (form) show(address(form), false);
  });
  // A slider answers while it moves, one question at a time.
  let waiting;
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-live]");
    if (!form || event.target.type !== "range") return;
    clearTimeout(waiting);
    waiting = setTimeout(() => show(address(form), false), 40);
  });
  document.addEventListener("submit", (event) => {
    const [form, button] = [event.target, event.submitter];
    const asks = form.matches("[data-live]") && (form.method === "get" || button?.matches("[data-show]"));
    if (asks) {
      event.preventDefault();
      show(address(form, button), true);
    } else if (form.matches("[data-busy]")) {
      document.body.classList.add("busy");
      said.textContent = "Working …";
    }
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-go]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    show(link.getAttribute("href"), true).then(() => document.getElementById(link.hash.slice(1))?.scrollIntoView());
  });
  addEventListener("popstate", () => location.reload());

  // A job's bar moves with the server's events; at its end the page is asked for again.
  const follow = (box) => {
    const [bar, words] = [box.querySelector("progress"), box.querySelector("[data-words]")];
    const events = new EventSource(`/v1/jobs/${box.dataset.job}/events`);
    const reach = ({ done, total }) => {
      if (!(total > 0)) return;
      bar.max = total;
      bar.value = done;
      words.textContent = `${done.toLocaleString("en")} of ${total.toLocaleString("en")} answers`;
    };
    const stop = (state) => {
      if (["queued", "running"].includes(state)) return;
      events.close();
      show(location.href, false);
    };
    events.addEventListener("progress", (event) => reach(JSON.parse(event.data)));
    events.addEventListener("snapshot", (event) => (reach(JSON.parse(event.data)), stop(JSON.parse(event.data).state)));
    events.addEventListener("state", (event) => stop(JSON.parse(event.data).state));
    addEventListener("pagehide", () => events.close());
  };

  // What a chart shows, as a table that other programs read.
  const rows = (spec) =>
    spec.data.filter((trace) => trace.x && trace.y && trace.hoverinfo !== "skip").flatMap((trace) =>
      trace.x.map((x, k) => [trace.name ?? "", x, trace.y[k]]));
  const cell = (value) => (/[",\n]/.test(value ?? "") ? `"${String(value).replaceAll('"', '""')}"` : value ?? "");
  const offer = (box) => {
    const caption = box.closest("figure")?.querySelector("figcaption");
    if (!caption) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "data";
    button.textContent = "Data (CSV)";
    button.addEventListener("click", () => {
      const table = [["name", "x", "y"], ...rows(JSON.parse(box.nextElementSibling.textContent))];
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([table.map((row) => row.map(cell).join(",")).join("\n") + "\n"], { type: "text/csv" }));
      link.download = (caption.parentElement.querySelector("h3")?.textContent ?? "chart").slice(0, 60) + ".csv";
      link.click();
      URL.revokeObjectURL(link.href);
    });
    caption.after(button);
  };

  const settle = (within) => {
    adopt(within);
    equip(within);
  };
  const equip = (within) => {
    all("[data-job]", within).forEach(follow);
    all("[data-figure]", within).forEach(offer);
  };
  equip(document);
})();
