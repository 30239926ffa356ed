/** Payments in memory: enough to show an API. Amounts are in cents. */
export class Payments {
  #payments = new Map();

  /** Takes a payment; the same id again gives the same payment, whatever else is said. */
  take({ id, amount, currency }) {
    if (typeof id !== 'string' || id === '') throw new RangeError('a payment needs an id');
    if (!Number.isSafeInteger(amount) || amount <= 0) throw new RangeError('an amount is a whole number of cents above 0');
    if (!/^[A-Z]{3}$/.test(currency ?? '')) throw new RangeError('a currency has three letters: EUR');
    const known = this.#payments.get(id);
    if (known !== undefined) return known;
    const payment = { id, amount, currency, state: 'taken' };
    this.#payments.set(id, payment);
    return payment;
  }

  find(id) {
    return this.#payments.get(id);
  }
}
