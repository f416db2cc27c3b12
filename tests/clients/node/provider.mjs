// oidc-provider as an outside issuer. Prints one JSON line when it listens; then reads commands, one
// JSON array a line, and answers each with one line:
//   ["keys", "a", "b"]        publish these keys; the first one signs
//   ["token", subject, format] an access token of a person, `jwt` or `opaque`
//   ["refresh", subject]      a refresh token
//   ["revoke", token]         end an opaque access token
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

const AUDIENCE = 'https://api.test';
const secret = process.env.YETT_CLIENT_SECRET;
const keys = new Map();
let handle;
let provider;

async function key(kid) {
  if (!keys.has(kid)) {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    keys.set(kid, { ...(await exportJWK(privateKey)), kid, alg: 'ES256', use: 'sig' });
  }
  return keys.get(kid);
}

function resourceServer(resource) {
  return {
    audience: AUDIENCE,
    scope: 'orders:read orders:write',
    accessTokenTTL: 300,
    accessTokenFormat: resource.endsWith('/opaque') ? 'opaque' : 'jwt',
    jwt: { sign: { alg: 'ES256' } },
  };
}

const client = (id, more) => ({
  client_id: id,
  client_secret: secret,
  id_token_signed_response_alg: 'ES256',
  redirect_uris: [],
  response_types: [],
  grant_types: [],
  ...more,
});

// A set of keys is fixed when a provider is made; what it issued is kept outside of it.
async function publish(issuer, kids) {
  provider = new Provider(issuer, {
    clients: [
      client('svc', { grant_types: ['client_credentials'], scope: 'orders:read orders:write' }),
      client('app', { grant_types: ['refresh_token'], scope: 'openid offline_access' }),
      client('gate'),
    ],
    jwks: { keys: await Promise.all(kids.map(key)) },
    scopes: ['openid', 'offline_access', 'orders:read', 'orders:write'],
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      introspection: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, resource) => resourceServer(resource),
      },
    },
    cookies: { keys: ['not a secret: no cookie is ever set'] },
  });
  provider.on('server_error', (_ctx, error) => console.error(error));
  handle = provider.callback();
}

async function granted(subject) {
  const grant = new provider.Grant({ clientId: 'app', accountId: subject });
  grant.addOIDCScope('openid offline_access');
  grant.addResourceScope(AUDIENCE, 'orders:read');
  return { client: await provider.Client.find('app'), accountId: subject, grantId: await grant.save() };
}

const commands = {
  keys: async (...kids) => publish(issuer, kids),
  token: async (subject, format) => {
    const token = new provider.AccessToken({ ...(await granted(subject)), gty: 'authorization_code', scope: 'orders:read' });
    const found = resourceServer(`${AUDIENCE}/${format}`);
    token.resourceServer = new provider.ResourceServer(`${AUDIENCE}/${format}`, found);
    return token.save();
  },
  refresh: async (subject) => new provider.RefreshToken({ ...(await granted(subject)), gty: 'authorization_code', scope: 'openid offline_access' }).save(),
  revoke: async (value) => (await provider.AccessToken.find(value)).destroy(),
};

const server = createServer((request, response) => handle(request, response));
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;
await publish(issuer, ['a']);
console.log(JSON.stringify({ url: issuer }));
for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...rest] = JSON.parse(line);
  console.log(JSON.stringify({ done: (await commands[name](...rest)) ?? null }));
}
server.closeAllConnections();
server.close();
