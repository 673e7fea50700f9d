// Sends a frame after which the server closes the connection.
import java.util.concurrent.RejectedExecutionException;
import org.springframework.messaging.MessageDeliveryException;

class LastFrame {
  /** Tyrus starts a timer after it has sent a frame, and throws if the connection is already closed. */
  static void send(Runnable sending) {
    try {
      sending.run();
    } catch (MessageDeliveryException failure) {
      if (!(failure.getCause() instanceof RejectedExecutionException)) throw failure;
    }
  }
}
