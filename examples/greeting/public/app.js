// The page: one connection that comes back by itself, a form, and a list of what was heard.
import { Client, ReconnectionTimeMode } from '@stomp/stompjs';

const element = (id) => document.getElementById(id);
const state = element('state');
const connect = element('connect');
const form = element('hello');
const name = element('name');
const send = element('send');
const problem = element('problem');
const greetings = element('greetings');

const endpoint = new URL('/gs-guide-websocket', location.href);
endpoint.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';

const client = new Client({
  brokerURL: endpoint.href,
  reconnectDelay: 500,
  maxReconnectDelay: 10_000,
  reconnectTimeMode: ReconnectionTimeMode.EXPONENTIAL,
  connectionTimeout: 5_000,
});

client.onConnect = () => {
  client.subscribe('/topic/greetings', (message) => show(JSON.parse(message.body).content));
  client.subscribe('/user/queue/errors', (message) => complain(JSON.parse(message.body).message));
  tell('open', 'Connected');
};
client.onStompError = (frame) => complain(frame.headers.message);
client.onWebSocketClose = () => {
  if (client.active) tell('waiting', 'Connecting again …');
};

connect.addEventListener('click', () => {
  if (client.active) void stop();
  else start();
});

form.addEventListener('submit', (event) => {
  event.preventDefault();
  complain('');
  client.publish({ destination: '/app/hello', body: JSON.stringify({ name: name.value }) });
  name.select();
});

start();

function start() {
  tell('waiting', 'Connecting …');
  client.activate();
}

async function stop() {
  await client.deactivate();
  tell('closed', 'Not connected');
}

/** Shows how the connection is, and what can be done about it. */
function tell(how, words) {
  state.dataset.state = how;
  state.textContent = words;
  connect.textContent = how === 'closed' ? 'Connect' : 'Disconnect';
  send.disabled = how !== 'open';
}

function show(content) {
  const item = document.createElement('li');
  // The content is markup: read as a document of its own, it becomes text and can do nothing.
  item.textContent = new DOMParser().parseFromString(content, 'text/html').body.textContent;
  greetings.prepend(item);
  element('empty').hidden = true;
}

function complain(words) {
  problem.textContent = words;
}
