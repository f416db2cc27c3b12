// oidc-provider as a place where people sign in, with its own development pages: any name, any
// password. Prints one JSON line when it listens.
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

const { privateKey } = await generateKeyPair('ES256', { extractable: true });
const key = { ...(await exportJWK(privateKey)), kid: 'a', alg: 'ES256', use: 'sig' };

let handle;
const server = createServer((request, response) => handle(request, response));
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  clients: [{
    client_id: 'yett',
    client_secret: process.env.YETT_CLIENT_SECRET,
    redirect_uris: [process.env.YETT_REDIRECT],
    response_types: ['code'],
    grant_types: ['authorization_code'],
    id_token_signed_response_alg: 'ES256',
  }],
  jwks: { keys: [key] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  conformIdTokenClaims: false,
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, name: `Person ${id}` }),
  }),
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  cookies: { keys: ['not a secret: loopback only'] },
});
provider.on('server_error', (_ctx, error) => console.error(error));
handle = provider.callback();
console.log(JSON.stringify({ url: issuer }));
