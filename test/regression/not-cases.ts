// Entries of the list of faults, and parts of them, that no case covers, each with the reason.

/** Whole entries. */
export const notCases: Readonly<Record<string, string>> = {
  F4: 'A program of the README. The tests of the docs run it, also without the types that esbuild and tsx leave out.',
  F7: 'Layout, links and wording of the example pages. The browser tests of the examples check them.',
  G2: 'Tests that need a fast machine. Only a run under load shows it.',
  G3: 'Mutants of the source. The mutation tests show them.',
  G4: 'The duration of all tests and the number of test helpers.',
  H2: 'Nanoseconds for each call. A benchmark measures them.',
};

/** Parts of entries that have cases. */
export const partsWithoutCases: Readonly<Record<string, string>> = {
  C11: 'A growing delay of redelivery needs an option whose name is not decided.',
  D3: 'With @Type, a class that is evaluated before `signalbox` fails inside class-transformer, before any of our code runs.',
  D8: 'Whether "20" is a number is a decision that the docs explain.',
  D13: 'That the search for controllers does not walk node_modules is shown by its own tests. The logger of the broker writes nothing without a failure.',
  F5: 'Packages that the docs do not install, and a missing await in the docs: the tests of the docs show both. That a client receives no frame at the end of a stream: STOMP has none, so the docs recommend a last item.',
  F6: 'What the docs say about `clientPublish`.',
};
