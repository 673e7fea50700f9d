// The frames that users may send. All other frames are refused.
import { MessagingError, type Interceptor } from 'signalbox';

/** `/topic/*`, but not patterns such as `/topic/**`, which match several segments. */
const ownDestinations = /^(?:\/topic\/(?!\*\*)[^/{]+|\/user\/.+|\/app\/.+)$/;

/** Handlers receive only the frames that this interceptor passes on. */
export const accessRules: Interceptor = async (frame, { principal }, next) => {
  const isUser = principal?.roles?.includes('USER') === true;
  if (!isAllowed(frame, isUser)) throw new MessagingError('destination-refused');
  await next();
};

function isAllowed(frame: Parameters<Interceptor>[0], isUser: boolean): boolean {
  switch (frame.kind) {
    case 'subscribe':
      return (
        frame.destination === '/user/queue/errors' ||
        (isUser && ownDestinations.test(frame.destination))
      );
    case 'send':
      return isUser && frame.message.destination.startsWith('/app/');
    default:
      // Frames without a destination. `authenticate` has refused clients without a user.
      return true;
  }
}
