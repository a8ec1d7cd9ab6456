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

  it('reads approvers, and how many of them are needed', () => {
    const [alice, bob] = ['alice', 'bob'].map((name) => ({
      name,
      publicKey: name.padEnd(43, '_'),
    }));
    const keys = [alice, bob].map((key) => `${key?.name}=${key?.publicKey}`);
    const args = ['--hub', 'https://hub', '--approver-key', keys[0]!, '--approver-key', keys[1]!];

    expect(readSettings(args)).toMatchObject({ approvers: { keys: [alice, bob], needed: 1 } });
    expect(readSettings([...args, '--approvals-needed', '2'])).toMatchObject({
      approvers: { needed: 2 },
    });
  });

  it.each([
    ['a key without a name', ['--approver-key', 'x'.repeat(43)], 'is not NAME=KEY'],
    ['a key that is none', ['--approver-key', 'alice=short'], 'is not NAME=KEY'],
    [
      'a key twice',
      ['a', 'b'].flatMap((n) => ['--approver-key', `${n}=${'x'.repeat(43)}`]),
      'given twice',
    ],
    [
      'more than there are',
      ['--approver-key', `a=${'x'.repeat(43)}`, '--approvals-needed', '2'],
      'only 1 approvers',
    ],
    ['none', ['--approvals-needed', '0'], '--approvals-needed'],
    ['two of nobody', ['--approvals-needed', '2'], 'only 0 approvers'],
  ])('refuses approvers that could not be meant: %s', (_what, args, words) => {
    expect(() => readSettings(['--hub', 'https://hub', ...args])).toThrow(words);
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
