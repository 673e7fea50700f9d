// An abort signal for the application: exceptions of its listeners are reported instead of ending the process.
import { isPromise } from '../message/promise.js';

type AddParameters = Parameters<EventTarget['addEventListener']>;
type RemoveParameters = Parameters<EventTarget['removeEventListener']>;

type Listener = AddParameters[1];

/** Receives an exception of a listener, or the rejection of a promise that it has returned. */
type Report = (error: unknown) => void;

const reports = new WeakMap<AbortSignal, Report>();

/** The guard of each listener, so that a listener can be removed, and is called once if it is added twice. */
const guards = new WeakMap<Listener, Listener>();

/** A real signal with two methods replaced: Node and libraries accept it wherever they take an AbortSignal. */
const guardedMethods: PropertyDescriptorMap = {
  addEventListener: { value: addEventListener, configurable: true, writable: true },
  removeEventListener: { value: removeEventListener, configurable: true, writable: true },
};

/**
 * Returns a controller whose signal can be passed to the application. Node ends the process when a listener of another signal
 * throws, or returns a promise that rejects. A signal that the application derives by `AbortSignal.any()` is not guarded.
 */
export function guardedController(report: Report): AbortController {
  const controller = new AbortController();
  // `onabort` is guarded as well: its setter calls `addEventListener`.
  Object.defineProperties(controller.signal, guardedMethods);
  reports.set(controller.signal, report);
  return controller;
}

function addEventListener(this: AbortSignal, ...[type, listener, options]: AddParameters): void {
  EventTarget.prototype.addEventListener.call(this, type, guarded(listener), options);
}

function removeEventListener(
  this: AbortSignal,
  ...[type, listener, options]: RemoveParameters
): void {
  EventTarget.prototype.removeEventListener.call(this, type, guarded(listener), options);
}

/** A value that is not a listener is returned unchanged, so that EventTarget treats it as usual. */
function guarded(listener: Listener): Listener {
  const isListener =
    typeof listener === 'function' || (typeof listener === 'object' && listener !== null);
  return isListener ? (guards.get(listener) ?? createGuard(listener)) : listener;
}

function createGuard(listener: Listener): Listener {
  function guard(this: AbortSignal, event: Event): void {
    const report = reports.get(this)!;
    try {
      const result: unknown =
        typeof listener === 'function' ? listener.call(this, event) : listener.handleEvent(event);
      if (isPromise(result)) Promise.resolve(result).catch(report);
    } catch (error) {
      report(error);
    }
  }
  guards.set(listener, guard);
  return guard;
}
