// The linter's rules. What is refused here is what would break the design: a second clock, a lost
// promise, a disabled rule nobody can explain. Taste beyond that is left to the formatter.
import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';

const root = fileURLToPath(new URL('..', import.meta.url));

const door =
  'Only src/core/system-runtime.ts reads clocks, timers or chance: use the Runtime of the options.';
const timers = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'queueMicrotask',
  'performance',
];
const ban = (object, properties, message) =>
  properties.map((property) => ({ object, property, message }));

/** Rules against every way round the Runtime. */
const oneDoor = {
  'no-restricted-globals': ['error', ...timers.map((name) => ({ name, message: door }))],
  'no-restricted-properties': [
    'error',
    ...ban('Date', ['now'], door),
    ...ban('Math', ['random'], door),
    ...ban('AbortSignal', ['timeout'], door),
    ...ban('crypto', ['randomUUID', 'getRandomValues', 'randomBytes', 'randomInt'], door),
    ...ban('process', ['hrtime', 'nextTick', 'uptime', '_tickCallback'], door),
    ...ban('globalThis', timers, door),
  ],
  'no-restricted-imports': [
    'error',
    {
      paths: ['timers', 'timers/promises', 'perf_hooks'].flatMap((name) => [
        { name, message: door },
        { name: `node:${name}`, message: door },
      ]),
    },
  ],
  'no-restricted-syntax': [
    'error',
    { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: door },
    { selector: "CallExpression[callee.name='Date']", message: door },
  ],
};

/** `eslint-disable` must say why: `// eslint-disable-next-line rule -- reason`. */
const reasoned = {
  meta: { type: 'problem', messages: { why: 'Say why the rule is off: "-- reason".' }, schema: [] },
  create: (context) => ({
    Program() {
      for (const comment of context.sourceCode.getAllComments()) {
        if (/^\s*eslint-disable/.test(comment.value) && !/ -- \S/.test(comment.value)) {
          context.report({ loc: comment.loc, messageId: 'why' });
        }
      }
    },
  }),
};

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', '.cache/', 'test/vectors/', 'examples/data/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: root } },
    plugins: { tenfold: { rules: { 'reasoned-disable': reasoned } } },
    rules: {
      'tenfold/reasoned-disable': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      complexity: ['error', 15],
      'max-depth': ['error', 4],
      'max-params': ['error', 5],
      'max-lines': ['error', 300],
      'no-var': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // A caller's abort rethrows signal.reason, and listeners may throw anything: both are unknown.
      '@typescript-eslint/only-throw-error': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' },
      ],
      // An async function without await states "answers with a promise, never throws at once".
      '@typescript-eslint/require-await': 'off',
    },
  },
  { files: ['src/**/*.ts'], rules: { ...oneDoor, 'no-console': 'error' } },
  {
    files: ['src/core/system-runtime.ts'],
    rules: Object.fromEntries(Object.keys(oneDoor).map((r) => [r, 'off'])),
  },
  // A test that sleeps for real needs a written reason: the disabling comment is that reason.
  {
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval'].map((name) => ({
          name,
          message: 'Tests run in virtual time; a real sleep needs a written reason.',
        })),
      ],
      'max-lines': 'off',
      // Tests hand in what the types refuse, by an assertion that the rule takes for idle.
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  {
    files: ['bench/**/*.ts', 'examples/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
);
