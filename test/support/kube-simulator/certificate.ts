import { generate } from 'selfsigned';

export interface Certificate {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

let made: Promise<Certificate> | undefined;

/** A self-signed certificate for loopback, made once per process: kubectl sends its token over TLS only. */
export function loopbackCertificate(): Promise<Certificate> {
  made ??= certificateFor('localhost');
  return made;
}

/** A self-signed certificate for loopback under a name, and the authority that one checks it with. */
export async function certificateFor(name: string): Promise<Certificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: `picket ${name}` }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 7, ip: '127.0.0.1' },
          { type: 2, value: name },
        ],
      },
    ],
  });
  return { key, cert };
}
