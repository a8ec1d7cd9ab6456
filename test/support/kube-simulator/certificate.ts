import { generate } from 'selfsigned';

export interface Certificate {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

let made: Promise<Certificate> | undefined;

/** A self-signed certificate for loopback, made once per process: kubectl sends its token over TLS only. */
export function loopbackCertificate(): Promise<Certificate> {
  made ??= generate([{ name: 'commonName', value: 'picket kube-simulator' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 7, ip: '127.0.0.1' },
          { type: 2, value: 'localhost' },
        ],
      },
    ],
  }).then(({ private: key, cert }) => ({ key, cert }));
  return made;
}
