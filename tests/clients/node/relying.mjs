// openid-client as an application or a service. Arguments: issuer, client id, how it authenticates
// (`basic`, `post`, `none`, or the name of a variable that holds a private JWK). Reads commands, one
// JSON array a line, and answers each with one line: what came back, or the error's name.
import { createInterface } from 'node:readline';
import { importJWK } from 'jose';
import * as client from 'openid-client';

const [issuer, id, method, audience] = process.argv.slice(2);
const secret = process.env.YETT_CLIENT_SECRET;

async function authentication() {
  if (method === 'basic') return client.ClientSecretBasic(secret);
  if (method === 'post') return client.ClientSecretPost(secret);
  if (method === 'none') return client.None();
  const { kid, ...jwk } = JSON.parse(process.env.YETT_CLIENT_KEY);
  const key = { key: await importJWK(jwk, 'ES256'), kid };
  const change = { [client.modifyAssertion]: (_header, payload) => { payload.aud = audience; } };
  return client.PrivateKeyJwt(key, audience ? change : undefined);
}

const config = await client.discovery(new URL(issuer), id, undefined, await authentication());
const keys = new Map();
const begun = new Map();
let device;

// A handle keeps the nonces of a key; `""` is no key.
async function bound(name) {
  if (!name) return undefined;
  if (!keys.has(name)) {
    keys.set(name, client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')));
  }
  return { DPoP: keys.get(name) };
}

const told = (tokens) => ({ ...tokens, claims: tokens.claims?.(), lasts: tokens.expiresIn?.() });

const commands = {
  metadata: () => config.serverMetadata(),
  itself: async (more, key) => told(await client.clientCredentialsGrant(config, more, await bound(key))),
  begin: async (more, pushed, key) => {
    const verifier = client.randomPKCECodeVerifier();
    const [state, nonce] = [client.randomState(), client.randomNonce()];
    begun.set(state, { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier });
    const asked = {
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256', state, nonce, ...more,
    };
    const url = pushed
      ? await client.buildAuthorizationUrlWithPAR(config, asked, await bound(key))
      : client.buildAuthorizationUrl(config, asked);
    return { url: url.href, state };
  },
  end: async (url, changed, key) => {
    const at = new URL(url);
    const checks = { ...begun.get(at.searchParams.get('state')), ...changed };
    return told(await client.authorizationCodeGrant(config, at, checks, undefined, await bound(key)));
  },
  refresh: async (token, more, key) => told(await client.refreshTokenGrant(config, token, more, await bound(key))),
  grant: async (type, more, key) => told(await client.genericGrantRequest(config, type, more, await bound(key))),
  device: async (more) => { device = await client.initiateDeviceAuthorization(config, more); return device; },
  poll: async () => told(await client.pollDeviceAuthorizationGrant(config, device)),
  introspect: (token) => client.tokenIntrospection(config, token),
  revoke: (token) => client.tokenRevocation(config, token),
  userinfo: async (token, subject, key) => client.fetchUserInfo(config, token, subject, await bound(key)),
  leave: (more) => client.buildEndSessionUrl(config, more).href,
  call: async (token, url, key) => {
    const answer = await client.fetchProtectedResource(
      config, token, new URL(url), 'GET', undefined, undefined, await bound(key),
    );
    return { status: answer.status };
  },
};

async function run([name, ...rest]) {
  try {
    return (await commands[name](...rest)) ?? null;
  } catch (error) {
    const said = error.cause?.[0]?.parameters ?? {};
    return { challenge: said, error: error.error ?? said.error ?? error.code ?? String(error), status: error.status ?? 0, said: String(error.error_description ?? error.message) };
  }
}

console.log(JSON.stringify({ issuer: config.serverMetadata().issuer }));
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ done: await run(JSON.parse(line)) }));
}
