// The page: one connection, the prices of all stocks, the positions of the user, and trades.
import { Client, ReconnectionTimeMode } from '@stomp/stompjs';
import { showPrice } from './prices.js';
import { updatePosition, updatePrice, showPositions } from './positions.js';

/** The close code of a server that refuses the client. */
const refused = 1008;

const element = (id) => document.getElementById(id);
const form = element('trade');

const client = new Client({
  // SockJS uses a WebSocket if possible, and HTTP if the browser or the network allows no WebSocket.
  webSocketFactory: () => new SockJS(new URL('portfolio', location.href)),
  reconnectDelay: 500,
  maxReconnectDelay: 10_000,
  reconnectTimeMode: ReconnectionTimeMode.EXPONENTIAL,
  onConnect({ headers }) {
    showState('open', headers['user-name']);
    subscribe('/app/positions', (positions) => showPositions(positions));
    subscribe('/topic/price.stock.*', (quote) => {
      showPrice(quote);
      updatePrice(quote);
    });
    subscribe('/user/queue/position-updates', (position) => {
      updatePosition(position);
      showNote(`You now own ${position.shares} shares of ${position.ticker}.`);
    });
    subscribe('/user/queue/errors', showProblem);
  },
  onWebSocketClose({ code }) {
    if (!client.active) return;
    // The user has logged out in another window, or the login has expired.
    if (code === refused) return location.assign('login.html');
    showState('waiting', 'Connecting …');
  },
});

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const { action, ticker, shares } = form.elements;
  const trade = { action: action.value, ticker: ticker.value, shares: shares.value };
  showProblem('');
  client.publish({ destination: '/app/trade', body: JSON.stringify(trade) });
  showNote(`Sent: ${trade.action} ${trade.shares} ${trade.ticker}`);
  shares.select();
});

client.activate();

function subscribe(destination, receive) {
  client.subscribe(destination, ({ body }) => receive(JSON.parse(body)));
}

function showState(state, text) {
  element('state').dataset.state = state;
  element('state').textContent = text;
  element('send').disabled = state !== 'open';
}

/** @param {string} text empty to remove the problem */
function showProblem(text) {
  element('problem').textContent = text;
}

/** Shows the latest five notes, the newest one first. */
function showNote(text) {
  const item = document.createElement('li');
  item.textContent = text;
  element('notes').prepend(item);
  element('notes').children[5]?.remove();
}
