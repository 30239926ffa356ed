import { createServer } from 'node:http';
import { handle } from './handle.js';
import { Payments } from './payments.js';

const port = Number(process.env.PORT ?? 8080);
const payments = new Payments();
createServer((request, response) => handle(request, response, payments)).listen(port, () => {
  console.log(`payment-api listens on ${port}`);
});
