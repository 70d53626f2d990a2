"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const palettes = read("mb-palettes");
  const queries = read("mb-queries");
  const systemDark = matchMedia("(prefers-color-scheme: dark)");
  const printedWidth = 680; // A4 less its margins, in CSS pixels
  let printing = false;

  // ---- Colours -------------------------------------------------------------------
  const mode = () =>
    printing ? "print" : root.dataset.theme || (systemDark.matches ? "dark" : "light");
  const recoloured = (text) =>
    text.replace(/#[0-9a-f]{6}/g, (colour) => palettes[mode()][colour] || colour);

  const button = document.getElementById("mb-theme");
  const nameButton = () => {
    button.textContent = mode() === "dark" ? "Light" : "Dark";
    button.setAttribute("aria-label", `Show in ${button.textContent.toLowerCase()} colours`);
  };
  button.hidden = false;
  nameButton();
  button.addEventListener("click", () => {
    root.dataset.theme = mode() === "dark" ? "light" : "dark";
    nameButton();
    drawAll();
  });
  systemDark.addEventListener("change", () => {
    nameButton();
    drawAll();
  });

  // ---- Charts --------------------------------------------------------------------
  async function unpack() {
    const packed = document.getElementById("mb-plotly");
    if (!packed || window.Plotly) return;
    const bytes = Uint8Array.from(atob(packed.textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
    packed.remove();
    if (!window.Plotly) throw new Error("The drawing library did not start.");
  }

  // What a chart changes on a phone: fewer labels, shorter names.
  function fitted(layout, plot) {
    const most = layout.meta?.width || Infinity;
    plot.style.maxWidth = `${most}px`;
    const width = printing ? Math.min(printedWidth, most) : undefined;
    if (!printing && plot.clientWidth < 560)
      for (const [path, value] of Object.entries(layout.meta?.narrow || {})) {
        const steps = path.split(".");
        const last = steps.pop();
        steps.reduce((part, step) => part[step], layout)[last] = value;
      }
    return { ...layout, autosize: true, width };
  }

  async function draw(figure) {
    const plot = figure.querySelector(".mb-plot");
    try {
      const spec = JSON.parse(recoloured(figure.querySelector(".mb-spec").textContent));
      const layout = fitted(spec.layout, plot);
      await window.Plotly.react(plot, spec.data, layout, {
        responsive: true,
        displayModeBar: false,
        displaylogo: false,
        doubleClick: false,
        scrollZoom: false,
        plotlyServerURL: "",
      });
      figure.dataset.drawn = "true";
    } catch (error) {
      showWords(figure, error);
    }
  }

  function showWords(figure, error) {
    figure.dataset.drawn = "false";
    figure.querySelector(".mb-plot").hidden = true;
    figure.querySelector(".mb-alt").hidden = false;
    all(".mb-data", figure).forEach((table) => (table.open = true));
    console.error(`Chart ${figure.id} could not be drawn.`, error);
  }

  const charts = all(".mb-chart");
  const drawAll = () => Promise.all(charts.map(draw));

  addEventListener("beforeprint", () => {
    printing = true;
    all("details.mb-provenance").forEach((part) => (part.open = true));
    drawAll();
  });
  addEventListener("afterprint", () => {
    printing = false;
    drawAll();
  });

  // ---- Proofs --------------------------------------------------------------------
  let anchor = null; // the figure whose proof is open
  let pinned = false; // opened by click or key: stays when the pointer leaves
  let timer = 0;

  function place(proof, figure) {
    const at = figure.getBoundingClientRect();
    const size = proof.getBoundingClientRect();
    const edge = 12;
    const left = Math.max(edge, Math.min(at.left, root.clientWidth - size.width - edge));
    const below = at.bottom + 8 + size.height < innerHeight || at.top < size.height + 8;
    const top = below ? at.bottom + 8 : at.top - size.height - 8;
    proof.style.left = `${left + scrollX}px`;
    proof.style.top = `${top + scrollY}px`;
  }

  function open(figure, proof, stay) {
    clearTimeout(timer);
    pinned = stay;
    anchor = figure;
    addQueries(proof);
    if (!proof.matches(":popover-open")) proof.showPopover();
    place(proof, figure);
    figure.setAttribute("aria-expanded", "true");
    if (stay) proof.focus({ preventScroll: true });
  }

  const later = (wait, action) => {
    clearTimeout(timer);
    timer = setTimeout(action, wait);
  };
  const leave = (proof) => {
    if (!pinned) later(250, () => proof.matches(":popover-open") && proof.hidePopover());
    else clearTimeout(timer);
  };

  function connect(figure) {
    const proof = document.getElementById(`proof-${figure.dataset.fact}`);
    if (!proof) return;
    figure.removeAttribute("title");
    figure.setAttribute("aria-haspopup", "dialog");
    figure.setAttribute("aria-expanded", "false");
    figure.addEventListener("click", () => open(figure, proof, true));
    figure.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      open(figure, proof, true);
    });
    figure.addEventListener("pointerenter", (event) => {
      if (event.pointerType === "mouse" && !proof.matches(":popover-open"))
        later(350, () => open(figure, proof, false));
    });
    figure.addEventListener("pointerleave", () => leave(proof));
  }

  // Many figures share a query: each is kept once, and put where it is opened.
  function addQueries(proof) {
    for (const place of (proof.dataset.queries || "").split(" ").filter(Boolean)) {
      const text = document.createElement("pre");
      text.tabIndex = 0;
      text.setAttribute("aria-label", "Query");
      text.textContent = queries[place];
      proof.append(text);
    }
    delete proof.dataset.queries;
  }

  function arrange(proof) {
    proof.tabIndex = -1;
    proof.addEventListener("pointerenter", () => clearTimeout(timer));
    proof.addEventListener("pointerleave", () => leave(proof));
    proof.addEventListener("toggle", (event) => {
      if (event.newState !== "closed") return;
      all(`.mb-fig[data-fact="${CSS.escape(proof.id.slice(6))}"]`).forEach((figure) =>
        figure.setAttribute("aria-expanded", "false"));
      const lost = document.activeElement === document.body || proof.contains(document.activeElement);
      if (pinned && anchor && lost) anchor.focus({ preventScroll: true });
      pinned = false;
    });
  }

  if ("popover" in HTMLElement.prototype) {
    all(".mb-proof").forEach(arrange);
    all(".mb-fig").forEach(connect);
  }

  // ---- Start ---------------------------------------------------------------------
  unpack()
    .then(drawAll, (error) => charts.forEach((figure) => showWords(figure, error)))
    .finally(() => (root.dataset.ready = "true"));
})();
