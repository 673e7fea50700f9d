// The page: the user's name, the current room, and its messages.
import { open } from './connection.js';
import { problemOfName } from './name.js';
import { createTypists } from './typists.js';
import {
  clearMessages,
  element,
  showMessage,
  showNote,
  showPeople,
  showProblems,
  showRooms,
  showState,
  showTypists,
} from './view.js';

const rooms = ['lobby', 'signals', 'workshop'];

const chat = {
  /** @type {import('./connection.js').Connection | undefined} */
  connection: undefined,
  isOpen: false,
  name: '',
  room: rooms[0],
  /** The id of the last message of the room that the page has shown. After a reconnection, later ones are requested. */
  last: undefined,
  /** Ends the subscriptions of the room. */
  leaveRoom: () => {},
};
const typists = createTypists(showTypists);
let lastTyped = 0;

element('enter').addEventListener('submit', (event) => {
  event.preventDefault();
  const { name, protocol } = Object.fromEntries(new FormData(event.target));
  const problem = problemOfName(name.trim());
  if (problem === undefined) enter(name.trim(), protocol);
  else showProblems(event.target, [{ path: 'name', message: problem }]);
});
element('leave').addEventListener('click', leave);
element('say').addEventListener('submit', (event) => {
  event.preventDefault();
  void say(event.target);
});
element('text').addEventListener('input', sendTyping);

function enter(name, protocol) {
  chat.connection?.close();
  chat.name = name;
  showProblems(element('enter'), []);
  showProblems(element('say'), []);
  element('say').reset();
  forgetRoom();
  showState('waiting', protocol);
  chat.connection = open(protocol, name, {
    opened() {
      showState('open', protocol);
      opened();
    },
    lost() {
      chat.isOpen = false;
      showState('waiting', protocol);
    },
    refused() {
      leave();
      const message = 'The server refused this name. Choose another one.';
      showProblems(element('enter'), [{ path: 'name', message }]);
    },
    failed: ({ message }) => showNote(message),
  });
}

function leave() {
  chat.connection?.close();
  chat.connection = undefined;
  chat.isOpen = false;
  showState('closed');
  element('chat').hidden = true;
  element('enter').hidden = false;
  element('name').focus();
}

/** Runs after each connect and reconnect. */
function opened() {
  chat.isOpen = true;
  showProblems(element('say'), []);
  chat.connection.subscribe('/user/queue/whispers', (whisper) =>
    showMessage(whisper, whisper.by === chat.name),
  );
  openRoom();
  if (!element('chat').hidden) return;
  element('enter').hidden = true;
  element('chat').hidden = false;
  showRooms(rooms, chat.room, changeRoom);
  element('text').focus();
}

function openRoom() {
  const { connection, room, last } = chat;
  /** Messages that arrive before the answer to `recent`. */
  let early = [];
  const ends = [
    connection.subscribe(`/topic/rooms/${room}`, (message) =>
      early === undefined ? receive(message) : early.push(message),
    ),
    connection.subscribe(`/topic/rooms/${room}/people`, (people) => showPeople(people, chat.name)),
    connection.subscribe(`/topic/rooms/${room}/typing`, ({ by }) => {
      if (by !== chat.name) typists.add(by);
    }),
  ];
  chat.leaveRoom = () => ends.forEach((end) => end());
  // Requested after the subscription of the topic, so that no message is missed between the two.
  connection.subscribe(
    `/app/rooms/${room}/recent`,
    (recent) => {
      if (room !== chat.room) return;
      if (last !== undefined) showMissed(recent);
      for (const message of [...recent.messages, ...early]) receive(message);
      early = undefined;
      chat.last = Math.max(chat.last ?? 0, recent.last);
      showPeople(recent.people, chat.name);
    },
    { since: String(last ?? 0) },
  );
}

function changeRoom(room) {
  chat.leaveRoom();
  chat.room = room;
  forgetRoom();
  showRooms(rooms, room, changeRoom);
  if (chat.isOpen) openRoom();
  element('room-title').focus();
}

function forgetRoom() {
  chat.last = undefined;
  chat.leaveRoom = () => {};
  typists.clear();
  clearMessages();
}

/** Shows a message of the room. A message that arrives twice, from the topic and from `recent`, is shown once. */
function receive(message) {
  if (message.id <= (chat.last ?? 0)) return;
  chat.last = message.id;
  typists.remove(message.by);
  showMessage(message, message.by === chat.name);
}

function showMissed({ messages: { length }, complete }) {
  if (!complete && length === 0)
    return showNote('Reconnected. The server no longer has the messages that you missed.');
  if (length === 0) return showNote('Reconnected. There are no new messages.');
  const missed = length === 1 ? '1 message' : `${length} messages`;
  showNote(
    complete
      ? `Reconnected. You missed ${missed}:`
      : `Reconnected. The latest ${missed} you missed:`,
  );
}

async function say(form) {
  const { text, to } = form.elements;
  const draft = text.value;
  showProblems(form, []);
  if (!chat.isOpen)
    return showProblems(form, [{ path: 'text', message: 'Not connected. Send it again later.' }]);
  // Cleared before the server answers, so that the next message can be typed.
  text.value = '';
  text.focus();
  try {
    if (to.value === '') await chat.connection.send(`/app/rooms/${chat.room}/say`, { text: draft });
    else await chat.connection.send('/app/whisper', { to: to.value, text: draft });
  } catch ({ message, fields = [{ path: 'text', message }] }) {
    text.value = text.value === '' ? draft : `${draft} ${text.value}`;
    showProblems(form, fields);
  }
}

/** Sent at most once a second. */
function sendTyping() {
  const now = Date.now();
  if (now - lastTyped < 1000 || !chat.isOpen || element('to').value !== '') return;
  lastTyped = now;
  chat.connection.send(`/app/rooms/${chat.room}/typing`, {}).catch(() => {});
}
