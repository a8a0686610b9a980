import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import svelte from 'eslint-plugin-svelte';
import { defineConfig } from 'eslint/config';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

export default defineConfig(
  { ignores: ['dist/', 'lib/', 'test-results/'] },
  js.configs.recommended,
  ts.configs.recommendedTypeChecked,
  svelte.configs.recommended,
  prettier,
  svelte.configs.prettier,
  {
    languageOptions: {
      parserOptions: {
        projectService: true,
        extraFileExtensions: ['.svelte'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'no-undef': 'off', // the type checker knows better
      eqeqeq: 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
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
  { files: ['**/*.js', '**/*.mjs'], extends: [ts.configs.disableTypeChecked] },
);
