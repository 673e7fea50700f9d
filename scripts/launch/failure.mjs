// A failure that a person can do something about: its message is all that is shown.

export class Failure extends Error {
  /**
   * @param {string} message one sentence with the reason and, if possible, the fix
   * @param {number} exitCode
   */
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
