// The error of an expected failure: only its message is printed.

export class Failure extends Error {
  /**
   * @param {string} message one sentence with the cause and, if there is one, the fix
   * @param {number} exitCode
   */
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
