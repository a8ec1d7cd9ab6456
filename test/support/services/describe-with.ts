import { spawnSync } from 'node:child_process';

import { describe, it } from '@jest/globals';

/** A service that a machine may lack: why it is missing here, or undefined when it is there. */
export interface Availability {
  readonly name: string;
  readonly missing: string | undefined;
}

export const redis: Availability = {
  name: 'Redis',
  missing: process.env['PICKET_TEST_REDIS_URL']
    ? undefined
    : (process.env['PICKET_TEST_REDIS_MISSING'] ?? 'not started'),
};

export const kubeApiserver: Availability = {
  name: 'kube-apiserver',
  missing: process.env['PICKET_TEST_KUBE_ASSETS']
    ? undefined
    : (process.env['PICKET_TEST_KUBE_MISSING'] ?? 'only the system tests look for one'),
};

export const sshAgent: Availability = {
  name: 'ssh-agent',
  missing: spawnSync('ssh-add', ['-?']).error?.message,
};

/** `describe` where the service is there; elsewhere one skipped test that says why, which in CI is a failure. */
export function describeWith(service: Availability, title: string, suite: () => void): void {
  if (service.missing === undefined) {
    describe(title, suite);
    return;
  }
  const reason = `${title}: skipped, no ${service.name} here (${service.missing})`;
  if (process.env['CI'] === 'true') {
    it(reason, () => {
      throw new Error(reason);
    });
  } else it.skip(reason, () => undefined);
}
