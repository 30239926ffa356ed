import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { handle } from '../src/handle.js';
import { Payments } from '../src/payments.js';

let server;
let url;
before(async () => {
  const payments = new Payments();
  server = createServer((request, response) => handle(request, response, payments));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

const post = (body) => fetch(`${url}/payments`, { method: 'POST', body: JSON.stringify(body) });

test('says that it is up', async () => {
  assert.deepEqual(await (await fetch(`${url}/health`)).json(), { state: 'up' });
});

test('takes a payment, and finds it again', async () => {
  const taken = await post({ id: 'p1', amount: 1250, currency: 'EUR' });
  assert.equal(taken.status, 201);
  assert.deepEqual(await (await fetch(`${url}/payments/p1`)).json(), { id: 'p1', amount: 1250, currency: 'EUR', state: 'taken' });
});

test('takes a payment once, however often it is sent', async () => {
  await post({ id: 'p2', amount: 100, currency: 'EUR' });
  const again = await (await post({ id: 'p2', amount: 999, currency: 'EUR' })).json();
  assert.equal(again.amount, 100);
});

for (const [what, body] of [
  ['an amount that is no whole number of cents', { id: 'x', amount: 1.5, currency: 'EUR' }],
  ['a currency that is none', { id: 'x', amount: 100, currency: 'euro' }],
  ['a payment without an id', { amount: 100, currency: 'EUR' }],
]) {
  test(`refuses ${what}`, async () => {
    assert.equal((await post(body)).status, 400);
  });
}

test('does not know what is not there', async () => {
  assert.equal((await fetch(`${url}/payments/none`)).status, 404);
});

test('was built before it is tested', () => {
  assert.ok(existsSync(new URL('../dist/about.json', import.meta.url)));
});
