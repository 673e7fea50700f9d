// Spring's WebSocketStompClient over its SockJsClient with one transport: prints a line for each thing that works.
import java.lang.reflect.Type;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.springframework.messaging.converter.StringMessageConverter;
import org.springframework.messaging.simp.stomp.StompFrameHandler;
import org.springframework.messaging.simp.stomp.StompHeaders;
import org.springframework.messaging.simp.stomp.StompSession;
import org.springframework.messaging.simp.stomp.StompSessionHandlerAdapter;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.WebSocketHttpHeaders;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.client.WebSocketClient;
import org.springframework.web.socket.client.standard.StandardWebSocketClient;
import org.springframework.web.socket.handler.WebSocketHandlerDecorator;
import org.springframework.web.socket.messaging.WebSocketStompClient;
import org.springframework.web.socket.sockjs.client.RestTemplateXhrTransport;
import org.springframework.web.socket.sockjs.client.SockJsClient;
import org.springframework.web.socket.sockjs.client.Transport;
import org.springframework.web.socket.sockjs.client.WebSocketTransport;

public class SockJs {
  static final String TOPIC = "/topic/spring";
  static final int MESSAGES = 1000;

  final BlockingQueue<String> received = new LinkedBlockingQueue<>();
  final BlockingQueue<String> versions = new LinkedBlockingQueue<>();
  final BlockingQueue<CloseStatus> closes = new LinkedBlockingQueue<>();
  StompSession session;

  public static void main(String[] args) {
    try {
      new SockJs().run("http://127.0.0.1:" + args[0] + "/ws", transport(args[1]));
      System.exit(0);
    } catch (Exception failure) {
      failure.printStackTrace();
      System.exit(1);
    }
  }

  static Transport transport(String name) {
    if (name.equals("websocket")) return new WebSocketTransport(new StandardWebSocketClient());
    RestTemplateXhrTransport transport = new RestTemplateXhrTransport();
    transport.setXhrStreamingDisabled(name.equals("xhr"));
    return transport;
  }

  void run(String url, Transport transport) throws Exception {
    connect(url, transport);
    System.out.println("connected " + versions.poll(15, TimeUnit.SECONDS));
    await(subscribe());
    System.out.println("subscribed");

    List<String> sent = new ArrayList<>();
    for (int i = 0; i < MESSAGES; i++) sent.add(i + " é % < \u2028");
    StompSession.Receiptable last = null;
    for (String body : sent) last = session.send(TOPIC, body);
    await(last);
    System.out.println("receipt");
    for (String body : sent)
      if (!body.equals(received.poll(15, TimeUnit.SECONDS)))
        throw new IllegalStateException("Another message instead of '" + body + "', or none.");
    System.out.println(MESSAGES + " messages in order");

    session.setAutoReceipt(false);
    LastFrame.send(() -> session.send("/app/close", ""));
    CloseStatus status = closes.poll(15, TimeUnit.SECONDS);
    System.out.println("closed " + status.getCode() + " " + status.getReason());

    connect(url, transport);
    LastFrame.send(session::disconnect);
    System.out.println("disconnected " + closes.poll(15, TimeUnit.SECONDS).getCode());
  }

  void connect(String url, Transport transport) throws Exception {
    SockJsClient sockJs = new SockJsClient(List.of(transport));
    WebSocketStompClient client = new WebSocketStompClient(new ObservedClient(sockJs));
    ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();
    scheduler.initialize();
    client.setTaskScheduler(scheduler);
    client.setMessageConverter(new StringMessageConverter());
    StompSessionHandlerAdapter handler =
        new StompSessionHandlerAdapter() {
          @Override
          public void afterConnected(StompSession connected, StompHeaders headers) {
            versions.add(headers.getFirst("version"));
          }
        };
    session = client.connectAsync(url, handler).get(15, TimeUnit.SECONDS);
    session.setAutoReceipt(true);
  }

  StompSession.Subscription subscribe() {
    return session.subscribe(
        TOPIC,
        new StompFrameHandler() {
          @Override
          public Type getPayloadType(StompHeaders headers) {
            return String.class;
          }

          @Override
          public void handleFrame(StompHeaders headers, Object payload) {
            received.add((String) payload);
          }
        });
  }

  static void await(StompSession.Receiptable expected) throws Exception {
    CountDownLatch latch = new CountDownLatch(1);
    expected.addReceiptTask(latch::countDown);
    if (!latch.await(15, TimeUnit.SECONDS)) throw new IllegalStateException("no receipt");
  }

  /** The STOMP client does not report the code and the reason of a close. */
  class ObservedClient implements WebSocketClient {
    final WebSocketClient client;

    ObservedClient(WebSocketClient client) {
      this.client = client;
    }

    @Override
    public CompletableFuture<WebSocketSession> execute(
        WebSocketHandler handler, String template, Object... variables) {
      return client.execute(observed(handler), template, variables);
    }

    @Override
    public CompletableFuture<WebSocketSession> execute(
        WebSocketHandler handler, WebSocketHttpHeaders headers, URI uri) {
      return client.execute(observed(handler), headers, uri);
    }

    WebSocketHandler observed(WebSocketHandler handler) {
      return new WebSocketHandlerDecorator(handler) {
        @Override
        public void afterConnectionClosed(WebSocketSession closed, CloseStatus status)
            throws Exception {
          closes.add(status);
          super.afterConnectionClosed(closed, status);
        }
      };
    }
  }
}
