"""The same two tools with the official Python SDK, to be measured against."""

try:
    from mcp.server.mcpserver import MCPServer
except ImportError:
    from mcp.server.fastmcp import FastMCP as MCPServer

server = MCPServer("hello-mcp")


@server.tool()
def echo(text: str) -> str:
    """Return the given text."""
    return text


@server.tool()
def add(a: int, b: int) -> int:
    """Add two 32-bit integers."""
    return a + b


server.run("stdio")
