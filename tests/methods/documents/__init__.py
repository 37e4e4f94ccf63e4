"""The code blocks of the documents, as printed, and how to run one of them with either client."""

from __future__ import annotations

import ast
import asyncio
import re
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent


class Block(NamedTuple):
    """One fenced block: the document, the heading above it, its language and its text."""

    document: str
    title: str
    language: str
    text: str

    @property
    def id(self) -> str:
        """A name for a test."""
        return f"{self.document}: {self.title}"


def blocks(document: str) -> list[Block]:
    """The blocks of one document, in order."""
    text = (HERE / f"{document}.md").read_text("utf-8")
    found = re.findall(r"^## (.+?)\n\n```(\w*)\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)
    return [Block(document, title, language, code) for title, language, code in found]


def from_environment(code: str) -> str:
    """The code with its API key and base URL taken from the environment, and nothing else changed."""
    code = re.sub(r'api_key="your[-_]api[-_]key"', 'api_key=os.environ["INDOX_ROUTER_API_KEY"]', code)
    return re.sub(r'base_url="https://[^"]+"', 'base_url=os.environ["INDOX_ROUTER_BASE_URL"]', code)


class _ToAsync(ast.NodeTransformer):
    """The same program for `AsyncClient`: calls of a client are awaited, loops and contexts are asynchronous."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        for alias in node.names:
            if alias.name == "Client":
                alias.name, alias.asname = "AsyncClient", "Client"
                node.module = "indoxrouter"
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        target = node.func
        if (
            isinstance(target, ast.Attribute)
            and isinstance(target.value, ast.Name)
            and target.value.id == "client"
        ):
            return ast.Await(node)
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        return ast.AsyncFor(node.target, node.iter, node.body, node.orelse)

    def visit_With(self, node: ast.With) -> ast.AST:
        self.generic_visit(node)
        opens_file = any("open" in ast.unparse(item.context_expr) for item in node.items)
        return node if opens_file else ast.AsyncWith(node.items, node.body)


def run(code: str, namespace: dict[str, Any], loop: asyncio.AbstractEventLoop | None = None) -> None:
    """Run a block in a namespace, which keeps what the block defines; on a loop, in its asynchronous form."""
    code = from_environment(code)
    if loop is None:
        exec(compile(code, "<document>", "exec"), namespace)  # noqa: S102  # the documents' code is what is tested
        return
    tree = ast.fix_missing_locations(_ToAsync().visit(ast.parse(code)))
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    program = eval(compile(tree, "<document>", "exec", flags=flags), namespace)  # noqa: S307  # as above
    if program is not None:  # a coroutine, when there was something to await
        loop.run_until_complete(program)
