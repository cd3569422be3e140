/**
 * `node --import ./e2e/mock/standstill.ts …`: the time stands still at `MOCK_TIME`, for pictures
 * that are the same tomorrow. Timers run on.
 */
const at = Date.parse(process.env.MOCK_TIME ?? '');
if (Number.isNaN(at)) throw new Error('MOCK_TIME must be a time');

globalThis.Date = new Proxy(Date, {
  construct: (date, given: []) => (given.length > 0 ? new date(...given) : new date(at)),
  get: (date, name, receiver) => (name === 'now' ? () => at : Reflect.get(date, name, receiver)),
});
