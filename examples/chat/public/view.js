// What the page shows; whatever somebody wrote is shown as text.

export const element = (id) => document.getElementById(id);
export const list = element;

const words = { open: 'Connected', waiting: 'Connecting …', closed: 'Not connected' };
const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/** @param {'open' | 'waiting' | 'closed'} state */
export function showState(state, protocol) {
  element('state').dataset.state = state;
  element('state').textContent =
    state === 'open' ? `${words.open} over ${protocol.toUpperCase()}` : words[state];
}

/** @param {{ by: string, text: string, at: number, to?: string }} message */
export function showMessage({ by, text, at, to }, own) {
  const item = document.createElement('li');
  item.className = [own ? 'own' : '', to === undefined ? '' : 'whisper'].join(' ').trim();
  const who = part('span', 'who', to === undefined ? by : `${by} to ${to} alone`);
  const when = part('time', 'quiet', time.format(at));
  when.dateTime = new Date(at).toISOString();
  item.append(who, ' ', when, part('p', 'words', text));
  append(item);
}

/** What the page itself has to say among the messages. */
export function showNote(text) {
  append(part('li', 'note quiet', text));
}

/** A problem of what was typed, at its field; none when the text is empty. */
export function setProblem(text) {
  element('problem').textContent = text;
  element('text').toggleAttribute('aria-invalid', text !== '');
  if (text !== '') element('text').setAttribute('aria-invalid', 'true');
}

function part(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

/** Keeps the end in sight for whoever was reading there. */
function append(item) {
  const log = element('log');
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  element('empty').hidden = true;
  list('messages').append(item);
  if (atEnd) log.scrollTop = log.scrollHeight;
}
