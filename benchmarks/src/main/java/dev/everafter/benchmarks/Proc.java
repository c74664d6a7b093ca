package dev.everafter.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What processes have cost so far, from Linux's {@code /proc} (proc(5)); CPU in steps of 10 ms.
 *
 * <p>Safe for use by any thread.
 */
final class Proc {
    /** USER_HZ is 100 on every Linux that Java runs on. */
    private static final double MICROS_PER_TICK = 10_000;
    /** In /proc/net/tcp. */
    private static final String ESTABLISHED = "01";

    private Proc() {}

    /** CPU time in microseconds. */
    record Cpu(double user, double system) {
        double total() {
            return user + system;
        }

        Cpu minus(Cpu before) {
            return new Cpu(user - before.user, system - before.system);
        }

        Cpu plus(Cpu other) {
            return new Cpu(user + other.user, system + other.system);
        }
    }

    /** Memory in bytes: what is in RAM, what of that is no file's, and the most that ever was. */
    record Memory(long resident, long anonymous, long peak) {}

    /** Of one process, its threads included, its children not. */
    static Cpu cpu(long pid) {
        return stat(pid).map(Stat::own).orElseThrow(() -> new IllegalStateException("process " + pid + " is gone"));
    }

    /** Of a process with all those below it, the ones that have ended and were waited for included. */
    static Cpu cpuOfTree(long pid) {
        Stream<ProcessHandle> below =
                ProcessHandle.of(pid).map(ProcessHandle::descendants).orElse(Stream.empty());
        return Stream.concat(below.map(ProcessHandle::pid), Stream.of(pid))
                .flatMap(each -> stat(each).stream())
                .map(stat -> stat.own().plus(stat.reaped()))
                .reduce(new Cpu(0, 0), Cpu::plus);
    }

    /** Of the whole machine: everything but idle time and waiting for the disk. */
    static double machine() {
        List<Double> ticks = Stream.of(read(Path.of("/proc/stat"))
                        .orElseThrow()
                        .lines()
                        .findFirst()
                        .orElseThrow()
                        .substring("cpu".length())
                        .strip()
                        .split(" "))
                .map(Double::valueOf)
                .toList();
        // user nice system idle iowait irq softirq steal; guests are part of user
        return (ticks.get(0) + ticks.get(1) + ticks.get(2) + ticks.get(5) + ticks.get(6) + ticks.get(7))
                * MICROS_PER_TICK;
    }

    static Memory memory(long pid) {
        String status = read(Path.of("/proc/" + pid + "/status"))
                .orElseThrow(() -> new IllegalStateException("process " + pid + " is gone"));
        return new Memory(kilobytes(status, "VmRSS:"), kilobytes(status, "RssAnon:"), kilobytes(status, "VmHWM:"));
    }

    /** What the kernel holds of a server's words that its clients haven't read: on how many connections, and bytes in all. */
    record Unread(int connections, long bytes) {}

    /** Of the server that listens on {@code port}, in this network namespace. */
    static Unread unread(int port) {
        String local = String.format(Locale.ROOT, ":%04X", port);
        // sl local_address rem_address st tx_queue:rx_queue ..
        List<Long> queues = Stream.of("tcp", "tcp6")
                .flatMap(table -> read(Path.of("/proc/net/" + table)).stream())
                .flatMap(String::lines)
                .map(line -> line.strip().split(" +", -1))
                .filter(fields -> fields[1].endsWith(local) && fields[3].equals(ESTABLISHED))
                .map(fields -> Long.parseLong(fields[4].split(":", -1)[0], 16))
                .filter(bytes -> bytes > 0)
                .toList();
        return new Unread(
                queues.size(), queues.stream().mapToLong(Long::longValue).sum());
    }

    private static long kilobytes(String status, String name) {
        return status.lines()
                        .filter(line -> line.startsWith(name))
                        .map(line -> line.replaceAll("\\D", ""))
                        .mapToLong(Long::parseLong)
                        .findFirst()
                        .orElseThrow()
                * 1024;
    }

    /** The process that started {@code pid}. */
    static long parent(long pid) {
        return stat(pid).orElseThrow().parent();
    }

    private record Stat(long parent, Cpu own, Cpu reaped) {}

    private static Optional<Stat> stat(long pid) {
        return read(Path.of("/proc/" + pid + "/stat")).map(line -> {
            // the name before it may hold anything
            String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
            return new Stat(Long.parseLong(fields[1]), cpu(fields[11], fields[12]), cpu(fields[13], fields[14]));
        });
    }

    private static Cpu cpu(String user, String system) {
        return new Cpu(Long.parseLong(user) * MICROS_PER_TICK, Long.parseLong(system) * MICROS_PER_TICK);
    }

    private static Optional<String> read(Path file) {
        try {
            return Optional.of(Files.readString(file));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            // a process that ends while it is read
            if (!Files.exists(file)) {
                return Optional.empty();
            }
            throw new UncheckedIOException(e);
        }
    }
}
