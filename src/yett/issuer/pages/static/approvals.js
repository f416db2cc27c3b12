// Approvals: shows what the gate has frozen, checks that it is that, and has a passkey sign a vote.
// Everything that somebody wrote is put into the page as text, in the order in which it is written.
"use strict";

const place = document.querySelector("[data-approvals]");
const alarm = document.querySelector("[role=alert]");
const told = JSON.parse(place.dataset.approvals);

const WHY = {
  NotAllowedError: "That was cancelled, took too long, or no passkey was there.",
  SecurityError: "Passkeys do not work at this address.",
};
const LABELS = {
  requester: "Asked by", issuer: "vouched for by", client: "through", kind: "as",
  operation: "Operation", method: "Method", target: "Target", resource: "About",
  fields: "Fields", body: "Body digest", shown: "Shown body digest", policy: "Contract",
  api: "API", format: "Format",
};
const ORDER = Object.keys(LABELS);
const FORMAT = "yett-approval/1";

// As in passkey.js: a script that a page imports has no digest in it.
const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const base64url = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const sha256 = (text) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
const hex = (buffer) =>
  Array.from(new Uint8Array(buffer), (one) => one.toString(16).padStart(2, "0")).join("");

// RFC 8785 for strings and arrays of strings: sorted members, no white space.
const canonical = (request) =>
  JSON.stringify(Object.fromEntries(Object.keys(request).sort().map((name) => [name, request[name]])));

// What nobody sees, or what only looks like a space, is written out.
const plain = (text) =>
  text.replace(/[\p{C}\p{DI}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu, (one) =>
    `\\u{${one.codePointAt(0).toString(16)}}`);

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Overridden to left-to-right: letters of other directions must not reorder what stands around them.
const exact = (text) => element("bdo", { dir: "ltr" }, plain(text));

async function ask(url, options = {}) {
  return fetch(url, {
    ...options, credentials: "same-origin", redirect: "error", cache: "no-store",
  });
}

// The cookie for the API is short; while the sign-in lasts it is renewed.
async function answered(url, options) {
  let answer = await ask(url, options);
  if (answer.status === 401) {
    const renewed = await ask(told.session, {
      method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "",
    });
    if (renewed.status === 401) {
      location.assign(told.signIn);
      return new Promise(() => {});
    }
    answer = await ask(url, options);
  }
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  const unknown = answer.status === 404 ? "There is no such approval, or not for you." : "";
  throw new Error(unknown || plain(String(said.detail || said.title || `status ${answer.status}`)));
}

function alarmed(error) {
  alarm.textContent = WHY[error.name] || error.message || "This did not work.";
}

const minutes = (seconds) => `${Math.ceil(seconds / 60)} min`;
const STATES = {
  pending: (one) => `${one.needed} more must approve, within ${minutes(one.expires_in)}`,
  approved: (one) => `approved; may run once within ${minutes(one.expires_in)}`,
  used: () => "approved, and used", refused: () => "refused",
  expired: () => "expired", cancelled: () => "cancelled",
};
const state = (one) => (STATES[one.state] || (() => plain(String(one.state))))(one);

async function list() {
  const { approvals } = await answered(told.gate);
  const rows = approvals.map((one) =>
    element("li", {},
      element("a", { href: `${told.pages}/${encodeURIComponent(one.approval)}` },
        exact(`${one.request.method} ${one.request.target}`)),
      element("small", {}, exact(one.request.requester), `: ${state(one)}`)));
  place.replaceChildren(rows.length
    ? element("ul", { class: "rows" }, ...rows)
    : element("p", {}, "Nothing waits for you."));
}

// Whether text and body are those that the digest stands for; what it is, if so.
async function frozen(one) {
  const request = one.request;
  const digest = hex(await sha256(canonical(request)));
  const body = one.body === "" && !["pending", "approved"].includes(one.state)
    ? request.shown : hex(await sha256(one.body));
  const same = digest === one.digest && body === request.shown && request.format === FORMAT
    && one.approval === told.approval;
  return same ? digest : "";
}

const written = (value) =>
  typeof value === "string" ? [value] : value.map((pair) => pair.join(": "));

function details(one) {
  const names = Object.keys(one.request);
  const sorted = [...ORDER.filter((name) => names.includes(name)),
    ...names.filter((name) => !ORDER.includes(name))];
  const rows = sorted.flatMap((name) => {
    const lines = written(one.request[name]).filter(Boolean);
    if (!lines.length) return [];
    return [element("dt", {}, LABELS[name] || plain(name)),
      ...lines.map((line) => element("dd", { "data-member": plain(name) }, exact(line)))];
  });
  return element("dl", {}, ...rows, element("dt", {}, "Digest"),
    element("dd", { "data-member": "digest" }, element("code", {}, one.digest)));
}

function voted(one) {
  const rows = one.votes.map((vote) => element("li", {}, exact(vote.by),
    `: ${vote.decision === "approve" ? "approved" : "refused"}${vote.signed ? ", signed" : ""}`));
  return rows.length ? [element("h2", {}, "Votes"), element("ul", { class: "rows" }, ...rows)] : [];
}

async function sign(digest, decision) {
  const challenge = await sha256(`yett-approval-vote/1\n${told.approval}\n${digest}\n${decision}\n`);
  const credential = await navigator.credentials.get({ publicKey: {
    challenge, rpId: told.rpId, timeout: told.timeout, userVerification: "required",
    allowCredentials: told.passkeys.map((passkey) => ({
      type: "public-key", id: bytes(passkey.id), transports: passkey.transports,
    })),
  } });
  const said = credential.response;
  return {
    id: credential.id, rawId: base64url(credential.rawId), type: credential.type,
    response: {
      clientDataJSON: base64url(said.clientDataJSON),
      authenticatorData: base64url(said.authenticatorData),
      signature: base64url(said.signature),
      userHandle: said.userHandle ? base64url(said.userHandle) : "",
    },
  };
}

async function vote(digest, decision) {
  const assertion = await sign(digest, decision);
  const options = {
    method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ decision, digest, assertion }),
  };
  await show(await answered(`${told.gate}/${told.approval}`, options), "Your vote counts. ");
}

