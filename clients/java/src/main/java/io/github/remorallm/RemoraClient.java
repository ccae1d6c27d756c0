package io.github.remorallm;

import io.github.remorallm.v1.ChatRequest;
import io.github.remorallm.v1.ChatServiceGrpc;
import io.github.remorallm.v1.CompleteRequest;
import io.github.remorallm.v1.EmbedRequest;
import io.github.remorallm.v1.FailoverReport;
import io.github.remorallm.v1.GetReportRequest;
import io.github.remorallm.v1.GetReportResponse;
import io.github.remorallm.v1.HealthRequest;
import io.github.remorallm.v1.HealthResponse;
import io.github.remorallm.v1.HealthServiceGrpc;
import io.github.remorallm.v1.ListModelsRequest;
import io.github.remorallm.v1.ListModelsResponse;
import io.github.remorallm.v1.Message;
import io.github.remorallm.v1.ResetHealthRequest;
import io.github.remorallm.v1.ResetHealthResponse;
import io.grpc.ChannelCredentials;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Calls the sidecar. Make one and share it: it is safe to use from any number of threads.
 *
 * <p>Each call waits for a sidecar that is not up, connects once, and is never repeated. Every
 * failure is a {@link RemoraException}; arguments that cannot be are IllegalArgumentException.
 *
 * <p>The methods ending in {@code Async} do not wait. Cancelling or completing their future cancels
 * the call; it fails with a {@link RemoraException}, which {@code get} and {@code join} wrap in
 * their own. Futures derived from it (as by {@code thenApply}) do not cancel it.
 */
public final class RemoraClient implements AutoCloseable {
  /** This client's version. */
  public static final String VERSION = "0.1.0";

  /** As a time limit: none. */
  public static final Duration NO_TIMEOUT = Duration.ofSeconds(Long.MAX_VALUE);

  /** How long a call may take, unless it says otherwise: 300 s. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(300);

  /** How long a call waits for a sidecar that is not up: 5 s. */
  public static final Duration DEFAULT_CONNECT_TIMEOUT = Duration.ofSeconds(5);

  private final Settings settings;
  private final Channels channels;
  private final Calls calls;

  private RemoraClient(Settings settings) {
    this.settings = settings;
    this.channels = Channels.open(settings);
    this.calls = new Calls(channels.channel(), settings);
  }

  /** A client of the sidecar at REMORA_ADDRESS, else at 127.0.0.1:7650. */
  public static RemoraClient create() {
    return builder().build();
  }

  /** A client that is told more. */
  public static Builder builder() {
    return new Builder();
  }

  /** Where the sidecar is expected. */
  public String address() {
    return settings.address().text();
  }

  /** Starts an answer to one text. {@code model} "": the sidecar's default model. */
  public ChatStream chat(String model, String prompt) {
    return chat(Requests.chat(model, prompt).build());
  }

  /** Starts the next answer of a conversation. */
  public ChatStream chat(String model, List<Message> conversation) {
    return chat(Requests.chat(model, conversation).build());
  }

  /** Starts an answer. */
  public ChatStream chat(ChatRequest request) {
    return chat(request, CallSettings.defaults());
  }

  /** Starts an answer, with settings of the call's own. */
  public ChatStream chat(ChatRequest request, CallSettings how) {
    var method = ChatServiceGrpc.getChatMethod();
    return new ChatStream(calls.stream(method, request, how, calls.limit(how)), calls);
  }

  /** The whole answer to one text. A break on the way is recovered without a trace. */
  public Answer complete(String model, String prompt) {
    return complete(Requests.complete(model, prompt).build());
  }

  /** The whole next answer of a conversation. */
  public Answer complete(String model, List<Message> conversation) {
    return complete(Requests.complete(model, conversation).build());
  }

  /** The whole answer. */
  public Answer complete(CompleteRequest request) {
    return complete(request, CallSettings.defaults());
  }

  /** The whole answer, with settings of the call's own. */
  public Answer complete(CompleteRequest request, CallSettings how) {
    return Calls.await(completeAsync(request, how));
  }

  /** The whole answer to one text, later. */
  public CompletableFuture<Answer> completeAsync(String model, String prompt) {
    return completeAsync(Requests.complete(model, prompt).build());
  }

  /** The whole next answer of a conversation, later. */
  public CompletableFuture<Answer> completeAsync(String model, List<Message> conversation) {
    return completeAsync(Requests.complete(model, conversation).build());
  }

  /** The whole answer, later. */
  public CompletableFuture<Answer> completeAsync(CompleteRequest request) {
    return completeAsync(request, CallSettings.defaults());
  }

  /** The whole answer, later, with settings of the call's own. */
  public CompletableFuture<Answer> completeAsync(CompleteRequest request, CallSettings how) {
    return calls.unary(ChatServiceGrpc.getCompleteMethod(), request, how, Answer::new);
  }

  /** One vector for each text, in order. */
  public Embeddings embed(String model, List<String> inputs) {
    return embed(Requests.embed(model, inputs).build());
  }

  /** One vector for each text, in order. */
  public Embeddings embed(EmbedRequest request) {
    return embed(request, CallSettings.defaults());
  }

  /** One vector for each text, in order, with settings of the call's own. */
  public Embeddings embed(EmbedRequest request, CallSettings how) {
    return Calls.await(embedAsync(request, how));
  }

