import { createHmac } from 'node:crypto';

/** `t=1767225600,v1=…`: HMAC-SHA256 in hex over `${t}.${body}`, `t` in seconds. The receiver refuses what is older than a few minutes. */
export function webhookSignature(secret: string, body: string, nowMs: number): string {
  const t = Math.floor(nowMs / 1_000);
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`;
}
