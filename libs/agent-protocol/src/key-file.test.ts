import { describe, expect, it } from '@jest/globals';

import { KEY_STATEMENTS_MAX, readKeyFile, writeKeyFile } from './index.ts';

const PEM = '-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\n';
const statement = {
  counter: 1,
  keys: [{ keyId: 'a', publicKey: 'AA' }],
  signedBy: 'a',
  signature: 'AA',
};

describe('a key file', () => {
  it('is a PEM alone, or with its history', () => {
    expect(readKeyFile(PEM)).toEqual({ pem: PEM, statements: [] });
    expect(readKeyFile(`comment\n${PEM.trim()}`).statements).toEqual([]);
    expect(readKeyFile(`${PEM}\n${JSON.stringify(statement)}\r\n\n`).statements).toEqual([
      statement,
    ]);
  });

  it('is read as it was written', () => {
    const file = { pem: PEM, statements: [statement, { ...statement, counter: 2 }] };

    expect(readKeyFile(writeKeyFile(file))).toEqual(file);
  });

  it.each([
    ['', 'holds no private key in PEM'],
    [`${PEM}{"counter":1}`, 'line 4 is no key statement'],
    [`${PEM}\nnonsense`, 'line 5 is no key statement'],
    [
      PEM + `${JSON.stringify(statement)}\n`.repeat(KEY_STATEMENTS_MAX + 1),
      'holds 65 statements; at most 64 are allowed',
    ],
  ])('is refused, with the place', (text, words) => {
    expect(() => readKeyFile(text)).toThrow(words);
  });
});
