import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fromYaml } from '../../gotemplate/formats/formats.ts';
import { FUNCTIONS, parseTemplate, render, TemplateError, type Value } from '../../gotemplate/index.ts';
import { fromJson } from '../../gotemplate/language/json.ts';
import { CONFORMANCE } from '../config/conformance.ts';

interface TemplateCase {
  readonly name: string;
  readonly template: string;
  readonly context?: unknown;
  readonly contextYaml?: string;
  readonly expected?: string;
  readonly error?: boolean;
  readonly missing?: 'default';
}

const CASES = JSON.parse(readFileSync(join(CONFORMANCE, 'templates.json'), 'utf8')) as readonly TemplateCase[];

describe('templates give what Go’s text/template gives with the functions of Atmos', () => {
  test.each(CASES.map((one) => [one.name, one] as const))('%s', (_, { template, context, contextYaml, expected, error, missing }) => {
    const data: Value = contextYaml === undefined ? fromJson(JSON.stringify(context ?? {}), 'integers') : fromYaml(contextYaml);
    const run = (): string => render(parseTemplate(template), data, { functions: FUNCTIONS, missingKey: missing ?? 'error' });
    if (error === true) expect(run).toThrow(TemplateError);
    else expect(run()).toBe(expected);
  });
});
