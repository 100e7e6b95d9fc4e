"""Drives a server with the official Python SDK: `client.py SERVER`. Prints "ok" and the seconds that it took."""

import sys
import time

import anyio
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

NEWEST = "2025-11-25"


def text_of(result):
    [content] = result.content
    assert content.type == "text"
    return content.text


def failed(result):
    return getattr(result, "is_error", getattr(result, "isError", None))


async def expect_error(code, words, awaitable):
    try:
        await awaitable
    except Exception as error:
        assert code in str(error) or getattr(getattr(error, "error", None), "code", None) == int(code), repr(error)
        assert words in str(error), repr(error)
    else:
        raise AssertionError(f"no error {code}")


async def session(parameters):
    async with stdio_client(parameters) as (read, write), ClientSession(read, write) as client:
        hello = await client.initialize()
        version = getattr(hello, "protocol_version", getattr(hello, "protocolVersion", None))
        assert version == NEWEST, version
        info = getattr(hello, "server_info", getattr(hello, "serverInfo", None))
        assert (info.name, info.version) == ("hello-mcp", "0.1.0"), info
        await client.send_ping()
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == ["echo", "add"], tools
        text = 'h\u00e9 "q"\\\n\U0001f600\u2028\x7f'
        result = await client.call_tool("echo", {"text": text})
        assert text_of(result) == text and not failed(result)
        assert text_of(await client.call_tool("add", {"a": -40, "b": 82})) == "42"
        result = await client.call_tool("add", {"a": 2147483647, "b": 1})
        assert failed(result) and text_of(result) == "add: the sum does not fit in 32 bits", result
        result = await client.call_tool("echo")
        assert failed(result) and "must be a string" in text_of(result), result
        await expect_error("-32602", "Unknown tool: nope", client.call_tool("nope", {}))
        long = "x" * 1_000_000
        assert text_of(await client.call_tool("echo", {"text": long})) == long


async def probing_client(parameters):
    """The high-level client of later versions first asks for a newer revision of the protocol."""
    try:
        from mcp.client import Client
    except ImportError:
        return
    async with Client(stdio_client(parameters)) as client:
        assert text_of(await client.call_tool("add", {"a": 1, "b": 2})) == "3"
        assert len((await client.list_tools()).tools) == 2


async def main():
    parameters = StdioServerParameters(command=sys.argv[1])
    start = time.perf_counter()
    await session(parameters)
    await probing_client(parameters)
    print("ok", round(time.perf_counter() - start, 3))


anyio.run(main)
