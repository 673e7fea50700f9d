// The page: who one is, which room one is in, and what is said there.
import { open } from './connection.js';
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
  /** The last message of the room that is known here: where to go on from when the connection was lost. */
  last: undefined,
  /** Ends the subscriptions of the room. */
  leaveRoom: () => {},
};
const typists = createTypists(showTypists);
let lastTyped = 0;

element('enter').addEventListener('submit', (event) => {
  event.preventDefault();
  const { name, protocol } = Object.fromEntries(new FormData(event.target));
  enter(name.trim(), protocol);
});
element('leave').addEventListener('click', leave);
element('say').addEventListener('submit', (event) => {
  event.preventDefault();
  void say(event.target);
});
element('text').addEventListener('input', tellTyping);

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
      showProblems(element('enter'), [{ path: 'name', message: 'This name cannot be used.' }]);
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

/** Connected, the first time or again. */
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
  /** What was said while the answer to `recent` was on its way. */
  let early = [];
  const ends = [
    connection.subscribe(`/topic/rooms/${room}`, (message) =>
      early === undefined ? hear(message) : early.push(message),
    ),
    connection.subscribe(`/topic/rooms/${room}/people`, (people) => showPeople(people, chat.name)),
    connection.subscribe(`/topic/rooms/${room}/typing`, ({ by }) => {
      if (by !== chat.name) typists.add(by);
    }),
  ];
  chat.leaveRoom = () => ends.forEach((end) => end());
  // Asked for when the topic is heard already, so that nothing falls between.
  connection.subscribe(
    `/app/rooms/${room}/recent`,
    (recent) => {
      if (room !== chat.room) return;
      if (last !== undefined) showMissed(recent);
      for (const message of [...recent.messages, ...early]) hear(message);
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

/** What the room says; a message that came by two ways is shown once. */
function hear(message) {
  if (message.id <= (chat.last ?? 0)) return;
  chat.last = message.id;
  typists.remove(message.by);
  showMessage(message, message.by === chat.name);
}

function showMissed({ messages: { length }, complete }) {
  if (!complete && length === 0)
    return showNote('You are back; what was said meanwhile is not known any more.');
  if (length === 0) return showNote('You are back; nothing was said meanwhile.');
  const messages = length === 1 ? '1 message' : `${length} messages`;
  showNote(`You are back; ${complete ? '' : 'the latest '}${messages} meanwhile:`);
}

async function say(form) {
  const { text, to } = form.elements;
  const words = text.value;
  showProblems(form, []);
  if (!chat.isOpen)
    return showProblems(form, [{ path: 'text', message: 'Not connected; say it again soon.' }]);
  // Free for the next words at once, not when the server has answered.
  text.value = '';
  text.focus();
  try {
    if (to.value === '') await chat.connection.send(`/app/rooms/${chat.room}/say`, { text: words });
    else await chat.connection.send('/app/whisper', { to: to.value, text: words });
  } catch ({ message, fields = [{ path: 'text', message }] }) {
    text.value = text.value === '' ? words : `${words} ${text.value}`;
    showProblems(form, fields);
  }
}

/** Said at most once a second, and kept by nobody. */
function tellTyping() {
  const now = Date.now();
  if (now - lastTyped < 1000 || !chat.isOpen || element('to').value !== '') return;
  lastTyped = now;
  chat.connection.send(`/app/rooms/${chat.room}/typing`, {}).catch(() => {});
}
