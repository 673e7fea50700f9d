// What the page shows; whatever somebody wrote is shown as text.

export const element = (id) => document.getElementById(id);

const states = { open: 'Connected', waiting: 'Connecting …', closed: 'Not connected' };
const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
/** Words that follow each other this closely, in milliseconds, stand under one name. */
const oneBreath = 300_000;

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
    before?.by === by && before.to === to && at - before.at < oneBreath,
  );
  const head = part('p', 'head', '');
  const when = part('time', 'quiet', time.format(at));
  when.dateTime = new Date(at).toISOString();
  head.append(part('span', 'who', to === undefined ? by : `${by} to ${to} alone`), ' ', when);
  item.append(head, part('p', 'words', text));
  element('messages').append(item);
}

/** What the page itself has to say among the messages. */
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

/** Who is here, and to whom one may speak alone. */
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
  const options = others.map((name) => new Option(`${name} alone`, name));
  // Whoever left stays chosen: what is meant for one is never said to all.
  if (chosen !== '' && !others.includes(chosen))
    options.push(new Option(`${chosen} (away)`, chosen));
  to.replaceChildren(new Option('everybody', ''), ...options);
  to.value = chosen;
}

/**
 * Says at each field of a form what is wrong with it, and goes to the first such field.
 * @param {HTMLFormElement} form
 * @param {readonly { path: string, message: string }[]} problems none: all is well again
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

/** Everybody has a colour and an initial. */
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

/** For whoever was reading there: when words come, and when the room for them shrinks, as above a phone's keyboard. */
function keepEndInSight(log, words) {
  const endNow = () => log.scrollHeight - log.clientHeight;
  let end = 0;
  let atEnd = true;
  log.addEventListener('scroll', () => {
    // Whoever was at the end stays there, though more came before this was told.
    atEnd = Math.min(end, endNow()) - log.scrollTop < 40;
  });
  const observer = new ResizeObserver(() => {
    end = endNow();
    if (atEnd) log.scrollTop = end;
  });
  observer.observe(log);
  observer.observe(words);
}
