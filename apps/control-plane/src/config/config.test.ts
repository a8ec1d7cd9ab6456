import { describe, expect, it } from '@jest/globals';

import { loadConfig } from './config.ts';

const enough = {
  DATABASE_URL: 'postgres://hub@db/picket',
  SIGNING_KEY_FILE: '/keys/signing.pem',
  TOKEN_SECRET_FILE: '/keys/secret',
};

describe('the configuration', () => {
  it('needs three variables and has a default for every other', () => {
    expect(loadConfig(enough)).toMatchObject({ PORT: 8443, HOST: '127.0.0.1', SWEEP_MS: 60_000 });
  });

  it('takes the signing key from a file or from a variable, not from both', () => {
    const { SIGNING_KEY_FILE: _file, ...without } = enough;

    expect(loadConfig({ ...without, SIGNING_KEY: 'pem' })).toMatchObject({ SIGNING_KEY: 'pem' });
    expect(() => loadConfig(without)).toThrow('One of SIGNING_KEY_FILE and SIGNING_KEY');
    expect(() => loadConfig({ ...enough, SIGNING_KEY: 'pem' })).toThrow('One of SIGNING_KEY_FILE');
  });

  it('reads numbers, and takes an empty variable for one that is not set', () => {
    const config = loadConfig({ ...enough, PORT: '0', REDIS_URL: '', AGENT_HEARTBEAT_MS: '5000' });

    expect(config).toMatchObject({ PORT: 0, AGENT_HEARTBEAT_MS: 5_000 });
    expect(config.REDIS_URL).toBeUndefined();
  });

  it('stops the start with every problem at once', () => {
    const bad = {
      DATABASE_URL: 'mysql://db',
      REDIS_URL: 'http://redis',
      PORT: '70000',
      DATABASE_POOL_MAX: 'many',
      GRANT_TTL_S: '1',
      LOG_LEVEL: 'loud',
      TLS_CERT_FILE: '/cert.pem',
    };

    const load = (): unknown => loadConfig(bad);

    for (const name of [...Object.keys(bad), 'SIGNING_KEY_FILE', 'TOKEN_SECRET_FILE'])
      expect(load).toThrow(name);
  });

  it.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost'])('needs no TLS on %s', (HOST) => {
    expect(loadConfig({ ...enough, HOST })).toMatchObject({ HOST });
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', 'hub.example.com', '127.0.0.1.example.com'])(
    'lets nobody listen on %s without TLS, unless a proxy does it',
    (HOST) => {
      const tls = { TLS_CERT_FILE: '/cert.pem', TLS_KEY_FILE: '/key.pem' };

      expect(() => loadConfig({ ...enough, HOST })).toThrow('TLS_TERMINATED');
      expect(loadConfig({ ...enough, HOST, TLS_TERMINATED: 'true' })).toMatchObject({ HOST });
      expect(loadConfig({ ...enough, HOST, ...tls })).toMatchObject({ HOST });
    },
  );

  it.each([
    ['an issuer without an audience', { OIDC_ISSUER: 'https://issuer' }, 'go together'],
    ['an audience without an issuer', { OIDC_AUDIENCE: 'picket' }, 'go together'],
    [
      'an issuer that anybody between can be',
      { OIDC_ISSUER: 'http://issuer.example', OIDC_AUDIENCE: 'picket' },
      'OIDC_ISSUER',
    ],
    [
      'an address that looks like loopback',
      { OIDC_ISSUER: 'http://127.0.0.1.example', OIDC_AUDIENCE: 'picket' },
      'OIDC_ISSUER',
    ],
    [
      'an issuer with a query',
      { OIDC_ISSUER: 'https://issuer?tenant=1', OIDC_AUDIENCE: 'picket' },
      'OIDC_ISSUER',
    ],
    [
      'a client whose tokens would be for nobody here',
      { OIDC_ISSUER: 'https://issuer', OIDC_AUDIENCE: 'picket', OIDC_CLIENT_ID: 'cli' },
      'one of OIDC_AUDIENCE',
    ],
  ])('refuses %s', (_what, env, message) => {
    expect(() => loadConfig({ ...enough, ...env })).toThrow(message);
  });

  it.each(['https://issuer.example/realms/one', 'http://localhost:8080', 'http://[::1]:1'])(
    'takes %s for an issuer',
    (url) => {
      const config = loadConfig({ ...enough, OIDC_ISSUER: url, OIDC_AUDIENCE: 'a, b' });

      expect(config.OIDC_ISSUER).toBe(url);
    },
  );

  it('sends nobody to a public address in clear', () => {
    expect(() => loadConfig({ ...enough, PUBLIC_URL: 'http://hub.example.com' })).toThrow(
      'PUBLIC_URL must be an https URL',
    );
    for (const PUBLIC_URL of ['https://hub.example.com', 'http://127.0.0.1:8443', 'http://[::1]:1'])
      expect(loadConfig({ ...enough, PUBLIC_URL })).toMatchObject({ PUBLIC_URL });
  });

  it('cannot be changed by whoever holds it', () => {
    expect(Object.isFrozen(loadConfig(enough))).toBe(true);
  });
});