  /** One vector for each text, in order, later. */
  public CompletableFuture<Embeddings> embedAsync(String model, List<String> inputs) {
    return embedAsync(Requests.embed(model, inputs).build());
  }

  /** One vector for each text, in order, later. */
  public CompletableFuture<Embeddings> embedAsync(EmbedRequest request) {
    return embedAsync(request, CallSettings.defaults());
  }

  /** One vector for each text, in order, later, with settings of the call's own. */
  public CompletableFuture<Embeddings> embedAsync(EmbedRequest request, CallSettings how) {
    return calls.unary(ChatServiceGrpc.getEmbedMethod(), request, how, Embeddings::new);
  }

  /** What can be asked for, and whether it is available now. */
  public ListModelsResponse listModels() {
    return listModels(ListModelsRequest.getDefaultInstance(), CallSettings.defaults());
  }

  /** What can be asked for, of one provider or of all. */
  public ListModelsResponse listModels(ListModelsRequest request, CallSettings how) {
    return Calls.await(listModelsAsync(request, how));
  }

  /** What can be asked for, later. */
  public CompletableFuture<ListModelsResponse> listModelsAsync(
      ListModelsRequest request, CallSettings how) {
    var method = ChatServiceGrpc.getListModelsMethod();
    return calls.unary(method, request, how, Function.identity());
  }

  /** How every entry and profile is now. */
  public HealthResponse health() {
    return health(CallSettings.defaults());
  }

  /** How every entry and profile is now, with settings of the call's own. */
  public HealthResponse health(CallSettings how) {
    return Calls.await(healthAsync(how));
  }

  /** How every entry and profile is, later. */
  public CompletableFuture<HealthResponse> healthAsync(CallSettings how) {
    var request = HealthRequest.getDefaultInstance();
    return calls.unary(HealthServiceGrpc.getHealthMethod(), request, how, Function.identity());
  }

  /** A snapshot of every entry and profile, and then each change; without a time limit. */
  public RemoraStream<HealthResponse> watchHealth() {
    return watchHealth(CallSettings.defaults());
  }

  /** The same, with settings of the call's own; without a time limit unless they have one. */
  public RemoraStream<HealthResponse> watchHealth(CallSettings how) {
    var request = HealthRequest.newBuilder().setWatch(true).build();
    var limit = how.timeout().orElse(NO_TIMEOUT);
    var method = HealthServiceGrpc.getHealthMethod();
    return new RemoraStream<>(calls.stream(method, request, how, limit), calls);
  }

  /**
   * What happened to calls of the last ten minutes with that request id: newest first, at most 10;
   * NOT_FOUND for none.
   */
  public List<FailoverReport> getReport(String requestId) {
    var request = GetReportRequest.newBuilder().setRequestId(requestId).build();
    var method = HealthServiceGrpc.getGetReportMethod();
    var how = CallSettings.defaults();
    return Calls.await(calls.unary(method, request, how, GetReportResponse::getReportsList));
  }

  /** Forgets breakers and cooldowns of one entry, one profile, or all; NOT_FOUND for no such. */
  public ResetHealthResponse resetHealth(ResetHealthRequest request) {
    var method = HealthServiceGrpc.getResetHealthMethod();
    var how = CallSettings.defaults();
    return Calls.await(calls.unary(method, request, how, Function.identity()));
  }

  /** Whether the sidecar takes calls: it listens, and does not drain. Needs no token. */
  public boolean isServing() {
    var how = CallSettings.defaults();
    var asked = calls.unary(Serving.CHECK, Serving.WHOLE_SERVER, how, Serving::isServing);
    return Calls.await(asked);
  }

  /** Cancels what still runs and disconnects; waits for that, 2 seconds at the most. */
  @Override
  public void close() {
    channels.close();
  }

  /** Says where the sidecar is expected, and no more. */
  @Override
  public String toString() {
    return "RemoraClient[" + address() + "]";
  }

  /** What a client is told; all of it may be left out. */
  public static final class Builder {
    private String address;
    private String token;
    private Duration timeout = DEFAULT_TIMEOUT;
    private Duration connectTimeout = DEFAULT_CONNECT_TIMEOUT;
    private ChannelCredentials credentials;

    private Builder() {}

    /**
     * Where the sidecar is: {@code host:port}, {@code [::1]:port} or {@code unix:///path}. Left
     * out: REMORA_ADDRESS, else 127.0.0.1:7650.
     */
    public Builder address(String value) {
      address = value;
      return this;
    }

    /** The caller's own token. Left out: REMORA_TOKEN, else none. */
    public Builder token(String value) {
      token = value;
      return this;
    }

    /** How long a call may take, waiting for the sidecar included; over 0, or NO_TIMEOUT. */
    public Builder timeout(Duration value) {
      timeout = value;
      return this;
    }

    /** How long a call waits for a sidecar that is not up; over 0. */
    public Builder connectTimeout(Duration value) {
      connectTimeout = value;
      return this;
    }

    /** TLS, for a sidecar that is not on this host. Left out: plain text. */
    public Builder credentials(ChannelCredentials value) {
      credentials = value;
      return this;
    }

    /** The client; IllegalArgumentException for an address or a time limit that cannot be. */
    public RemoraClient build() {
      return new RemoraClient(
          Settings.resolve(address, token, timeout, connectTimeout, credentials, System::getenv));
    }
  }
}
