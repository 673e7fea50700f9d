// The page: one connection that reconnects, a form, and the list of received greetings.
import { Client, ReconnectionTimeMode } from '@stomp/stompjs';

const element = (id) => document.getElementById(id);
const state = element('state');
const connect = element('connect');
const form = element('hello');
const name = element('name');
const send = element('send');
const problem = element('problem');
const greetings = element('greetings');

const client = new Client({
  // SockJS uses a WebSocket if possible, and HTTP if the browser or the network allows no WebSocket.
  webSocketFactory: () => new SockJS('/gs-guide-websocket'),
  reconnectDelay: 500,
  maxReconnectDelay: 10_000,
  reconnectTimeMode: ReconnectionTimeMode.EXPONENTIAL,
  connectionTimeout: 5_000,
});

client.onConnect = () => {
  client.subscribe('/topic/greetings', (message) => show(JSON.parse(message.body).content));
  client.subscribe('/user/queue/errors', (message) =>
    showProblem(JSON.parse(message.body).message),
  );
  showState('open', 'Connected');
};
client.onStompError = (frame) => showProblem(frame.headers.message);
client.onWebSocketClose = () => {
  if (client.active) showState('waiting', 'Reconnecting …');
};

connect.addEventListener('click', () => {
  if (client.active) void stop();
  else start();
});

form.addEventListener('submit', (event) => {
  event.preventDefault();
  showProblem('');
  client.publish({ destination: '/app/hello', body: JSON.stringify({ name: name.value }) });
  name.select();
});

start();

function start() {
  showState('waiting', 'Connecting …');
  client.activate();
}

async function stop() {
  await client.deactivate();
  showState('closed', 'Not connected');
}

/** Shows the state of the connection, and offers to connect or to disconnect. */
function showState(name, text) {
  state.dataset.state = name;
  state.textContent = text;
  connect.textContent = name === 'closed' ? 'Connect' : 'Disconnect';
  send.disabled = name !== 'open';
}

function show(content) {
  const item = document.createElement('li');
  // The content is markup. Parsed as a separate document, it becomes text and cannot run scripts.
  item.textContent = new DOMParser().parseFromString(content, 'text/html').body.textContent;
  greetings.prepend(item);
  element('empty').hidden = true;
}

function showProblem(text) {
  problem.textContent = text;
}
