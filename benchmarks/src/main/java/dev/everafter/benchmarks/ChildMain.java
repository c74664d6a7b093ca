package dev.everafter.benchmarks;

import dev.everafter.cli.Everafter;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.text.ParseException;
import java.util.Arrays;
import jdk.jfr.Configuration;
import jdk.jfr.Recording;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a server that takes commands on its standard input, and ends with it.
 *
 * <p>Meant for a process of its own, which {@link Child} starts.
 */
public final class ChildMain {
    /** What an answer's line begins with; the server itself may write others. */
    static final String ANSWER = "answer ";
    /** The system property that names the file for a profile. */
    static final String PROFILE = "everafter.benchmark.profile";

    private static final Logger LOG = LoggerFactory.getLogger(ChildMain.class);

    private ChildMain() {}

    /** Starts what the first argument names with the others. */
    public static void main(String[] arguments) throws Exception {
        String[] rest = Arrays.copyOfRange(arguments, 1, arguments.length);
        switch (arguments[0]) {
            case "everafter" -> {
                control(command -> {
                    throw new IllegalArgumentException(command);
                });
                Everafter.main(rest);
            }
            case "netty" -> {
                NettyServer server = NettyServer.start();
                control(server::command);
                System.out.println("ws://127.0.0.1:" + server.port() + "/");
            }
            case "tyrus" -> {
                int port = TyrusServer.start();
                control(command -> {
                    throw new IllegalArgumentException(command);
                });
                System.out.println("ws://127.0.0.1:" + port + "/");
            }
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    /** A server's own commands. */
    private interface Commands {
        String answer(String command) throws InterruptedException;
    }

    private static void control(Commands commands) throws IOException, ParseException {
        String profile = System.getProperty(PROFILE);
        Recording recording = new Recording(Configuration.getConfiguration("profile"));
        if (profile != null) {
            recording.start();
        }
        Thread thread = new Thread(
                () -> {
                    try {
                        answer(commands);
                        if (profile != null) {
                            recording.dump(Path.of(profile));
                        }
                    } catch (IOException | InterruptedException | RuntimeException e) {
                        LOG.error("the control thread failed", e);
                    } finally {
                        // not exit, which would say goodbye to each client
                        Runtime.getRuntime().halt(0);
                    }
                },
                "control");
        thread.setDaemon(true);
        thread.start();
    }

    private static void answer(Commands commands) throws IOException, InterruptedException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String command = in.readLine(); command != null; command = in.readLine()) {
            System.out.println(ANSWER + (command.equals("gc") ? liveHeap() : commands.answer(command)));
        }
    }

    private static String liveHeap() {
        System.gc();
        System.gc();
        return Long.toString(
                ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    }
}
