// docs/coming-from-spring.md: it lists all features of Spring, and names only existing features of signalbox.
import { expect, it } from 'vitest';
import * as signalbox from '../../src/index.js';
import { readPages } from './page.js';

/** Spring's annotations, the methods that configure its messaging, and the types that applications meet. */
const spring = `
  @Controller @MessageMapping @SubscribeMapping @MessageExceptionHandler @ControllerAdvice @SendTo @SendToUser @Payload @Valid
  @Validated @Header @Headers @DestinationVariable @AuthenticationPrincipal @EnableWebSocketMessageBroker @EnableWebSocket
  @EnableWebSocketSecurity @PreAuthorize @WebSocketScope @EventListener @JsonView
  @AsyncPublisher @AsyncListener addHandler CsrfTokenHandshakeInterceptor XorCsrfChannelInterceptor

  registerStompEndpoints addEndpoint setOrder setUrlPathHelper setErrorHandler setPreserveReceiveOrder setHandshakeHandler
  addInterceptors setAllowedOrigins setAllowedOriginPatterns withSockJS

  setTaskScheduler setClientLibraryUrl setStreamBytesLimit setSessionCookieNeeded setHeartbeatTime setDisconnectDelay
  setHttpMessageCacheSize setWebSocketEnabled setTransportHandlers setTransportHandlerOverrides setInterceptors setMessageCodec
  setSuppressCors

  configureWebSocketTransport setMessageSizeLimit setSendTimeLimit setSendBufferSizeLimit setTimeToFirstMessage
  addDecoratorFactory setMaxTextMessageBufferSize setMaxBinaryMessageBufferSize setMaxSessionIdleTimeout setAsyncSendTimeout

  configureMessageBroker enableSimpleBroker enableStompBrokerRelay setApplicationDestinationPrefixes setUserDestinationPrefix
  setUserRegistryOrder setPathMatcher setCacheLimit setPreservePublishOrder configureBrokerChannel setHeartbeatValue
  setSelectorHeaderName setRelayHost setRelayPort setClientLogin setClientPasscode setSystemLogin setSystemPasscode
  setSystemHeartbeatSendInterval setSystemHeartbeatReceiveInterval setVirtualHost setAutoStartup setUserDestinationBroadcast
  setUserRegistryBroadcast setTcpClient

  configureClientInboundChannel configureClientOutboundChannel taskExecutor corePoolSize maxPoolSize keepAliveSeconds
  queueCapacity executor addArgumentResolvers addReturnValueHandlers configureMessageConverters getPhase getValidator
  addHeaderFilter

  Principal Message<T> MessageHeaders SimpMessageHeaderAccessor StompHeaderAccessor Optional<T> CompletableFuture Mono Flux
  HandlerMethodArgumentResolver HandlerMethodReturnValueHandler HandshakeInterceptor ChannelInterceptor MessageConverter
  SimpMessagingTemplate SimpUserRegistry MultiServerUserRegistry SessionConnectEvent SessionConnectedEvent
  SessionSubscribeEvent SessionUnsubscribeEvent SessionDisconnectEvent BrokerAvailabilityEvent WebSocketMessageBrokerStats
  StompSubProtocolErrorHandler SubProtocolHandler WebSocketStompClient SockJsClient
`
  .trim()
  .split(/\s+/);

const { prose } = readPages().find(({ path }) => path === 'docs/coming-from-spring.md')!;

/** Spring's name, the name in signalbox, and the comparison. The last table compares behavior. */
const rows = prose
  .split('## Behavior')[0]!
  .split('\n')
  .filter((line) => /^\| (?!---|Spring)/.test(line))
  .map((line) => line.slice(1, -1).split('|'))
  .map((cells) => cells.map((cell) => cell.trim()));

const { options } = await signalbox.createServer();

function spansOf(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, span]) => span!);
}

/** An export, such as `@Controller('/rooms')` or `argument`, or an option, such as `limits.maxFrameBytes`. */
function isOurs(name: string): boolean {
  const [, exported] = /^@?(\w+)/.exec(name) ?? [];
  if (exported !== undefined && exported in signalbox) return true;
  return name
    .split('.')
    .every((_, i, parts) => Object.hasOwn(valueAt(parts.slice(0, i)), parts[i]!));
}

function valueAt(path: readonly string[]): object {
  return path.reduce<object>((value, name) => Reflect.get(value, name) as object, options);
}

it('lists all features of Spring', () => {
  const said = new Set(rows.flatMap(([theirs]) => spansOf(theirs!)));
  expect(spring.filter((name) => !said.has(name))).toEqual([]);
});

it('names only existing features of signalbox', () => {
  expect(rows.flatMap(([, ours]) => spansOf(ours!)).filter((name) => !isOurs(name))).toEqual([]);
});

it('has a comparison for each feature', () => {
  const verdict = /^(same|differs: |not yet|not needed)/;
  expect(rows.filter(([, , how]) => !verdict.test(how ?? ''))).toEqual([]);
});
