package dev.everafter.server.standalone;

/**
 * What stands between clients and the server. Immutable.
 *
 * @param proxies whose word is taken for whom a request is from and how it came
 * @param pathPrefix before every path, with no slash at its end
 */
record Front(TrustedProxies proxies, String pathPrefix) {}
