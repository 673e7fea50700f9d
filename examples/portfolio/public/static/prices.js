// The prices of all stocks, each with a chart of the last minute.

/** One price every two seconds. */
const historyLength = 30;
/** The size of a chart, as its viewBox in index.html. */
const [width, height] = [120, 32];

const element = (id) => document.getElementById(id);
const dollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });

/** Prices by ticker, the oldest one first. */
const histories = new Map();

/** @param {{ ticker: string, price: number }} quote */
export function showPrice({ ticker, price }) {
  element('no-prices').hidden = true;
  const history = [...(histories.get(ticker) ?? []), price].slice(-historyLength);
  histories.set(ticker, history);
  const change = history.length < 2 ? 0 : price - history.at(-2);
  const item = itemOf(ticker);
  item.dataset.change = change > 0 ? 'up' : change < 0 ? 'down' : 'none';
  item.querySelector('.amount').textContent = dollars.format(price);
  item.querySelector('.change').textContent = textOf(change);
  item.querySelector('polyline').setAttribute('points', pointsOf(history));
}

/** Items are in the order of their tickers. */
function itemOf(ticker) {
  const list = element('prices');
  const items = [...list.children];
  const found = items.find(({ id }) => id === `price-${ticker}`);
  if (found !== undefined) return found;
  const item = element('price').content.firstElementChild.cloneNode(true);
  item.id = `price-${ticker}`;
  item.querySelector('.ticker').textContent = ticker;
  list.insertBefore(item, items.find(({ id }) => id > item.id) ?? null);
  return item;
}

function textOf(change) {
  const sign = change > 0 ? '▲' : change < 0 ? '▼' : '';
  return `${sign} ${dollars.format(Math.abs(change))}`;
}

/** The line fills the width, and the height between the lowest and the highest price. */
function pointsOf(history) {
  const step = width / Math.max(history.length - 1, 1);
  const lowest = Math.min(...history);
  const range = Math.max(...history) - lowest || 1;
  return history
    .map((price, i) => {
      const y = height - 2 - ((price - lowest) / range) * (height - 4);
      return `${(i * step).toFixed(1)},${y.toFixed(1)}`;
    })
    .join(' ');
}
