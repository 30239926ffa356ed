import type { AtmosError } from '../../engine/index.ts';

/** Errors as a log for editors and CI (SARIF 2.1.0, OASIS). Files are relative to the repository's root. */
export function sarif(errors: readonly AtmosError[]): unknown {
  const rules = [...new Set(errors.map(({ code }) => code))].sort();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'atmos-deployment', rules: rules.map((id) => ({ id })) } },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { ROOT: { description: { text: 'The repository' } } },
        results: errors.map(({ code, message, hint, position }) => ({
          ruleId: code,
          level: 'error',
          message: { text: hint === undefined ? message : `${message} (${hint})` },
          locations: position === undefined ? [] : [locationOf(position)],
        })),
      },
    ],
  };
}

function locationOf({ file, line, column, length = 1 }: NonNullable<AtmosError['position']>) {
  return {
    physicalLocation: {
      artifactLocation: { uri: file.split('/').map(encodeURIComponent).join('/'), uriBaseId: 'ROOT' },
      region: { startLine: line, startColumn: column, endColumn: column + length },
    },
  };
}
