import { describe, expect, it } from '@jest/globals';

import { readSettings } from './settings.ts';

describe('readSettings', () => {
  it('needs the hub and nothing else', () => {
    expect(readSettings(['--hub', 'https://hub.example'])).toEqual({
      hub: 'https://hub.example',
      'state-dir': 'picket-agent',
      listen: { host: '127.0.0.1', port: 0 },
      'log-level': 'info',
    });
  });

  it('reads every option', () => {
    const options = {
      hub: 'https://hub.example:8443',
      'token-file': '/run/token',
      kubeconfig: '/etc/kubeconfig',
      'state-dir': '/var/lib/picket',
      'ca-file': '/etc/ca.pem',
      listen: '[::1]:9641',
      'log-level': 'debug',
    };

    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);

    expect(readSettings(args)).toEqual({ ...options, listen: { host: '::1', port: 9_641 } });
  });

  it.each([
    [['--help'], 'help'],
    [['--version', '--hub', 'nonsense'], 'version'],
  ])('%j asks for %s and for nothing more', (args, what) => {
    expect(readSettings(args)).toBe(what);
  });

  it.each(['http://127.0.0.1:8443', 'http://localhost:1', 'http://[::1]:1'])(
    'takes %s, which stays on this machine',
    (hub) => {
      expect(readSettings(['--hub', hub])).toMatchObject({ hub });
    },
  );

  it.each([
    [[], '--hub: is required'],
    [['--hub', 'hub.example'], '--hub: must be an https URL'],
    [['--hub', 'ftp://hub.example'], '--hub: must be an https URL'],
    [['--hub', 'http://hub.example'], '--hub: must be an https URL; http is for this machine only'],
    [['--hub', 'https://h', '--listen', '9641'], '--listen: must be HOST:PORT'],
    [['--hub', 'https://h', '--listen', 'h:99999'], 'a port up to 65535'],
    [['--hub', 'https://h', '--log-level', 'loud'], '--log-level: '],
    [['--hub', 'https://h', '--loud'], "Unknown option '--loud'"],
    [['--hub', 'https://h', 'more'], "Unexpected argument 'more'"],
  ])('%j is refused: %s', (args, words) => {
    expect(() => readSettings(args)).toThrow(words);
    expect(() => readSettings(args)).toThrow('--state-dir FOLDER');
  });

  it('lists all that is wrong at once', () => {
    const args = ['--hub', 'x', '--listen', 'y', '--log-level', 'z'];

    expect(() => readSettings(args)).toThrow(/--hub: .*\n--listen: .*\n--log-level: /);
  });
});
