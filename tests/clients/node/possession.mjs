// openid-client as a client with a DPoP key. Arguments: issuer, `jwt` or `opaque`. Gets a token for
// itself, then reads commands, one JSON array a line, and answers each with one line:
//   ["call", url]             call a protected resource: status, and the fields that were sent
import { createInterface } from 'node:readline';
import * as client from 'openid-client';

const [issuer, format] = process.argv.slice(2);
const config = await client.discovery(
  new URL(issuer), 'svc', process.env.YETT_CLIENT_SECRET, undefined,
  { execute: [client.allowInsecureRequests] },
);
const key = await client.randomDPoPKeyPair('ES256');
const DPoP = client.getDPoPHandle(config, key);
const resource = `https://api.test/${format}`;
const tokens = await client.clientCredentialsGrant(config, { scope: 'orders:read', resource }, { DPoP });

let sent = [];
config[client.customFetch] = (url, options) => {
  sent.push(Object.fromEntries(new Headers(options.headers)));
  return fetch(url, options);
};

async function call(url) {
  sent = [];
  try {
    const { status } = await client.fetchProtectedResource(
      config, tokens.access_token, new URL(url), 'GET', undefined, undefined, { DPoP },
    );
    return { status, sent };
  } catch (error) {
    return { status: error.status ?? 0, code: String(error.code ?? error), sent };
  }
}

console.log(JSON.stringify({ type: tokens.token_type, token: tokens.access_token }));
for await (const line of createInterface({ input: process.stdin })) {
  const [, url] = JSON.parse(line);
  console.log(JSON.stringify({ done: await call(url) }));
}