function buttons(one, digest) {
  const offered = [["approve", "Approve with your passkey", ""], ["refuse", "Refuse", "quiet"]];
  const made = offered.filter(([decision]) => one.state === "pending" || decision === "refuse")
    .map(([decision, label, kind]) => {
      const button = element("button", { type: "button", class: kind, "data-decision": decision }, label);
      button.addEventListener("click", () => {
        alarm.textContent = "";
        for (const each of made) each.disabled = true;
        vote(digest, decision).catch((error) => {
          alarmed(error);
          for (const each of made) each.disabled = false;
        });
      });
      return button;
    });
  return element("p", {}, ...made.flatMap((each) => [each, " "]));
}

function choice(one, digest) {
  if (one.yours) return element("p", {}, "You asked for this yourself: others must approve it.");
  if (!["pending", "approved"].includes(one.state)) return "";
  if (one.votes.some((each) => each.by === told.user && each.issuer === told.issuer)) {
    return element("p", {}, "You have voted.");
  }
  if (!told.passkeys.length || !window.PublicKeyCredential) {
    return element("p", {}, "You need a passkey, and a browser that knows passkeys, to vote.");
  }
  return buttons(one, digest);
}

async function show(one, before = "") {
  const digest = await frozen(one);
  if (!digest) {
    place.replaceChildren();
    throw new Error("What the gate shows is not what was frozen. Do not vote; tell its operator.");
  }
  place.replaceChildren(
    element("p", { class: "notice", "data-state": one.state }, `${before}It is ${state(one)}.`),
    details(one),
    element("h2", {}, "Body"),
    element("pre", { "data-member": "text" }, exact(one.body || "(none)")),
    ...voted(one),
    choice(one, digest));
}

const begin = async () =>
  told.approval ? show(await answered(`${told.gate}/${told.approval}`)) : list();
begin().catch(alarmed);
