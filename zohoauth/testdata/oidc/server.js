// An authorization server that is not ours (oidc-provider), at Zoho's paths, with
// one client, PKCE required, and rotation of refresh tokens. The first line of
// stdout is its URL.
//
//	node server.js REDIRECT_URL
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: '1000.FOREIGN',
      client_secret: 'foreign-client-secret',
      redirect_uris: [process.argv[2]],
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_post',
    }],
    scopes: ['ZohoOne.SCIM.ALL'],
    pkce: { required: () => true },
    issueRefreshToken: async () => true,
    rotateRefreshToken: true,
    ttl: { AccessToken: 3600, AuthorizationCode: 60, Grant: 86400, Interaction: 600, RefreshToken: 86400, Session: 86400 },
    routes: {
      authorization: '/oauth/v2/auth',
      token: '/oauth/v2/token',
      revocation: '/oauth/v2/revoke/token',
    },
    features: { devInteractions: { enabled: true }, revocation: { enabled: true } },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  });
  // Zoho takes the credentials either way; this server one way for each client. At
  // the revocation endpoint they come in the header, so they are moved.
  provider.use(async (ctx, next) => {
    if (ctx.path === '/oauth/v2/revoke/token') {
      const chunks = [];
      for await (const chunk of ctx.req) chunks.push(chunk);
      const body = new URLSearchParams(Buffer.concat(chunks).toString());
      const pair = Buffer.from(ctx.get('authorization').replace(/^Basic /, ''), 'base64').toString();
      const [id, secret] = pair.split(':').map(decodeURIComponent);
      body.set('client_id', id);
      body.set('client_secret', secret);
      delete ctx.req.headers.authorization;
      ctx.request.body = Object.fromEntries(body);
    }
    await next();
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
