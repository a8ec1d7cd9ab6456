import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';

import { PATHS } from '@picket/agent-protocol';

import type { Data } from './test-hub.ts';

const nowS = (): number => Math.floor(Date.now() / 1_000);

/** What comes back: `200`, or `401 UNAUTHENTICATED`. */
export async function knock(
  url: string,
  init: RequestInit,
): Promise<{ answer: string; body: Data }> {
  const controller = new AbortController();
  const response = await fetch(url, { ...init, signal: controller.signal });
  const isStream = response.headers.get('content-type') === 'text/event-stream';
  const text = isStream ? '' : await response.text();
  controller.abort();
  const body = (text === '' ? {} : JSON.parse(text)) as Data;
  const code = response.ok ? '' : ` ${body['code']}`;
  return { answer: `${response.status}${code}`, body };
}
export function post(url: string, body: object, authorization?: string): ReturnType<typeof knock> {
  return knock(url, {
    method: 'POST',
    headers: { ...(authorization && { authorization }) },
    body: JSON.stringify(body),
  });
}

export function jwt(header: object, claims: object, signed: (text: string) => string): string {
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${signed(text)}`;
}
export const hs256 =
  (secret: string) =>
  (text: string): string =>
    createHmac('sha256', secret).update(text).digest('base64url');

/** An agent by hand: whatever can be said wrongly, it can say. */
export class HandMadeAgent {
  readonly key: KeyObject;
  readonly publicKey: string;
  id = '';

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    this.key = privateKey;
    this.publicKey = publicKey.export({ format: 'jwk' }).x ?? '';
  }

  signed = (text: string): string => sign(null, Buffer.from(text), this.key).toString('base64url');

  enrolment(joinToken: string): Data {
    const { publicKey } = this;
    const proof = this.signed(`picket.enrol.v1\n${joinToken}\n${publicKey}`);
    return { protocol: '1.0', agentVersion: '0.1.0', joinToken, publicKey, proof };
  }

  async enrol(url: string, joinToken: string): Promise<void> {
    const { body } = await post(`${url}${PATHS.enrol}`, this.enrolment(joinToken));
    this.id = body['clusterId'];
  }

  claims(more: object = {}): object {
    const iat = nowS();
    const jti = randomUUID();
    return { iss: this.id, sub: this.id, aud: 'picket-hub', iat, exp: iat + 60, jti, ...more };
  }

  assertion(more: object = {}): string {
    return jwt({ alg: 'EdDSA' }, this.claims(more), this.signed);
  }

  async accessToken(url: string): Promise<string> {
    const { body } = await post(`${url}${PATHS.token}`, { assertion: this.assertion() });
    return body['accessToken'];
  }

  accessClaims(): object {
    return { key: this.publicKey, sub: this.id, aud: 'picket-agent', exp: nowS() + 600 };
  }

  /** An access token as the hub makes it, where it is not changed. */
  minted(secret: string, more: object = {}): string {
    return jwt({ alg: 'HS256' }, { ...this.accessClaims(), ...more }, hs256(secret));
  }
}
