// Opens copies of a store and prints, as one line of JSON each, the bodies that it finds or the code with which it is refused.
// A separate process, because LevelDB may end the process on a damaged file.
const [bundle, ...paths] = process.argv.slice(2);
const { levelStore } = await import(bundle);

for (const path of paths) {
  const store = levelStore({ path });
  let result;
  try {
    const messages = await store.open();
    await store.close();
    result = { bodies: messages.map(({ message }) => Buffer.from(message.body).toString()) };
  } catch (error) {
    result = { code: error.code };
  }
  console.log(JSON.stringify(result));
}
