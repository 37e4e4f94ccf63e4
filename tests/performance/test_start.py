"""What a program imports before it needs it: proven in fresh interpreters, because this one has imported everything."""

from __future__ import annotations

import subprocess
import sys

import pytest

CLIENT = "from indoxrouter import Client; client = Client('indox-' + 'k' * 32, authenticate=False)"
HEAVY = ("asyncio", "attrs", "email", "httpx", "httptools", "logging", "msgspec", "ssl", "typing_extensions")


def modules_after(code: str) -> set[str]:
    """The modules that are imported after some code ran in a fresh interpreter without site packages' own hooks."""
    program = f"import sys; before = set(sys.modules)\n{code}\nprint(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_imports_nothing_else() -> None:
    assert modules_after("import indoxrouter") <= {"indoxrouter", "__future__"}


@pytest.mark.parametrize("heavy", HEAVY)
def test_a_client_needs_nothing_heavy_before_its_first_request(heavy: str) -> None:
    assert heavy not in modules_after(CLIENT)


def test_models_are_attrs_classes_without_importing_attrs() -> None:
    code = "from indoxrouter import ChatMessage; message = ChatMessage(role='user', content='x')"
    assert "attr" not in modules_after(code)
    fields = (
        f"{code}; import attrs; assert [f.name for f in attrs.fields(ChatMessage)][:2] == ['role', 'content']"
    )
    assert "attr" in modules_after(fields)


def test_one_client_does_not_load_the_other() -> None:
    assert not {"indoxrouter.async_facade", "indoxrouter_ext.async_client"} & modules_after(CLIENT)
    other = "from indoxrouter import AsyncClient; AsyncClient('indox-' + 'k' * 32)"
    assert not {"indoxrouter.facade", "indoxrouter_ext.client"} & modules_after(other)
