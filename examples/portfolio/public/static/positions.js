// The positions of the user as a table, with their values at the latest prices.

const element = (id) => document.getElementById(id);
const dollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const count = new Intl.NumberFormat('en-US');

/** By ticker. */
const positions = new Map();

/** @param {readonly { company: string, ticker: string, price: number, shares: number }[]} all */
export function showPositions(all) {
  positions.clear();
  for (const position of all) positions.set(position.ticker, position);
  element('positions').replaceChildren(...all.map(createRow));
  const chosen = element('ticker').value;
  element('ticker').replaceChildren(...all.map(({ ticker }) => new Option(ticker)));
  if (positions.has(chosen)) element('ticker').value = chosen;
  for (const position of all) showPosition(position);
  showTotals();
}

/** @param {{ ticker: string, price: number }} quote */
export function updatePrice({ ticker, price }) {
  update(ticker, { price });
}

/** @param {{ ticker: string, shares: number }} position */
export function updatePosition({ ticker, shares }) {
  update(ticker, { shares });
}

function createRow({ company, ticker }) {
  const row = element('position').content.firstElementChild.cloneNode(true);
  row.id = `position-${ticker}`;
  row.cells[0].textContent = company;
  row.cells[1].textContent = ticker;
  return row;
}

function update(ticker, changes) {
  const before = positions.get(ticker);
  if (before === undefined) return;
  const position = { ...before, ...changes };
  positions.set(ticker, position);
  showPosition(position);
  showTotals();
}

function showPosition({ ticker, price, shares }) {
  const { cells } = element(`position-${ticker}`);
  cells[2].textContent = dollars.format(price);
  cells[3].textContent = count.format(shares);
  cells[4].textContent = dollars.format(price * shares);
}

function showTotals() {
  const all = [...positions.values()];
  const sum = (valueOf) => all.reduce((total, position) => total + valueOf(position), 0);
  element('total-shares').textContent = count.format(sum(({ shares }) => shares));
  element('total-value').textContent = dollars.format(sum(({ price, shares }) => price * shares));
}
