#!/usr/bin/env python3
"""Asks a server for too much in every way there is, and measures what an honest client notices of it.

    python3 benches/hostile.py ADDRESS:PORT API_KEY SERVER_PID [SECONDS]

For each kind of request, eight connections send it for some seconds as fast as they are answered, or thousands of
connections are left open, while one client asks for a page of orders ten times a second. What is printed: how many were
answered a second and how, the honest client's median and 99th percentile in milliseconds, and the server's memory in
megabytes at its end. Needs Python's standard library only.
"""

import collections
import http.client
import json
import resource
import socket
import statistics
import sys
import threading
import time

HOST, KEY, PID = sys.argv[1], sys.argv[2], sys.argv[3]
SECONDS = float(sys.argv[4]) if len(sys.argv) > 4 else 5.0
ADDRESS, PORT = HOST.rsplit(":", 1)
HEADERS = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
PAGE = """{ orders(first: 10) { nodes { id number status customer { id name }
    items { sku quantity product { name } } } } }"""
WIDE = """{ customers(first: 100) { nodes { id name assets(first: 100) { nodes { id serialNumber product { name } } }
    orders(first: 50) { nodes { id items { sku } } } } } }"""


def body(query, variables=None):
    return json.dumps({"query": query, "variables": variables or {}}).encode()


def bomb():
    chain = "".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }} " for n in range(60))
    return "{ ...f0 } " + chain + "fragment f60 on Query { tenant { id } }"


REQUESTS = {
    "none": None,
    "31 aliases": body("{ " + " ".join(f"a{n}: tenant {{ id }}" for n in range(31)) + " }"),
    "800 aliases": body("{ " + " ".join(f"a{n}: __typename" for n in range(800)) + " }"),
    "a bomb of fragments": body(bomb()),
    "a cycle of fragments": body("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }"),
    "800 directives": body("{ tenant { id " + "@include(if: true) " * 800 + "} }"),
    "16,000 open braces": body("{" * 16_000),
    "16,000 open brackets in a value": body("{ node(id: " + "[" * 16_000),
    "variables 50,000 deep": b'{"query": "{ tenant { id } }", "variables": {"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}}",
    "a million pages": body(WIDE.replace("first: 50", "first: 100").replace("sku", "product { assets(first: 100) { nodes { id } } }")),
    "10 MB": b'{"query": "' + b"x" * 10_000_000 + b'"}',
    "invalid UTF-8": b'{"query": "{ tenant { name } } # \xff\xfe"}',
    "the largest page that is allowed": body(WIDE),
}


def ask(connection, data):
    connection.request("POST", "/graphql", data, HEADERS)
    answer = connection.getresponse()
    text = answer.read()
    try:
        code = json.loads(text)["errors"][0]["extensions"]["code"]
    except (ValueError, KeyError):
        code = "answered"
    return f"{answer.status} {code}"


def honest(until, latencies, failures):
    connection = http.client.HTTPConnection(ADDRESS, int(PORT), timeout=30)
    while time.monotonic() < until:
        began = time.monotonic()
        try:
            said = ask(connection, body(PAGE))
        except OSError as error:
            said, connection = repr(error), http.client.HTTPConnection(ADDRESS, int(PORT), timeout=30)
        took = time.monotonic() - began
        latencies.append(took * 1000)
        if said != "200 answered":
            failures[said] += 1
        time.sleep(max(0.0, 0.1 - took))


def hostile(until, data, said):
    while time.monotonic() < until:
        connection = http.client.HTTPConnection(ADDRESS, int(PORT), timeout=30)
        try:
            while time.monotonic() < until:
                said[ask(connection, data)] += 1
        except (OSError, http.client.HTTPException):
            said["hung up"] += 1
        connection.close()


def held(until, count, sent):
    """Opens so many connections, sends the same on each, and then a byte a second on each."""
    sockets = []
    for _ in range(count):
        try:
            one = socket.create_connection((ADDRESS, int(PORT)), timeout=5)
            one.sendall(sent)
            sockets.append(one)
        except OSError:
            break
    opened, closed = len(sockets), 0
    while time.monotonic() < until:
        time.sleep(1)
        for one in sockets[:]:
            try:
                one.settimeout(0)
                if sent:
                    one.send(b"x")
                if one.recv(4096) == b"":
                    raise OSError
            except BlockingIOError:
                continue
            except OSError:
                one.close()
                sockets.remove(one)
                closed += 1
    for one in sockets:
        one.close()
    return opened, closed


def memory():
    with open(f"/proc/{PID}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


def row(name, what, latencies, failures):
    latencies.sort()
    p99 = latencies[min(len(latencies) - 1, int(len(latencies) * 0.99))]
    failed = f", {dict(failures)}" if failures else ""
    print(f"| {name} | {what} | {statistics.median(latencies):.0f} / {p99:.0f}{failed} | {memory():.0f} |", flush=True)


def measured(name, attack):
    latencies, failures = [], collections.Counter()
    until = time.monotonic() + SECONDS
    client = threading.Thread(target=honest, args=(until, latencies, failures))
    client.start()
    what = attack(until)
    client.join()
    row(name, what, latencies, failures)


def sending(data):
    def attack(until):
        if data is None:
            return ""
        said = collections.Counter()
        threads = [threading.Thread(target=hostile, args=(until, data, said)) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        return ", ".join(f"{count / SECONDS:.0f} a second: {what}" for what, count in said.most_common(3))
    return attack


def holding(count, sent):
    def attack(until):
        opened, closed = held(until, count, sent)
        return f"{opened} opened, {closed} closed by the server"
    return attack


resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
HEAD = f"POST /graphql HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n".encode()
print("| what is sent | what becomes of it | honest client, p50 / p99 in ms | memory, MB |\n|---|---|---|---|")
for name, data in REQUESTS.items():
    measured(name, sending(data))
SECONDS = max(SECONDS, 15.0)
measured("1,000 heads that never end", holding(1_000, HEAD))
measured("1,000 bodies, a byte a second", holding(1_000, HEAD + b"Content-Length: 100000\r\n\r\n{"))
measured("10,000 connections without a request", holding(10_000, b""))
measured("none, afterwards", sending(None))
