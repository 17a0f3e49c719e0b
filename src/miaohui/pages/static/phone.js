// What a customers' page does by itself: count down by the server's clock, send an action once, say what came back, share.
"use strict";
(() => {
  const page = document.body.dataset;

  // --- time: the server said when this page was made; the phone only measures how long ago that was -------------------------
  const madeAt = Number(page.now), shownAt = performance.now();
  const now = () => madeAt + (performance.now() - shownAt);
  const two = (n) => String(n).padStart(2, "0");

  const SIZES = { d: 86400, h: 3600, m: 60, s: 1 };

  function count(clock) {
    const left = Math.max(0, Math.ceil((Number(clock.dataset.until) - now()) / 1000));
    let rest = left;  // the largest unit that a clock shows takes all there is
    for (const b of clock.querySelectorAll("[data-part]")) {
      const part = b.dataset.part, n = Math.floor(rest / SIZES[part]);
      rest %= SIZES[part];
      b.textContent = part === "d" ? n : two(n);
      if (part === "d") for (const e of clock.querySelectorAll("[data-days]")) e.hidden = n === 0;
    }
    return left;
  }

  const clocks = [...document.querySelectorAll("[data-until]")];
  function tick() {
    let over = false;
    for (const clock of clocks) over = (count(clock) === 0 && "reload" in clock.dataset) || over;
    if (!over) return true;
    // Everybody's clock runs out in the same second: spread the reloads a little.
    setTimeout(() => location.reload(), 400 + Math.random() * 1200);
    return false;
  }
  if (clocks.length && tick()) {
    const timer = setInterval(() => { if (!tick()) clearInterval(timer); }, 1000);
  }

  // --- saying something ----------------------------------------------------------------------------------------------------------
  const dialog = document.getElementById("sf-say");
  function say(sentence) {
    dialog.querySelector(".weui-dialog__bd").textContent = sentence;
    dialog.showModal();
  }
  function toast(sentence) {
    const box = document.getElementById("sf-toast");
    box.textContent = sentence;
    box.hidden = false;
    setTimeout(() => { box.hidden = true; }, 3000);
  }
  const left = sessionStorage.getItem("sf-toast");
  if (left) { sessionStorage.removeItem("sf-toast"); toast(left); }

  // --- a view of a campaign's page, for its review: sent once, never waited for ------------------------------------------------
  if (page.campaign) {
    if (!sessionStorage.getItem("sf-visit")) sessionStorage.setItem("sf-visit", fresh());
    const inviter = new URLSearchParams(location.search).get("from");
    const view = { name: "page.viewed", page: location.pathname, campaign: page.campaign, session: sessionStorage.getItem("sf-visit") };
    if (inviter) Object.assign(view, { channel: "share", properties: { inviter: inviter.slice(0, 200) } });
    fetch("/api/v1/events", {
      method: "POST", keepalive: true, body: JSON.stringify(view), headers: { "Content-Type": "application/json" },
    }).catch(() => {});  // a view that is lost is lost; the page does not mind
  }

  // --- an action: one key for one wish, kept until there is an answer, so that a repetition cannot count twice -----------------------
  function fresh() {
    return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  async function send(url, body, key) {
    for (let attempt = 0; ; attempt++) {
      try {
        const answer = await fetch(url, {
          method: "POST", body, signal: AbortSignal.timeout(10000),
          headers: { "Content-Type": "application/json", "Idempotency-Key": key, "Accept-Language": document.documentElement.lang },
        });
        const reply = await answer.json();
        if (answer.status < 500 || attempt === 2) return { status: answer.status, reply };
      } catch (lost) {
        if (attempt === 2) return { status: 0, reply: { sentence: page.noAnswer } };
      }
      await pause(300 * 2 ** attempt);
    }
  }

  async function act(button) {
    const { act: url, body = "{}", then = "", done = "" } = button.dataset;
    const slot = `sf-key ${url} ${body}`;
    const key = sessionStorage.getItem(slot) ?? fresh();
    sessionStorage.setItem(slot, key);
    button.setAttribute("aria-busy", "true");
    button.disabled = true;
    const { status, reply } = await send(url, body, key);
    button.disabled = false;
    button.removeAttribute("aria-busy");
    if (status > 0 && status < 500) sessionStorage.removeItem(slot);
    if (status !== 200) return say(reply.sentence ?? page.noAnswer);
    if (done) sessionStorage.setItem("sf-toast", done);
    if (then) location.assign(then.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(reply[name])));
    else location.reload();
  }

  // --- sharing: the phone's own sheet, else the clipboard, else the link to copy by hand -----------------------------------------------
  async function share(button) {
    const { share: url, title } = button.dataset;
    try {
      if (navigator.share) await navigator.share({ title, text: title, url });
      else { await navigator.clipboard.writeText(url); toast(page.copied); }
    } catch (refused) {
      if (refused.name !== "AbortError") say(url);
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act], [data-share], [data-close]");
    if (!button) return;
    if ("act" in button.dataset) act(button);
    else if ("share" in button.dataset) share(button);
    else button.closest("dialog").close();
  });
})();
