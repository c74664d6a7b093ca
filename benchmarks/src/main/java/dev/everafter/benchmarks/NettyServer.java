package dev.everafter.benchmarks;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * The bound: Netty with nothing on it. It answers each upgrade, and writes one frame that was built beforehand to all
 * connections, as often as it is told. It knows no protocol, no subscription and no log.
 *
 * <p>Safe for use by any thread.
 */
final class NettyServer {
    private final Channel server;
    private final Map<EventLoop, Queue<Connection>> connections = new ConcurrentHashMap<>();

    private NettyServer() throws InterruptedException {
        int cores = Runtime.getRuntime().availableProcessors();
        MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(cores, NioIoHandler.newFactory());
        server = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new Connection());
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .channel();
    }

    static NettyServer start() throws InterruptedException {
        return new NettyServer();
    }

    int port() {
        return ((InetSocketAddress) server.localAddress()).getPort();
    }

    /**
     * Writes frames to all, and answers when they are on their way.
     *
     * @param command {@code send FRAMES LENGTH EVENTS NANOS}: so many frames to each, of so many bytes, with so many events in
     *     each, one every so many nanoseconds; 0 for as fast as they are read. {@code spread} instead of {@code send}: each
     *     frame to one connection, in turn
     */
    String command(String command) throws InterruptedException {
        String[] words = command.split(" ", -1);
        int frames = Integer.parseInt(words[1]);
        ByteBuf frame = Unpooled.unreleasableBuffer(
                Unpooled.wrappedBuffer(Payload.frame(Integer.parseInt(words[2]), Integer.parseInt(words[3]))));
        long nanosEach = Long.parseLong(words[4]);
        if (words[0].equals("spread")) {
            spread(frame, frames, new Pace(nanosEach));
        } else if (nanosEach == 0) {
            send(frame, frames);
        } else {
            Pace pace = new Pace(nanosEach);
            for (int i = 0; i < frames; i++) {
                pace.await();
                send(frame, 1);
            }
        }
        return "sent";
    }

    private void spread(ByteBuf frame, int frames, Pace pace) {
        List<Connection> all =
                connections.values().stream().flatMap(Queue::stream).toList();
        for (int i = 0; i < frames; i++) {
            pace.await();
            Connection next = all.get(i % all.size());
            next.loop().execute(() -> next.send(frame, 1));
        }
    }

    private void send(ByteBuf frame, int times) throws InterruptedException {
        CountDownLatch started = new CountDownLatch(connections.size());
        connections.forEach((loop, all) -> loop.execute(() -> {
            all.forEach(connection -> connection.send(frame, times));
            started.countDown();
        }));
        started.await();
    }

    /** One client, on its event loop. A write that fails closes it, which the client will notice. */
    @SuppressWarnings("FutureReturnValueIgnored")
    private final class Connection extends SimpleChannelInboundHandler<ByteBuf> {
        private static final List<String> ACCEPTED = List.of(
                "HTTP/1.1 101 Switching Protocols",
                "Upgrade: websocket",
                "Connection: Upgrade",
                // for the one key that LoadClient sends
                "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=",
                "",
                "");

        private final StringBuilder request = new StringBuilder();
        private @Nullable ChannelHandlerContext context;
        private ByteBuf frame = Unpooled.EMPTY_BUFFER;
        private int left;

        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            this.context = context;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf bytes) {
            request.append(bytes.toString(StandardCharsets.US_ASCII));
            if (request.indexOf("\r\n\r\n") >= 0) {
                request.setLength(0);
                request.trimToSize();
                connections
                        .computeIfAbsent(context.channel().eventLoop(), loop -> new ConcurrentLinkedQueue<>())
                        .add(this);
                context.writeAndFlush(Unpooled.copiedBuffer(String.join("\r\n", ACCEPTED), StandardCharsets.US_ASCII));
            }
        }

        private EventLoop loop() {
            return Objects.requireNonNull(context).channel().eventLoop();
        }

        private void send(ByteBuf wanted, int times) {
            frame = wanted;
            left += times;
            pump();
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            if (context.channel().isWritable()) {
                pump();
            }
        }

        /** As much as fits between Netty's water marks, in one flush. */
        private void pump() {
            ChannelHandlerContext mine = Objects.requireNonNull(context);
            while (left > 0 && mine.channel().isWritable()) {
                left--;
                mine.write(frame.duplicate(), mine.voidPromise());
            }
            mine.flush();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            connections.values().forEach(all -> all.remove(this));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
