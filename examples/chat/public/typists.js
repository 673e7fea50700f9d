// Who is typing: shown for a while, and kept by nobody.

/** How long somebody counts as typing, in milliseconds. */
const lasts = 3000;

/** @param {(names: string[]) => void} show */
export function createTypists(show) {
  const timers = new Map();
  const showAll = () => show([...timers.keys()]);

  function remove(name) {
    clearTimeout(timers.get(name));
    if (timers.delete(name)) showAll();
  }

  return {
    /** @param {string} name */
    add(name) {
      const known = timers.has(name);
      clearTimeout(timers.get(name));
      timers.set(name, setTimeout(remove, lasts, name));
      if (!known) showAll();
    },
    remove,
    clear() {
      for (const name of timers.keys()) remove(name);
    },
  };
}
