// Spring's WebSocketStompClient: prints a line for each thing that it counts on and finds. It knows no transactions.
import jakarta.websocket.ContainerProvider;
import jakarta.websocket.WebSocketContainer;
import java.lang.reflect.Type;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.springframework.messaging.converter.StringMessageConverter;
import org.springframework.messaging.simp.stomp.StompFrameHandler;
import org.springframework.messaging.simp.stomp.StompHeaders;
import org.springframework.messaging.simp.stomp.StompSession;
import org.springframework.messaging.simp.stomp.StompSessionHandlerAdapter;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.web.socket.WebSocketHttpHeaders;
import org.springframework.web.socket.client.standard.StandardWebSocketClient;
import org.springframework.web.socket.messaging.WebSocketStompClient;

public class Client {
  static final String QUEUE = "/queue/spring";
  static final int LIMIT = 2 * 1024 * 1024;

  record Received(StompHeaders headers, String body) {}

  final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
  final BlockingQueue<String> versions = new LinkedBlockingQueue<>();
  StompSession session;

  public static void main(String[] args) {
    try {
      new Client().run("ws://127.0.0.1:" + args[0] + "/gs-guide-websocket");
      System.exit(0);
    } catch (Exception failure) {
      failure.printStackTrace();
      System.exit(1);
    }
  }

  void run(String url) throws Exception {
    try {
      connect(url, "wrong");
      throw new IllegalStateException("A wrong passcode was accepted.");
    } catch (ExecutionException refused) {
      System.out.println("refused");
    }
    session = connect(url, "guest");
    session.setAutoReceipt(true);
    System.out.println("connected " + versions.poll(15, TimeUnit.SECONDS));

    subscribe();
    send("one");
    System.out.println("receipt");
    settle(next("one"), true);
    System.out.println("ack");
    send("two");
    settle(next("two"), false);
    StompHeaders again = next("two");
    if (!"true".equals(again.getFirst("redelivered"))) throw new IllegalStateException("unmarked");
    settle(again, true);
    System.out.println("nack");

    // Longer than twice the heart-beat interval, after which the server or the client would close a silent
    // connection.
    Thread.sleep(7500);
    String large = "x".repeat(1024 * 1024);
    send(large);
    System.out.println("heart-beats");
    settle(next(large), true);
    System.out.println("a body of 1 MiB");
    LastFrame.send(session::disconnect);
    System.out.println("disconnected");
  }

  StompSession connect(String url, String passcode) throws Exception {
    WebSocketContainer container = ContainerProvider.getWebSocketContainer();
    container.setDefaultMaxTextMessageBufferSize(LIMIT);
    container.setDefaultMaxBinaryMessageBufferSize(LIMIT);
    WebSocketStompClient client = new WebSocketStompClient(new StandardWebSocketClient(container));
    ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();
    scheduler.initialize();
    client.setTaskScheduler(scheduler);
    client.setDefaultHeartbeat(new long[] {3000, 3000});
    client.setInboundMessageSizeLimit(LIMIT);
    client.setMessageConverter(new StringMessageConverter());
    StompHeaders headers = new StompHeaders();
    headers.setLogin("guest");
    headers.setPasscode(passcode);
    StompSessionHandlerAdapter handler =
        new StompSessionHandlerAdapter() {
          @Override
          public void afterConnected(StompSession connected, StompHeaders said) {
            versions.add(said.getFirst("version"));
          }
        };
    return client
        .connectAsync(url, new WebSocketHttpHeaders(), headers, handler)
        .get(15, TimeUnit.SECONDS);
  }

  void subscribe() throws Exception {
    StompHeaders headers = new StompHeaders();
    headers.setDestination(QUEUE);
    headers.setAck("client-individual");
    StompFrameHandler handler =
        new StompFrameHandler() {
          @Override
          public Type getPayloadType(StompHeaders said) {
            return String.class;
          }

          @Override
          public void handleFrame(StompHeaders said, Object payload) {
            received.add(new Received(said, (String) payload));
          }
        };
    await(session.subscribe(headers, handler));
  }

  void send(String body) throws Exception {
    StompHeaders headers = new StompHeaders();
    headers.setDestination(QUEUE);
    await(session.send(headers, body));
  }

  void settle(StompHeaders delivered, boolean consumed) throws Exception {
    await(session.acknowledge(delivered.getFirst("ack"), consumed));
  }

  StompHeaders next(String body) throws Exception {
    Received message = received.poll(15, TimeUnit.SECONDS);
    if (message == null || !message.body().equals(body))
      throw new IllegalStateException("Something else came, or nothing.");
    return message.headers();
  }

  static void await(StompSession.Receiptable asked) throws Exception {
    CountDownLatch latch = new CountDownLatch(1);
    asked.addReceiptTask(latch::countDown);
    if (!latch.await(15, TimeUnit.SECONDS)) throw new IllegalStateException("no receipt");
  }
}
