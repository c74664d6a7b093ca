package dev.everafter.testkit;

import java.io.IOException;

/** A program that starts a server, says where, and waits to be killed. */
final class AbandonedPostgres {
    private AbandonedPostgres() {}

    public static void main(String[] args) throws IOException {
        PostgresFixture postgres = PostgresFixture.builder().build();
        System.out.println(postgres.port());
        System.out.println(postgres.folder());
        System.in.read();
    }
}
