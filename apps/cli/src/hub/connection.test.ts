import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from '@jest/globals';

import { writePrivate } from '../private-file.ts';
import { configFolder, findConnection } from './connection.ts';

let home: string;
let project: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'picket-home-'));
  project = join(home, 'project');
  mkdirSync(join(project, 'deep', 'below'), { recursive: true });
});

function remember(folder: string, url: string, token: string): string {
  mkdirSync(folder, { recursive: true });
  writePrivate(join(folder, 'token'), `${token}\n`);
  writePrivate(join(folder, 'connection.json'), JSON.stringify({ url, tokenFile: 'token' }));
  return join(folder, 'connection.json');
}

describe('findConnection', () => {
  it('takes flags first, then the environment, then the login, then a hub that runs here', () => {
    const cwd = join(project, 'deep', 'below');
    const env = { HOME: home, PICKET_URL: 'https://env', PICKET_TOKEN: 'env-token' };
    const tokenFile = join(home, 'flag-token');
    writePrivate(tokenFile, 'flag-token');

    remember(join(project, '.picket'), 'https://here', 'local-token');
    const local = findConnection({}, { env: { HOME: home }, cwd });
    remember(join(home, '.config', 'picket'), 'https://login', 'login-token');
    const login = findConnection({}, { env: { HOME: home }, cwd });
    const environment = findConnection({}, { env, cwd });
    const flags = findConnection({ url: 'https://flag/', tokenFile }, { env, cwd });

    expect(local).toEqual({ url: 'https://here', token: 'local-token' });
    expect(login).toEqual({ url: 'https://login', token: 'login-token' });
    expect(environment).toEqual({ url: 'https://env', token: 'env-token' });
    expect(flags).toEqual({ url: 'https://flag', token: 'flag-token' });
  });

  it.each(['', 'relative'])('keeps a login at home when XDG_CONFIG_HOME is "%s"', (given) => {
    const folder = configFolder({ HOME: home, XDG_CONFIG_HOME: given });

    expect(folder).toBe(join(home, '.config', 'picket'));
  });

  it('never sends the token of one hub to another', () => {
    remember(join(home, '.config', 'picket'), 'https://login', 'login-token');

    expect(() =>
      findConnection({ url: 'https://other' }, { env: { HOME: home }, cwd: project }),
    ).toThrow('There is no token for https://other');
  });

  it('refuses a connection file that others could have put there', () => {
    chmodSync(remember(join(project, '.picket'), 'https://evil', 'x'), 0o644);

    expect(() => findConnection({}, { env: { HOME: home }, cwd: project })).toThrow('chmod 600');
  });

  it.each([
    ['a token that everybody can read', 0o604, 'holds a token that others can read: chmod 600'],
    ['a token that its group could have written', 0o660, 'chmod 600'],
  ])('refuses %s, and says how to mend it', (_, mode, message) => {
    const tokenFile = join(home, 'token');
    writePrivate(tokenFile, 'x');
    chmodSync(tokenFile, mode);

    expect(() =>
      findConnection({ url: 'https://hub', tokenFile }, { env: { HOME: home }, cwd: project }),
    ).toThrow(message);
  });

  it('takes a token that only a group can read too, as pods are given their secrets', () => {
    const tokenFile = join(home, 'token');
    writePrivate(tokenFile, 'x');
    chmodSync(tokenFile, 0o440);

    expect(
      findConnection({ url: 'https://hub', tokenFile }, { env: { HOME: home }, cwd: project }),
    ).toEqual({ url: 'https://hub', token: 'x' });
  });

  it.each([
    ['no hub at all', {}, 'No hub is known'],
    ['a URL that is none', { PICKET_URL: 'hub', PICKET_TOKEN: 'x' }, 'not the URL of a hub'],
    ['another protocol', { PICKET_URL: 'ftp://hub', PICKET_TOKEN: 'x' }, 'not the URL of a hub'],
    [
      'a token file that is not there',
      { PICKET_URL: 'https://hub', PICKET_TOKEN_FILE: 'no' },
      'Cannot read',
    ],
  ])('says what is wrong with %s', (_, env, message) => {
    expect(() => findConnection({}, { env: { HOME: home, ...env }, cwd: project })).toThrow(
      message,
    );
  });

  it.each(['http://hub.example', 'http://10.0.0.1:8443', 'http://127.0.0.1.example'])(
    'sends no token in clear to %s',
    (url) => {
      const env = { HOME: home, PICKET_URL: url, PICKET_TOKEN: 'x' };

      expect(() => findConnection({}, { env, cwd: project })).toThrow(
        'would carry the token in clear',
      );
    },
  );

  it.each(['http://localhost:1', 'http://127.0.0.1:2', 'http://[::1]:3'])(
    'may talk in clear to this machine: %s',
    (url) => {
      const env = { HOME: home, PICKET_URL: url, PICKET_TOKEN: 'x' };

      expect(findConnection({}, { env, cwd: project })).toEqual({ url, token: 'x' });
    },
  );
});
