import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import { defineConfig } from 'eslint/config';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

/**
 * TypeScript is linted by oxlint (.oxlintrc.json), which knows types and takes a tenth of the time. What is left here are
 * components, and one rule of this project. Rules about types in components take longer than all others together: they
 * run in `npm run test:long`.
 */
const withTypes = Boolean(process.env['VMGEXIT_LONG']);

export default defineConfig(
  { ignores: ['dist/', 'dist-single/', 'lib/', 'test-results/', '**/*.js', '**/*.mjs'] },
  { files: ['**/*.ts'], languageOptions: { parser: ts.parser } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    extends: [
      js.configs.recommended,
      withTypes ? ts.configs.recommendedTypeChecked : ts.configs.recommended,
      svelte.configs.recommended,
    ],
    languageOptions: {
      parserOptions: {
        parser: ts.parser,
        svelteConfig,
        extraFileExtensions: ['.svelte'],
        ...(withTypes ? { projectService: true, tsconfigRootDir: import.meta.dirname } : {}),
      },
    },
    rules: {
      'no-undef': 'off', // the type checker knows better
      eqeqeq: 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      ...(withTypes
        ? {
            '@typescript-eslint/switch-exhaustiveness-check': [
              'error',
              { considerDefaultExhaustiveForUnions: true },
            ],
            '@typescript-eslint/restrict-template-expressions': [
              'error',
              { allowNumber: true, allowBoolean: true },
            ],
          }
        : {}),
    },
  },
  {
    // Addresses and frames meet in one file. Bit fields are declared as bits, and tests may count for themselves.
    files: ['src/**/*.ts', 'src/**/*.svelte'],
    ignores: ['src/abi/address.ts', '**/*.test.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...[
          "BinaryExpression[operator=/^(<<|>>)$/][left.type!='Literal'] > Literal[bigint='12'].right",
          "BinaryExpression[operator='>>'] > Literal[value=12].right",
          'BinaryExpression[operator=/^[*\\/]$/] > Literal[value=4096]',
          "BinaryExpression[operator=/^[*\\/]$/] > Literal[bigint='4096']",
          'VariableDeclarator[id.name=/^PAGE(_SIZE|_BYTES)?$/] > Literal[raw=/^(4096|0x1000)n?$/]',
        ].map((selector) => ({
          selector,
          message: 'Convert addresses, frames and byte counts with the helpers of src/abi/address.ts.',
        })),
      ],
    },
  },
);
