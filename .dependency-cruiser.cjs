/** The walls of the architecture: data flows right, imports point left. `npm run check` holds them. */

// The path of an edit. A feature may import those before it, never those after it.
const PATH = [
  'audit',
  'access',
  'audit-log',
  'clusters',
  'namespace-claims',
  'blueprints',
  'assignments',
  'namespace-policies',
  'documents',
  'policy-sets',
  'approvals',
  'agent-gateway',
  'cluster-status',
];
const hub = 'apps/control-plane/src';

const features = PATH.flatMap((feature, index) => {
  const later = PATH.slice(index + 1);
  return later.length === 0
    ? []
    : [
        {
          name: `left-never-reads-right/${feature}`,
          comment: 'Going right happens by a job or by an agent’s pull (decision 12).',
          severity: 'error',
          from: { path: `^${hub}/${feature}/` },
          to: { path: `^${hub}/(${later.join('|')})/` },
        },
      ];
});

// Each library and what it may stand on, besides npm packages.
const LIBS = {
  kernel: [],
  audit: ['kernel'],
  selector: ['kernel'],
  policy: ['kernel', 'selector'],
  verdict: ['kernel', 'selector', 'policy'],
  compiler: ['kernel', 'selector', 'policy'],
  'agent-protocol': ['kernel'],
};
const libs = Object.entries(LIBS).map(([lib, below]) => ({
  name: `libs/${lib}-stands-on-[${below.join(', ')}]`,
  severity: 'error',
  from: { path: `^libs/${lib}/` },
  to: { path: '^(libs|apps|agent|test)/', pathNot: `^libs/(${[lib, ...below].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...features,
    ...libs,
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'libs-are-pure',
      comment: 'No framework, no I/O, no clock: the same code runs in hub, agent and browser.',
      severity: 'error',
      from: { path: '^libs/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'platform-and-config-know-no-feature',
      severity: 'error',
      from: { path: `^${hub}/(platform|config)/` },
      to: { path: `^${hub}/(${PATH.join('|')})/` },
    },
    {
      name: 'rows-stay-home',
      comment: 'A table is known by its repository and its module alone; tests of either may look.',
      severity: 'error',
      from: { path: `^${hub}/`, pathNot: '\\.(repository|module|row|test)\\.ts$|/platform/' },
      to: { path: '\\.row\\.ts$' },
    },
    {
      name: 'the-agent-knows-libs-only',
      severity: 'error',
      from: { path: '^agent/src/' },
      to: { path: '^(apps|test)/' },
    },
    {
      name: 'the-hub-knows-libs-only',
      severity: 'error',
      from: { path: `^${hub}/`, pathNot: '\\.test\\.ts$' },
      to: { path: '^(agent|test|apps/cli)/' },
    },
    {
      name: 'declared-dependencies-only',
      comment: 'What a package imports stands in its own package.json: Nx reads its graph there.',
      severity: 'error',
      from: { path: '^(libs|apps|agent)/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(/dist/|\\.picket/|\\.cache/)' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'default', 'node', 'types'],
    },
    tsConfig: { fileName: 'test/tsconfig.json' },
  },
};
