#!/usr/bin/env python3
"""Requests over connections that stay open: load.py PORT PATH KEY CONNECTIONS SECONDS

Prints answers of status 200 a second, the median and 99th percentile of their
times in milliseconds, and how many answers were others.
"""

import asyncio
import sys
import time


async def answer(reader):
    """Reads one answer; returns its status, and whether it is the connection's last."""
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    if b"content-length:" in lower:
        await reader.readexactly(int(lower.split(b"content-length:")[1].split(b"\r\n")[0]))
    else:
        while (size := int(await reader.readline(), 16)) > 0:
            await reader.readexactly(size + 2)
        await reader.readline()
    return int(head[9:12]), b"connection: close" in lower


async def client(port, request, until, times, others):
    last = True
    while (start := time.perf_counter()) < until:
        if last:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        status, last = await answer(reader)
        (times if status == 200 else others).append(time.perf_counter() - start)
        if last:
            writer.close()


async def main():
    port, path, key, connections, seconds = sys.argv[1:]
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
    times, others = [], []
    start = time.perf_counter()
    await asyncio.gather(*(client(int(port), request, start + float(seconds), times, others) for _ in range(int(connections))))
    elapsed = time.perf_counter() - start
    times.sort()
    print(f"{len(times) / elapsed:.0f} {times[len(times) // 2] * 1000:.1f} {times[len(times) * 99 // 100] * 1000:.1f} {len(others)}")


asyncio.run(main())
