// Writes what the service says of itself; the same source gives the same bytes.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'));
mkdirSync('dist', { recursive: true });
writeFileSync('dist/about.json', `${JSON.stringify({ name, version }, null, 2)}\n`);
console.log(`built ${name} ${version}`);
