import { expect, test } from 'vitest';
import { countTests } from '../../phases/junit.ts';

test('test cases are counted by what stands in each, wherever suites lie', async () => {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="a" tests="9">
    <properties><property name="error" value="x"/></properties>
    <testcase name="good"/>
    <testcase name="said > once"><system-out><![CDATA[<failure> </testcase> <testcase name="no"/>]]></system-out></testcase>
    <!-- <testcase name="left out"><failure/></testcase> -->
    <testsuite name="b">
      <testcase name="bad"><failure message="1 &lt; 2">text</failure></testcase>
      <testcase name="broken"><error/><skipped/></testcase>
      <testcase name="later"><skipped message="not now"/></testcase>
    </testsuite>
  </testsuite>
</testsuites>`;
  expect(await countTests(xml)).toEqual({ passed: 2, failed: 2, skipped: 1 });
  expect(await countTests('\uFEFF<testsuite/>')).toEqual({ passed: 0, failed: 0, skipped: 0 });
});

test.each(['', 'no tests ran', '<testsuite><testcase></testsuite>', '<testsuite>'])('what is not XML is not counted: %j', async (xml) => {
  await expect(countTests(xml)).rejects.toMatchObject({
    code: 'wrong-report',
    message: expect.stringMatching(/^not XML: .* \(line \d+\)$/),
  });
});
