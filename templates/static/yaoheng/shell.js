// The behaviour all pages share. No library but htmx; works without it too. See docs/components.md.
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const keep = (key, value) => { try { localStorage.setItem(key, value); } catch { /* private window */ } };

  // --- theme, rail, drawer
  function setTheme(theme) {
    root.dataset.theme = theme;
    document.dispatchEvent(new CustomEvent("yaoheng:theme"));
  }
  const dark = () => root.dataset.theme === "dark";
  function toggleTheme() {
    setTheme(dark() ? "light" : "dark");
    keep("yaoheng-theme", root.dataset.theme);
  }
  const small = matchMedia("(max-width: 900px)");
  function drawer(open) {
    root.classList.toggle("drawer-open", open);
    const page = $(".page");
    if (page) page.inert = open;
    $$("[data-drawer]").forEach((button) => button.setAttribute("aria-expanded", String(open)));
    const target = open ? $(".side a") : $("[data-drawer]");
    if (target) target.focus();
  }
  function toggleMenu() {
    if (small.matches) return drawer(!root.classList.contains("drawer-open"));
    root.dataset.rail = root.dataset.rail === "on" ? "off" : "on";
    keep("yaoheng-rail", root.dataset.rail);
  }
  // Groups of the menu stay as their reader left them; the group of the open page is always open.
  const folds = () => { try { return JSON.parse(localStorage.getItem("yaoheng-menu")) || {}; } catch { return {}; } };
  function fold(section, open) {
    section.classList.toggle("closed", !open);
    $("h2 button", section).setAttribute("aria-expanded", String(open));
  }
  function toggleFold(button) {
    const section = button.closest("[data-fold]");
    const open = section.classList.contains("closed");
    fold(section, open);
    keep("yaoheng-menu", JSON.stringify({ ...folds(), [section.dataset.fold]: open }));
  }
  const left = folds();
  $$("[data-fold]").forEach((section) => {
    if (section.dataset.fold in left && !$("[aria-current]", section)) fold(section, left[section.dataset.fold]);
  });
  small.addEventListener("change", () => root.classList.contains("drawer-open") && drawer(false));

  // --- toasts: good news leaves by itself, faults stay until dismissed
  const ICONS = { success: "icon-success", warning: "icon-warning", error: "icon-error", info: "icon-info" };
  function leaveSoon(toast) {
    if (toast.matches(".error, .warning")) return;
    let timer;
    const start = () => { timer = setTimeout(() => toast.remove(), 6000); };
    toast.addEventListener("mouseenter", () => clearTimeout(timer));
    toast.addEventListener("mouseleave", start);
    start();
  }
  function toast(text, level = "info") {
    const kind = ICONS[level] ? level : "info";
    const copy = $("#toast-pattern").content.firstElementChild.cloneNode(true);
    copy.classList.add(kind);
    copy.setAttribute("role", kind === "error" ? "alert" : "status");
    $$("[data-kind]", copy).forEach((node) => node.dataset.kind !== kind && node.remove());
    $(".text", copy).textContent = text;
    $("#toasts").append(copy);
    leaveSoon(copy);
  }

  // --- one dialog asks before what cannot be taken back
  function ask(from, proceed) {
    const dialog = $("#confirm");
    const { confirm: text, confirmTitle, confirmYes, confirmTone } = from.dataset;
    $("[data-slot=title]", dialog).textContent = confirmTitle || "请确认";
    $("[data-slot=text]", dialog).textContent = text || from.getAttribute("hx-confirm");
    const yes = $("[value=yes]", dialog);
    yes.textContent = confirmYes || "确定";
    yes.className = confirmTone === "danger" ? "button danger solid" : "button primary";
    dialog.returnValue = "";
    dialog.onclose = () => dialog.returnValue === "yes" && proceed();
    dialog.showModal();
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const from = event.submitter && event.submitter.dataset.confirm ? event.submitter : form;
    if (form.method === "dialog" || !from.dataset.confirm || form.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(from, () => {
      form.dataset.confirmed = "1";
      form.requestSubmit(event.submitter || undefined);
      delete form.dataset.confirmed;
    });
  }, true);
  // A second click must not order twice: the button rests until the answer is there.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.target) return;
    setTimeout(() => $$("button[type=submit], button:not([type])", form).forEach((button) => { button.disabled = true; }));
  });
  addEventListener("pageshow", (event) => event.persisted && $$("form button[disabled]").forEach((b) => { b.disabled = false; }));

  // --- tables: names of cells for cards on a phone, rows as links, ticked rows
  function labelCells(table) {
    const heads = $$("thead tr:last-child > *", table).map((head) => {
      const words = head.cloneNode(true);
      $$("details, .sr", words).forEach((extra) => extra.remove());
      return (head.dataset.short || words.textContent).trim();
    });
    $$("tbody > tr, tfoot > tr", table).forEach((row) => {
      if (row.children.length !== heads.length) return;
      [...row.children].forEach((cell, position) => {
        if (!("label" in cell.dataset)) cell.dataset.label = heads[position];
      });
    });
  }
  // A table too wide for its place scrolls inside it; one that fits keeps its head at the top of the window.
  function fitTables(scope) {
    $$(".table-wrap:not(.scroll)", scope).forEach((wrap) => {
      wrap.classList.remove("wide");
      const wide = wrap.scrollWidth > wrap.clientWidth + 1;
      wrap.classList.toggle("wide", wide);
      if (wide) wrap.tabIndex = 0;
      else wrap.removeAttribute("tabindex");
    });
  }
  let resized;
  addEventListener("resize", () => { clearTimeout(resized); resized = setTimeout(() => fitTables(document), 120); });
  function countPicked(scope) {
    const picked = $$("[data-pick]:checked", scope).length;
    $$("[data-pick]", scope).forEach((box) => box.closest("tr").classList.toggle("selected", box.checked));
    $$("[data-picked]", scope).forEach((node) => { node.textContent = picked; });
    $$("[data-needs-pick]", scope).forEach((button) => { button.disabled = !picked; });
    const all = $("[data-pick-all]", scope);
    if (all) all.checked = picked > 0 && picked === $$("[data-pick]", scope).length;
  }
  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (!row || event.target.closest("a, button, input, select, textarea, label, details")) return;
    if (String(getSelection())) return;
    if (event.ctrlKey || event.metaKey) open(row.dataset.href);
    else location.assign(row.dataset.href);
  });

  // --- filters: an own event, because the blur of a search box is a "change" too and would drop ticked rows
  const waiting = new WeakMap();
  const refilter = (form, wait) => {
    clearTimeout(waiting.get(form));
    waiting.set(form, setTimeout(() => {
      if (form.hasAttribute("hx-get")) form.dispatchEvent(new CustomEvent("refilter", { bubbles: true }));
      else form.requestSubmit();
    }, wait));
  };
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form.filters");
    if (form && event.target.type === "search" && !event.isComposing) refilter(form, 300);
  });
  document.addEventListener("compositionend", (event) => {
    const form = event.target.closest("form.filters");
    if (form) refilter(form, 300);
  });
  document.addEventListener("change", (event) => {
    const target = event.target;
    const form = target.closest("form.filters");
    if (form && target.type !== "search") refilter(form, 0);
    if (target.matches("[data-pick-all]")) {
      $$("[data-pick]", target.closest("form, .panel")).forEach((box) => { box.checked = target.checked; });
    }
    if (target.matches("[data-pick], [data-pick-all]")) countPicked(target.closest("form, .panel"));
  });

  // --- the chosen file is named on the face of the upload field
  document.addEventListener("change", (event) => {
    const holder = event.target.closest(".upload");
    if (!holder || !event.target.files.length) return;
    $("[data-chosen]", holder).textContent = [...event.target.files].map((file) => file.name).join("、");
  });
  ["dragover", "dragleave", "drop"].forEach((name) => document.addEventListener(name, (event) => {
    const holder = event.target.closest && event.target.closest(".upload");
    if (holder) holder.classList.toggle("over", name === "dragover");
  }));

  // --- clicks on marked controls
  const ACTIONS = {
    theme: toggleTheme,
    menu: toggleMenu,
    fold: toggleFold,
    "close-drawer": () => drawer(false),
    "close-toast": (button) => button.closest(".toast").remove(),
    "close-dialog": (button) => button.closest("dialog").close(),
    "open-dialog": (button) => document.getElementById(button.dataset.target).showModal(),
    print: () => window.print(),
    back: () => history.back(),
    "demo-account": (button) => {
      $("#id_username").value = button.dataset.username;
      $("#id_password").value = button.dataset.password;
      $("#id_password").form.requestSubmit();
    },
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button && ACTIONS[button.dataset.do]) ACTIONS[button.dataset.do](button);
    $$("details.hint[open], details.who[open]").forEach((open) => !open.contains(event.target) && open.removeAttribute("open"));
  });
  document.addEventListener("toggle", (event) => {
    const bubble = event.target.matches && event.target.matches("details.hint[open]") && $(".bubble", event.target);
    if (!bubble) return;
    event.target.classList.remove("to-left");
    if (bubble.getBoundingClientRect().right > innerWidth - 8) event.target.classList.add("to-left");
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (root.classList.contains("drawer-open")) drawer(false);
      $$("details.hint[open], details.who[open]").forEach((open) => {
        open.removeAttribute("open");
        $("summary", open).focus();
      });
    }
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const box = $$("[data-search]").find((input) => input.offsetParent !== null);
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  });

  // --- htmx: own question instead of window.confirm, a quiet line for waiting, words for failures
  let busy = 0;
  const waitLine = (step) => {
    busy = Math.max(0, busy + step);
    root.classList.toggle("is-busy", busy > 0);
  };
  const quiet = (event) => event.detail.elt.closest("[data-quiet]");
  document.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    ask(event.detail.elt, () => event.detail.issueRequest(true));
  });
  document.addEventListener("htmx:beforeRequest", (event) => !quiet(event) && waitLine(1));
  document.addEventListener("htmx:afterRequest", (event) => !quiet(event) && waitLine(-1));
  // A question must not lose the button that asked it: what polls waits until the dialog is answered.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (quiet(event) && $("dialog[open]")) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (quiet(event)) return;
    const status = event.detail.xhr.status;
    const words = { 403: "您没有进行这项操作的权限。", 404: "要找的内容不存在，可能已被移走。" };
    toast(words[status] || `服务器未能完成请求（${status}），内容没有改变，请稍后重试。`, "error");
  });
  document.addEventListener("htmx:sendError", (event) => !quiet(event) && toast("连接不上服务器，请检查网络后重试。", "error"));
  document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.level));

  // --- every piece of page, first or swapped in
  function prepare(scope) {
    $$("table.table:not(.keep)", scope).forEach(labelCells);
    fitTables(scope);
    $$(".toast:not([data-ready])", document).forEach((node) => { node.dataset.ready = "1"; leaveSoon(node); });
    $$("[data-needs-pick]", scope).forEach((button) => countPicked(button.closest("form, .panel")));
    document.dispatchEvent(new CustomEvent("yaoheng:ready", { detail: scope }));
  }
  document.addEventListener("htmx:load", (event) => event.detail.elt !== document.body && prepare(event.detail.elt.parentElement || document));
  // Paper is white: print in the light theme, then go back.
  let before = "";
  addEventListener("beforeprint", () => { before = root.dataset.theme; setTheme("light"); });
  addEventListener("afterprint", () => setTheme(before));
  window.yaoheng = { toast, ask };
  document.addEventListener("DOMContentLoaded", () => prepare(document));
})();
