// Everything that applications import from `signalbox/store`.
export { levelStore, type LevelStoreOptions } from './broker/store/level-store.js';
export type { MessageStore, StoreChange, StoredMessage } from './broker/embedded/message-store.js';
