// Listens where it is told to.
export function serve(server) {
  const [host, port] = process.env.LISTEN.split(":");
  server.keepAliveTimeout = 60_000;
  server.listen(Number(port), host);
}
