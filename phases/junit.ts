/** What a JUnit report counts. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Counts the test cases of a JUnit XML report, by what stands in each: `<failure>` or `<error>`, `<skipped>`, or neither. */
export function countTests(xml: string): TestCounts {
  const cases = xml.split(/<testcase\b/).slice(1);
  const failed = cases.filter((text) => /<(failure|error)\b/.test(text.split('</testcase>')[0] ?? '')).length;
  const skipped = cases.filter((text) => /<skipped\b/.test(text.split('</testcase>')[0] ?? '')).length;
  return { passed: cases.length - failed - skipped, failed, skipped };
}
