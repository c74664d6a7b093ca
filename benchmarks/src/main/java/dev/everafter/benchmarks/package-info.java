/**
 * Whole-path benchmarks: what the server and PostgreSQL cost, beside a bound measured in the same run.
 *
 * <p>A tour: {@link dev.everafter.benchmarks.Main} runs one benchmark by name. A benchmark is a set of variants that
 * {@code Rounds} measures in turn, forwards and backwards, so that a machine that gets slower meanwhile is unfair to
 * none; {@code Results} prints medians, their spread, and the ratio of each pair of neighbours. The program itself is the
 * load client; servers are processes of their own ({@code Child}), whose CPU and memory {@code Proc} reads from
 * {@code /proc}.
 */
@NullMarked
package dev.everafter.benchmarks;

import org.jspecify.annotations.NullMarked;
