// Opens copies of a store in a separate process, which LevelDB may end, and prints for each the bodies or the error code as JSON.
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
