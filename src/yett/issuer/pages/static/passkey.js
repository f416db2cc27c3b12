// Passkeys: the only thing that the pages need a script for. It loads nothing and stores nothing.
"use strict";

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

function creation(options) {
  return {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
  };
}

function request(options) {
  return {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: named(options.allowCredentials),
  };
}

function written(credential) {
  const said = credential.response;
  const response = { clientDataJSON: text(said.clientDataJSON) };
  if (said.attestationObject) {
    response.attestationObject = text(said.attestationObject);
    response.transports = said.getTransports ? said.getTransports() : [];
  } else {
    response.authenticatorData = text(said.authenticatorData);
    response.signature = text(said.signature);
    response.userHandle = said.userHandle ? text(said.userHandle) : "";
  }
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
  });
}

// Why a browser refuses; anything else it says is for its developers.
const WHY = {
  NotAllowedError: "That was cancelled, took too long, or no passkey was there.",
  InvalidStateError: "This device has a passkey for this account already.",
  SecurityError: "Passkeys do not work at this address.",
  NotSupportedError: "This device cannot make such a passkey.",
};

async function ceremony(form) {
  const options = JSON.parse(form.dataset.options);
  const credential = form.dataset.passkey === "create"
    ? await navigator.credentials.create({ publicKey: creation(options) })
    : await navigator.credentials.get({ publicKey: request(options) });
  form.elements.namedItem("credential").value = written(credential);
  form.submit();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("button");
  const said = form.querySelector("[role=alert]");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    said.textContent = "";
    ceremony(form).catch((error) => {
      button.disabled = false;
      said.textContent = WHY[error.name] || "The passkey could not be used.";
    });
  });
  if (!window.PublicKeyCredential) {
    button.disabled = true;
    said.textContent = "This browser does not know passkeys.";
  }
}

// The secret of an invitation stands behind `#`, which no server and no log is ever told.
for (const form of document.querySelectorAll("form[data-invitation]")) {
  const secret = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  form.elements.namedItem("ticket").value = secret;
  if (!secret) {
    form.querySelector("button").disabled = true;
    form.querySelector("[role=alert]").textContent = "The link is not complete.";
  }
}

// Tells the device which passkeys of this account are still good, so that it hides the others.
for (const place of document.querySelectorAll("[data-signal]")) {
  const known = JSON.parse(place.dataset.signal);
  const signal = window.PublicKeyCredential?.signalAllAcceptedCredentials;
  if (signal) signal.call(PublicKeyCredential, known).catch(() => {});
}
