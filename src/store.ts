// Everything that applications import from `signalbox/store`.
export { levelStore, type LevelStoreOptions } from './broker/embedded/store/level-store.js';
export type {
  MessageStore,
  StoreChange,
  StoredMessage,
} from './broker/embedded/store/message-store.js';
