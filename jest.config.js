/** One run over every level of test/README.md. Each project decides which services its files need. */
const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      jsc: {
        target: 'es2024',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
      },
      module: { type: 'es6' },
      sourceMaps: 'inline',
    },
  ],
};

function project(displayName, testMatch, more = {}) {
  return {
    displayName,
    rootDir: import.meta.dirname,
    testMatch: testMatch.map((glob) => `<rootDir>/${glob}`),
    testPathIgnorePatterns: ['/node_modules/', '/dist/', '/\\.picket/', '/\\.cache/'],
    modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/\\.picket/', '<rootDir>/\\.cache/'],
    extensionsToTreatAsEsm: ['.ts'],
    transform,
    ...more,
  };
}

export default {
  projects: [
    project('unit', [
      'libs/*/src/**/*.test.ts',
      'apps/*/src/**/*.test.ts',
      'agent/src/**/*.test.ts',
      'test/support/**/*.test.ts',
    ]),
    project('contract', ['test/contract/**/*.test.ts', 'test/conformance/**/*.test.ts']),
    project('integration', ['test/integration/**/*.test.ts'], {
      globalSetup: '<rootDir>/test/support/services/jest-setup.ts',
      globalTeardown: '<rootDir>/test/support/services/jest-teardown.ts',
    }),
    project('system', ['test/system/**/*.test.ts'], {
      globalSetup: '<rootDir>/test/support/services/jest-setup-system.ts',
      globalTeardown: '<rootDir>/test/support/services/jest-teardown.ts',
    }),
  ],
};
