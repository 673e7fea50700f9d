// The names of the members who are typing.

/** Milliseconds that a name is shown after its last event. */
const duration = 3000;

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
      timers.set(name, setTimeout(remove, duration, name));
      if (!known) showAll();
    },
    remove,
    clear() {
      for (const name of timers.keys()) remove(name);
    },
  };
}
