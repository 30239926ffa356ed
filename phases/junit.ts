import { AtmosError } from '../engine/index.ts';

/** What a JUnit report counts. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Counts the test cases of a JUnit XML report, by what stands in each: `<failure>` or `<error>`, `<skipped>`, or neither.
 * @throws AtmosError `wrong-report` when it is not XML
 */
export async function countTests(xml: string): Promise<TestCounts> {
  const { parser } = await import('./xml.ts');
  const found: Set<string>[] = [];
  const reader = parser(true);
  const open: string[] = [];
  let isEmpty = true;
  reader.onopentag = ({ name }) => {
    open.push(name);
    isEmpty = false;
    if (name === 'testcase') found.push(new Set());
    else if (open.includes('testcase')) found.at(-1)?.add(name);
  };
  reader.onclosetag = () => void open.pop();
  reader.onerror = (error) => {
    throw new AtmosError(`not XML: ${error.message.split('\n')[0]} (line ${reader.line + 1})`, {
      kind: 'failed',
      code: 'wrong-report',
      cause: error,
    });
  };
  reader.write(xml.replace(/^\uFEFF/, '')).close();
  if (isEmpty) throw new AtmosError('not XML: it is empty (line 1)', { kind: 'failed', code: 'wrong-report' });
  const isFailed = (parts: ReadonlySet<string>): boolean => parts.has('failure') || parts.has('error');
  const failed = found.filter(isFailed).length;
  const skipped = found.filter((parts) => !isFailed(parts) && parts.has('skipped')).length;
  return { passed: found.length - failed - skipped, failed, skipped };
}
