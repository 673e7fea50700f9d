// Creates the container of a server. inversify is imported for the first server, so that a sentence can say that it is missing.
import { importFrom } from '../message/package.js';
import type { Container, ServerContainer } from './container.js';
// Marks the services when the package is imported.
import './services.js';
import type { ServerServices } from './services.js';

let loading: Promise<typeof import('./container.js')> | undefined;

/**
 * @param given the container of the application
 * @throws {MessagingError} `option-invalid` when another server uses the container; `package-missing` without inversify
 */
export async function createContainer(
  given: Container | undefined,
  services: ServerServices,
): Promise<ServerContainer> {
  loading ??= importFrom(['inversify'], () => import('./container.js'));
  const { ServerContainer: Class } = await loading;
  return new Class(given, services);
}
