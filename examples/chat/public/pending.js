// What was sent and waits for its receipt: promises by receipt ids.

export function createPending() {
  const waiting = new Map();
  let count = 0;

  function take(receipt) {
    const found = waiting.get(receipt);
    waiting.delete(receipt);
    return found;
  }

  return {
    /**
     * @param {(receipt: string) => void} send
     * @returns {Promise<void>} settled by the receipt, or by the problem of it
     */
    send(send) {
      const receipt = `r${++count}`;
      return new Promise((resolve, reject) => {
        waiting.set(receipt, { resolve, reject });
        send(receipt);
      });
    },
    /** @param {string} receipt */
    done: (receipt) => take(receipt)?.resolve(),
    /** False when nobody waits for what failed. */
    fail(problem) {
      const found = take(problem.receipt);
      found?.reject(problem);
      return found !== undefined;
    },
    /** The connection is gone, and with it every receipt: what was sent may have arrived, or not. */
    lose() {
      for (const { reject } of waiting.values())
        reject({ message: 'The connection was lost on the way.' });
      waiting.clear();
    },
  };
}
