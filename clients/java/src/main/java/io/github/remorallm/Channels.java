package io.github.remorallm;

import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The gRPC channel of a client, on a thread of its own. Java's own sockets serve it: Netty's native
 * ones would be unpacked to a file first, which a read-only container does not have, and unix
 * sockets would then work on Linux alone.
 */
final class Channels implements AutoCloseable {
  static final int MAX_MESSAGE_BYTES = 32 * 1024 * 1024;
  private static final int MAX_METADATA_BYTES = 64 * 1024;
  private static final Duration CLOSE = Duration.ofSeconds(2);

  private final ManagedChannel channel;
  private final EventLoopGroup loop;

  private Channels(ManagedChannel channel, EventLoopGroup loop) {
    this.channel = channel;
    this.loop = loop;
  }

  /** A channel to the sidecar; it connects with its first use. */
  static Channels open(Settings settings) {
    var threads = new DefaultThreadFactory("remora-client", true);
    var loop = new MultiThreadIoEventLoopGroup(1, threads, NioIoHandler.newFactory());
    var builder = settings.address().isUnix() ? unix(settings) : tcp(settings);
    builder
        .eventLoopGroup(loop)
        // The sidecar is the one owner of retries: gRPC repeats nothing, and nobody may make it.
        .disableRetry()
        .disableServiceConfigLookUp()
        // A sidecar is local: a proxy of the environment has no say.
        .proxyDetector(target -> null)
        .maxInboundMessageSize(MAX_MESSAGE_BYTES)
        .maxInboundMetadataSize(MAX_METADATA_BYTES)
        .userAgent("remora-client-java/" + RemoraClient.VERSION);
    return new Channels(builder.build(), loop);
  }

  ManagedChannel channel() {
    return channel;
  }

  /** Cancels what still runs and disconnects; waits for that, 2 seconds at the most. */
  @Override
  public void close() {
    channel.shutdownNow();
    try {
      channel.awaitTermination(CLOSE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    loop.shutdownGracefully(0, CLOSE.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static NettyChannelBuilder tcp(Settings settings) {
    var address = settings.address();
    return NettyChannelBuilder.forAddress(address.host(), address.port(), credentials(settings))
        .channelType(NioSocketChannel.class);
  }

  private static NettyChannelBuilder unix(Settings settings) {
    var socket = UnixDomainSocketAddress.of(settings.address().socket());
    return NettyChannelBuilder.forAddress(socket, credentials(settings))
        .channelType(NioDomainSocketChannel.class)
        .overrideAuthority("localhost")
        // gRPC sets it for every channel, and Netty logs that a unix socket has none.
        .withOption(ChannelOption.SO_KEEPALIVE, null);
  }

  private static ChannelCredentials credentials(Settings settings) {
    var given = settings.credentials();
    return given == null ? InsecureChannelCredentials.create() : given;
  }
}
