// The page: who one is, which room one is in, and what is said there.
import { open } from './connection.js';
import { element, list, showMessage, showNote, showState, setProblem } from './view.js';

const rooms = ['lobby', 'signals', 'workshop'];
/** How long somebody counts as typing, in milliseconds. */
const typingLasts = 3000;

const chat = {
  /** @type {import('./connection.js').Connection | undefined} */
  connection: undefined,
  name: '',
  room: rooms[0],
  /** The last message seen of each room: what is asked for after the connection was lost. */
  seen: new Map(),
  /** Ends the subscriptions of the room. */
  leaveRoom: () => {},
};
const typists = new Map();
let lastTyped = 0;

element('enter').addEventListener('submit', (event) => {
  event.preventDefault();
  const { name, protocol } = Object.fromEntries(new FormData(event.target));
  enter(name.trim(), protocol);
});
element('leave').addEventListener('click', leave);
element('say').addEventListener('submit', (event) => {
  event.preventDefault();
  void say();
});
element('text').addEventListener('input', tellTyping);

function enter(name, protocol) {
  chat.name = name;
  chat.connection = open(protocol, name, {
    opened,
    failed: ({ message }) => showNote(message),
    changed: (state) => showState(state, protocol),
  });
  element('enter').hidden = true;
  element('chat').hidden = false;
  showRooms();
  element('text').focus();
}

function leave() {
  chat.connection?.close();
  chat.connection = undefined;
  chat.seen.clear();
  list('messages').replaceChildren();
  element('chat').hidden = true;
  element('enter').hidden = false;
  element('name').focus();
}

/** Connected, the first time or again. */
function opened() {
  const { connection } = chat;
  connection.subscribe('/user/queue/whispers', showWhisper);
  connection.subscribe('/user/queue/notices', ({ text }) => setProblem(text));
  openRoom();
}

function openRoom() {
  const { connection, room, seen } = chat;
  const since = seen.get(room) ?? 0;
  const ends = [
    connection.subscribe(`/topic/rooms/${room}`, hear),
    connection.subscribe(`/topic/rooms/${room}/people`, showPeople),
    connection.subscribe(`/topic/rooms/${room}/typing`, showTyping),
  ];
  chat.leaveRoom = () => ends.forEach((end) => end());
  // Asked for when the topic is heard already, so that nothing falls between.
  connection.subscribe(
    `/app/rooms/${room}/recent`,
    ({ messages, lost, people }) => {
      if (room !== chat.room) return;
      if (since > 0) showMissed(messages.length + lost, lost);
      for (const message of messages) hear(message);
      showPeople(people);
    },
    { since: String(since) },
  );
}

function changeRoom(room) {
  chat.leaveRoom();
  chat.room = room;
  chat.seen.delete(room);
  typists.clear();
  list('messages').replaceChildren();
  element('empty').hidden = false;
  showTypists();
  showRooms();
  openRoom();
  element('room-title').focus();
}

async function say() {
  const { connection, room } = chat;
  const text = element('text').value;
  const to = element('to').value;
  setProblem('');
  try {
    if (to === '') await connection.send(`/app/rooms/${room}/say`, { text });
    else await connection.send('/app/whisper', { to, text });
    element('text').value = '';
  } catch (problem) {
    setProblem(problem.fields?.map(({ message }) => message).join(' ') ?? problem.message);
  }
  element('text').focus();
}

/** What the room says; a message that came by two ways is shown once. */
function hear(message) {
  if (message.id <= (chat.seen.get(chat.room) ?? 0)) return;
  chat.seen.set(chat.room, message.id);
  typists.delete(message.by);
  showTypists();
  showMessage(message, message.by === chat.name);
}

function showWhisper(whisper) {
  showMessage({ ...whisper, to: whisper.to }, whisper.by === chat.name);
}

function showMissed(count, lost) {
  if (count === 0) return showNote('You are back; nothing was said meanwhile.');
  const gone = lost > 0 ? `, of which ${lost} are no longer kept` : '';
  const messages = count === 1 ? '1 message' : `${count} messages`;
  showNote(`You are back; ${messages} meanwhile${gone}:`);
}

function showRooms() {
  element('room-title').textContent = `#${chat.room}`;
  list('rooms').replaceChildren(
    ...rooms.map((room) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'plain';
      button.textContent = `#${room}`;
      if (room === chat.room) button.setAttribute('aria-current', 'true');
      button.addEventListener('click', () => room !== chat.room && changeRoom(room));
      const item = document.createElement('li');
      item.append(button);
      return item;
    }),
  );
}

function showPeople(people) {
  list('people').replaceChildren(
    ...people.map((name) => {
      const item = document.createElement('li');
      item.textContent = name === chat.name ? `${name} (you)` : name;
      return item;
    }),
  );
  const to = element('to');
  const chosen = to.value;
  const others = people.filter((name) => name !== chat.name);
  to.replaceChildren(
    new Option('everybody', ''),
    ...others.map((name) => new Option(`${name} alone`, name)),
  );
  if (others.includes(chosen)) to.value = chosen;
}

/** Said at most once a second, and kept by nobody. */
function tellTyping() {
  const now = Date.now();
  if (now - lastTyped < 1000 || element('to').value !== '') return;
  lastTyped = now;
  chat.connection?.send(`/app/rooms/${chat.room}/typing`, {}).catch(() => {});
}

function showTyping({ by }) {
  if (by === chat.name) return;
  clearTimeout(typists.get(by));
  const forget = () => {
    typists.delete(by);
    showTypists();
  };
  typists.set(by, setTimeout(forget, typingLasts));
  showTypists();
}

function showTypists() {
  const names = [...typists.keys()];
  const verb = names.length === 1 ? 'is' : 'are';
  element('typing').textContent = names.length === 0 ? '' : `${names.join(', ')} ${verb} typing …`;
}
