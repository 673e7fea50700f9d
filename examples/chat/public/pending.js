// The promises of sent messages that wait for their receipt.

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
     * @returns {Promise<void>} resolves with the receipt; rejects with the problem that names it
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
    /** Returns false if the problem belongs to no pending message. */
    fail(problem) {
      const found = take(problem.receipt);
      found?.reject(problem);
      return found !== undefined;
    },
    /** Rejects all promises because the connection is lost: the server may have processed the messages, or not. */
    lose() {
      for (const { reject } of waiting.values())
        reject({ message: 'The connection was lost. The message may not have arrived.' });
      waiting.clear();
    },
  };
}
