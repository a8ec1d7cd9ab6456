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

  it('cannot be changed by whoever holds it', () => {
    expect(Object.isFrozen(loadConfig(enough))).toBe(true);
  });
});
