// The page: sends the text over one transport after the other, and shows each echo with its time.
import { transports } from './transports.js';

/** Milliseconds for the connection and the echo of one transport. */
const timeout = 10_000;

const element = (id) => document.getElementById(id);
const items = transports.map(createItem);
element('transports').append(...items);

element('echo').addEventListener('submit', (event) => {
  event.preventDefault();
  void tryAll(element('text').value);
});
void tryAll(element('text').value);

/** One transport at a time: a browser opens at most six connections of HTTP/1.1 to a server. */
async function tryAll(text) {
  element('send').disabled = true;
  element('summary').textContent = 'Trying …';
  for (const item of items) show(item, 'closed', 'Waiting …');
  let working = 0;
  for (const [i, transport] of transports.entries()) {
    show(items[i], 'waiting', 'Connecting …');
    try {
      const { connected, echoed, data } = await echo(transport, text);
      show(items[i], 'open', `Connect ${connected} ms · echo ${echoed} ms`, data);
      working++;
    } catch (error) {
      show(items[i], 'closed', `Not available: ${error.message}`);
    }
  }
  element('summary').textContent = `${working} of ${transports.length} transports work.`;
  element('send').disabled = false;
}

/** Opens a connection, sends the text, and closes the connection when the echo has arrived. */
async function echo(transport, text) {
  const start = performance.now();
  const socket = transport.open();
  try {
    return await new Promise((resolve, reject) => {
      let opened;
      socket.onopen = () => {
        opened = performance.now();
        socket.send(text);
      };
      socket.onmessage = ({ data }) =>
        resolve({
          connected: Math.round(opened - start),
          echoed: Math.round(performance.now() - opened),
          data,
        });
      socket.onclose = ({ code, reason }) => reject(new Error(reason === '' ? code : reason));
      setTimeout(() => reject(new Error('no answer')), timeout);
    });
  } finally {
    socket.close();
  }
}

function createItem({ name, detail }) {
  const item = element('transport').content.firstElementChild.cloneNode(true);
  item.querySelector('h3').textContent = name;
  item.querySelector('.detail').textContent = detail;
  return item;
}

function show(item, state, text, received = '') {
  const status = item.querySelector('.state');
  status.dataset.state = state;
  status.textContent = text;
  item.querySelector('.received').textContent = received;
}
