// Updates the page. Texts of users are always shown as text, never as markup.

export const element = (id) => document.getElementById(id);

const states = { open: 'Connected', waiting: 'Connecting …', closed: 'Not connected' };
const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
/** Messages of one user within this time, in milliseconds, are shown under one name. */
const groupingTime = 300_000;

/**
 * @param {'open' | 'waiting' | 'closed'} state
 * @param {string} [protocol]
 */
export function showState(state, protocol = '') {
  element('state').dataset.state = state;
  element('state').textContent =
    state === 'open' ? `${states.open} over ${protocol.toUpperCase()}` : states[state];
}

keepEndInSight(element('log'), element('messages'));

/** @param {{ by: string, text: string, at: number, to?: string }} message */
export function showMessage({ by, text, at, to }, own) {
  const before = element('messages').lastElementChild?.dataset;
  const item = document.createElement('li');
  paint(item, by);
  item.dataset.by = by;
  item.dataset.at = at;
  if (to !== undefined) item.dataset.to = to;
  item.classList.toggle('own', own);
  item.classList.toggle('whisper', to !== undefined);
  item.classList.toggle(
    'follows',
    before?.by === by && before.to === to && at - before.at < groupingTime,
  );
  const head = part('p', 'head', '');
  const when = part('time', 'quiet', time.format(at));
  when.dateTime = new Date(at).toISOString();
  head.append(part('span', 'who', to === undefined ? by : `${by} to ${to} (private)`), ' ', when);
  item.append(head, part('p', 'words', text));
  element('messages').append(item);
}

/** Shows a note of the page between the messages. */
export function showNote(text) {
  element('messages').append(part('li', 'note quiet', text));
}

export function clearMessages() {
  element('messages').replaceChildren();
}

export function showTypists(names) {
  const verb = names.length === 1 ? 'is' : 'are';
  element('typing').textContent = names.length === 0 ? '' : `${names.join(', ')} ${verb} typing …`;
}

/** @param {(room: string) => void} choose */
export function showRooms(rooms, current, choose) {
  element('room-title').textContent = `#${current}`;
  const items = rooms.map((room) => {
    const button = part('button', 'plain', `#${room}`);
    button.type = 'button';
    if (room === current) button.setAttribute('aria-current', 'true');
    else button.addEventListener('click', () => choose(room));
    const item = document.createElement('li');
    item.append(button);
    return item;
  });
  element('rooms').replaceChildren(...items);
}

/** Shows the members, and offers them as recipients of private messages. */
export function showPeople(people, self) {
  const items = people.map((name) => {
    const item = part('li', '', name === self ? `${name} (you)` : name);
    paint(item, name);
    return item;
  });
  element('people').replaceChildren(...items);

  const to = element('to');
  const chosen = to.value;
  const others = people.filter((name) => name !== self);
  const options = others.map((name) => new Option(`${name} (private)`, name));
  // A recipient who has left stays selected, so that a private message is never sent to everyone.
  if (chosen !== '' && !others.includes(chosen))
    options.push(new Option(`${chosen} (offline)`, chosen));
  to.replaceChildren(new Option('everyone', ''), ...options);
  to.value = chosen;
}

/**
 * Shows problems at the fields of a form, and focuses the first invalid field.
 * @param {HTMLFormElement} form
 * @param {readonly { path: string, message: string }[]} problems an empty list removes all problems
 */
export function showProblems(form, problems) {
  for (const place of form.querySelectorAll('.problem')) {
    const field = form.elements[place.dataset.of];
    const texts = problems.filter(({ path }) => path === field.name).map(({ message }) => message);
    place.textContent = texts.join(' ');
    if (texts.length === 0) field.removeAttribute('aria-invalid');
    else field.setAttribute('aria-invalid', 'true');
  }
  form.querySelector('[aria-invalid]')?.focus();
}

/** Sets the color and the initial of a user. */
function paint(item, name) {
  const hue = [...name].reduce((sum, character) => sum * 31 + character.codePointAt(0), 7) % 360;
  item.style.setProperty('--hue', hue);
  item.dataset.initial = [...name][0].toUpperCase();
}

function part(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

/** Keeps the end of the log visible if it was visible, when messages arrive and when the log shrinks, as above a phone's keyboard. */
function keepEndInSight(log, messages) {
  const endNow = () => log.scrollHeight - log.clientHeight;
  let end = 0;
  let atEnd = true;
  log.addEventListener('scroll', () => {
    // A message that arrived before this event must not count as scrolling away from the end.
    atEnd = Math.min(end, endNow()) - log.scrollTop < 40;
  });
  const observer = new ResizeObserver(() => {
    end = endNow();
    if (atEnd) log.scrollTop = end;
  });
  observer.observe(log);
  observer.observe(messages);
}
