"""Break each rule once, in a copy, and see its tests fail.

    python -m tests.reliability.mutations            # all of them, some minutes
    python -m tests.reliability.mutations 9 14       # those of some rules

A mutation names the rule, what is broken, the text that is replaced, and the tests that have to notice. One whose text is no
longer there, or which nobody notices, is a failure: the table has to follow the code.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
EXT = "indoxrouter_ext"
RUNTIME = "generated/indoxrouter/_runtime"


class Mutation(NamedTuple):
    """One fault: where it is planted, and which tests (a file and a `-k` expression) have to fail."""

    rule: str
    what: str
    file: str
    old: str
    new: str
    tests: str
    chosen: str = ""


MUTATIONS = (
    Mutation("1", "a BOM is kept", f"{EXT}/sse.py", "return start[3:]", "return start", "sse_bytes"),
    Mutation("1", "CR ends no line", f"{EXT}/sse.py", '.replace(b"\\r", b"\\n")', "", "sse_bytes"),
    Mutation(
        "1",
        "a split CRLF is two line ends",
        f"{EXT}/sse.py",
        'if piece[:1] == b"\\n":  #',
        "if False:  #",
        "sse_bytes",
    ),
    Mutation(
        "1",
        "U+0085 ends lines",
        f"{EXT}/sse.py",
        'lines = piece.split(b"\\n")',
        'lines = piece.replace(b"\\xc2\\x85", b"\\n").split(b"\\n")',
        "sse_bytes",
    ),
    Mutation(
        "2",
        "events with blank data are handed out",
        f"{EXT}/sse.py",
        "if data and not data.isspace():",
        "if True:",
        "sse_bytes",
    ),
    Mutation(
        "2", "data needs a space", f"{EXT}/sse.py", 'if name == b"data":', 'if name == b"data:":', "sse_bytes"
    ),
    Mutation(
        "2",
        "data lines join with nothing",
        f"{EXT}/sse.py",
        'else b"\\n".join(self._data)',
        'else b"".join(self._data)',
        "sse_bytes",
    ),
    Mutation(
        "3",
        "[DONE] is an event like others",
        f"{EXT}/stream_state.py",
        "                self.finished = True\n                return\n            value:",
        "                continue\n            value:",
        "stream_endings",
        "done_ends",
    ),
    Mutation(
        "3",
        "the leftover event is dropped",
        f"{EXT}/stream_state.py",
        "self._take(self._leftover())",
        "self._leftover()",
        "stream_endings",
        "leftover or last_word",
    ),
    Mutation(
        "4",
        "truncation is taken for an end",
        f"{EXT}/stream_state.py",
        "        if self.total.ended:\n            self.finished = True\n            return\n",
        "        if True:\n            self.finished = True\n            return\n",
        "stream_endings",
        "truncated or leftover or until_done",
    ),
    Mutation(
        "4",
        "no partial is kept",
        f"{EXT}/stream_state.py",
        "error.partial = self._keep(self.total)",
        "pass",
        "stream_endings",
        "truncated",
    ),
    Mutation(
        "5",
        "errors inside streams are chunks",
        f"{EXT}/stream_state.py",
        'if name == "error" or event.get("error"):',
        'if name == "error":',
        "stream_endings",
        "inside_a_stream",
    ),
    Mutation(
        "5",
        "the content type is not looked at",
        f"{EXT}/flow.py",
        "return 200 <= status < 300 and",
        "return True or",
        "stream_endings",
        "in_place",
    ),
    Mutation(
        "6",
        "events end at 1 MiB",
        f"{EXT}/stream_state.py",
        "SSEDecoder(settings.max_response_bytes)",
        "SSEDecoder(1 << 20)",
        "sse_bytes",
        "64_mib",
    ),
    Mutation(
        "6",
        "pieces are joined as they come",
        f"{EXT}/sse.py",
        "            self._partial.append(rest)\n            self._size += len(rest)",
        '            self._partial = [b"".join(self._partial) + rest]\n            self._size += len(rest)',
        "sse_bytes",
        "linear",
    ),
    Mutation(
        "7",
        "comments count as tokens",
        f"{EXT}/stream_state.py",
        "if len(self.chunks) != before:",
        "if True:",
        "stream_time",
        "comments_do_not",
    ),
    Mutation(
        "7",
        "the first token has no limit of its own",
        f"{EXT}/stream_state.py",
        "if settings.first_token_timeout is not None:",
        "if False:",
        "stream_time",
        "first_token",
    ),
    Mutation(
        "8",
        "break frees nothing",
        f"{EXT}/streams.py",
        "                if not self._advance():\n                    return\n        finally:\n            self.close()",
        "                if not self._advance():\n                    return\n        finally:\n            pass",
        "stream_release",
        "leaving and sync",
    ),
    Mutation(
        "8",
        "cancellation frees nothing",
        f"{EXT}/streams.py",
        "    def __del__(self) -> None:\n        self._stream._abandon()",
        "    def __del__(self) -> None:\n        pass",
        "stream_release",
        "leaving and async",
    ),
    Mutation(
        "8",
        "an error stays in its stream",
        f"{EXT}/stream_state.py",
        "error, self._error = self._error, None",
        "error = self._error",
        "stream_release",
        "cycle",
    ),
    Mutation(
        "8",
        "closing does not wake readers",
        f"{EXT}/streams.py",
        "            if self._reading:\n                response.abort()",
        "            if False:\n                response.abort()",
        "stream_release",
        "another_thread",
    ),
    Mutation(
        "9",
        "everybody exchanges",
        f"{EXT}/tokens.py",
        "if self._flight is not None and usable(self._flight):",
        "if False:",
        "tokens",
        "many_callers",
    ),
    Mutation(
        "9",
        "waiters try for themselves",
        f"{EXT}/sync_shell.py",
        "                if flight.error is not None:\n                    raise share(flight.error)",
        "                pass",
        "tokens",
        "share_the_failure and sync",
    ),
    Mutation(
        "9",
        "the leader's task is the exchange",
        f"{EXT}/async_shell.py",
        "done, _ = await asyncio.wait({flight}, timeout=limit)",
        "await flight; done = {flight}",
        "tokens",
        "cancelled_leader",
    ),
    Mutation(
        "10",
        "a 401 discards any token",
        f"{EXT}/tokens.py",
        "if self._token != token:",
        "if False:",
        "tokens",
        "old_token",
    ),
    Mutation(
        "10",
        "every 401 is answered with a new token",
        f"{EXT}/flow.py",
        "and not reauthorized",
        "",
        "tokens",
        "permanent",
    ),
    Mutation(
        "11",
        "text is no lifetime",
        f"{EXT}/tokens.py",
        "not isinstance(expires_in, (int, float, str))",
        "not isinstance(expires_in, (int, float))",
        "tokens",
        "lifetimes",
    ),
    Mutation(
        "11",
        "no margin",
        f"{EXT}/tokens.py",
        "now + life - min(LONGEST_MARGIN, life / 2)",
        "now + life",
        "tokens",
        "margin",
    ),
    Mutation(
        "12",
        "an outage looks like a bad key",
        f"{EXT}/core.py",
        "refused = failure.status_code in (401, 403)",
        "refused = True",
        "tokens",
        "outage",
    ),
    Mutation(
        "12",
        "a refused refresh token ends everything",
        f"{EXT}/core.py",
        "            if not refused:\n                raise",
        "            raise",
        "tokens",
        "RefreshTokens",
    ),
    Mutation(
        "13",
        "an upload goes on where it stopped",
        f"{RUNTIME}/multipart.py",
        "self._content.seek(self._start)",
        "pass",
        "tokens",
        "upload",
    ),
    Mutation(
        "14",
        "billed calls are repeated like reads",
        f"{EXT}/retry.py",
        'if risk == "safe" or keyed:',
        "if True:",
        "retries",
        "billed_call",
    ),
    Mutation(
        "14",
        "billed calls are repeated after a timeout",
        f"{EXT}/retry.py",
        'return repeatable and (never_sent or risk == "safe" or keyed)',
        "return repeatable",
        "retries",
        "billed_call",
    ),
    Mutation(
        "14",
        "every attempt has a key of its own",
        f"{EXT}/flow.py",
        "_headers(call, settings, token, idempotency_key)",
        "_headers(call, settings, token, _idempotency_key(call, settings))",
        "retries",
        "one_key",
    ),
    Mutation(
        "14",
        "the budget is endless",
        f"{EXT}/retry.py",
        "self._left -= self.COST",
        "pass",
        "retries",
        "budget",
    ),
    Mutation(
        "15",
        "Retry-After is ignored",
        f"{EXT}/retry.py",
        "if retry_after is not None:",
        "if False:",
        "retry_after",
        "asks or minute",
    ),
    Mutation(
        "15",
        "less is waited than asked",
        f"{EXT}/retry.py",
        "wait = retry_after + jitter() / 4",
        "wait = retry_after * 0.9",
        "retry_after",
        "never_less",
    ),
    Mutation(
        "15",
        "negative waits are believed",
        f"{RUNTIME}/retry_after.py",
        "math.isfinite(seconds) and 0 <= seconds <= _YEAR",
        "True",
        "retry_after",
        "senseless",
    ),
    Mutation(
        "15",
        "long waits are slept",
        f"{EXT}/retry.py",
        "if retry_after > longest_retry_after:",
        "if False:",
        "retry_after",
        "minute or far",
    ),
    Mutation(
        "16",
        "the deadline knows nothing of bodies",
        f"{EXT}/sync_shell.py",
        "    if deadline is not None:\n        alarm",
        "    if False:\n        alarm",
        "stream_time",
        "trickles and sync",
    ),
    Mutation(
        "16",
        "the deadline knows nothing of waiting",
        f"{EXT}/retry.py",
        "if time_left is not None and wait >= time_left:",
        "if False:",
        "stream_time",
        "deadline",
    ),
    Mutation(
        "18",
        "the status is stronger than the code",
        f"{RUNTIME}/failure.py",
        "name = errors.ERROR_CODES.get(code) if code is not None else None",
        "name = None",
        "errors",
        "stronger",
    ),
    Mutation(
        "18",
        "success false is believed",
        f"{EXT}/decode.py",
        "reports_failure(call, payload)",
        "False",
        "errors",
        "success_false",
    ),
    Mutation(
        "18",
        "details as a list are lost",
        f"{RUNTIME}/failure.py",
        "elif isinstance(detail, list) or is_list(detail):",
        "elif False:",
        "errors",
        "kind_of_error_body",
    ),
    Mutation(
        "19",
        "errors of httpx escape",
        f"{RUNTIME}/httpx_engine.py",
        "_ERRORS = (httpx.HTTPError, httpx.InvalidURL,",
        "_ERRORS = (httpx.InvalidURL,",
        "errors",
        "foreign and httpx",
    ),
    Mutation(
        "20",
        "depth escapes",
        f"{RUNTIME}/jsonio.py",
        "    except RecursionError:\n        deep = True",
        "    except KeyError:\n        deep = True",
        "errors",
        "loader or foreign",
    ),
    Mutation(
        "21",
        "any character may be in a key",
        f"{EXT}/settings.py",
        'if not all("!" <= character <= "~" for character in key):',
        "if False:",
        "secrets",
        "visible_ascii",
    ),
    Mutation(
        "22",
        "echoes are not masked",
        f"{RUNTIME}/failure.py",
        "value = value.replace(secret, MASK)",
        "pass",
        "secrets",
        "echo",
    ),
    Mutation(
        "22",
        "httpcore logs headers",
        f"{RUNTIME}/httpx_engine.py",
        "        if _sending.get():",
        "        if False:",
        "secrets",
        "httpx",
    ),
    Mutation(
        "22",
        "frames keep provider keys",
        f"{EXT}/client.py",
        "            values = {}  # a traceback keeps locals",
        "            pass",
        "secrets",
        "echo_of_a_failure and sync",
    ),
    Mutation(
        "22",
        "locks let a client be pickled",
        f"{RUNTIME}/transport.py",
        '(key, "***" if key in _SECRET_HEADERS else',
        "(key, value if True else",
        "secrets",
        "show_no_secret or inside",
    ),
    Mutation(
        "23",
        "redirects are followed",
        f"{RUNTIME}/httpx_engine.py",
        "auth=None, follow_redirects=False",
        "auth=None, follow_redirects=True",
        "network",
        "redirects and httpx",
    ),
    Mutation(
        "24",
        "dot segments pass",
        f"{RUNTIME}/parameters.py",
        'if bare.strip(".") == "" and len(bare) <= 2:',
        "if False:",
        "network",
        "walk",
    ),
    Mutation(
        "24",
        "percent-encoding hides",
        f"{RUNTIME}/parameters.py",
        'while "%" in bare and',
        "while False and",
        "network",
        "walk",
    ),
    Mutation(
        "25",
        "file names are not escaped",
        f"{RUNTIME}/multipart.py",
        'text.replace("\\r", "%0D").replace("\\n", "%0A").replace(\'"\', "%22")',
        "text",
        "network",
        "filenames",
    ),
    Mutation(
        "25",
        "the fast engine ignores proxies",
        f"{EXT}/engines.py",
        "proxies_are_set() or",
        "",
        "network",
        "Proxies",
    ),
    Mutation(
        "26",
        "bombs go off",
        f"{RUNTIME}/transport.py",
        "if self._seen > self.SUSPICIOUS_SIZE and",
        "if False and",
        "network",
        "bomb",
    ),
    Mutation(
        "26",
        "bodies have no limit",
        f"{RUNTIME}/transport.py",
        "if self._limit is not None and self._seen > self._limit:",
        "if False:",
        "network",
        "limit",
    ),
    Mutation(
        "26",
        "children use their parent's connections",
        f"{EXT}/sync_shell.py",
        "        self._engine = None\n        self._lock = threading.Lock()\n\n",
        "        pass\n\n",
        "life",
        "Fork",
    ),
    Mutation(
        "26",
        "children meet locks that are held",
        f"{EXT}/tokens.py",
        "        self._lock = threading.Lock()\n        self._flight = None\n\n",
        "        pass\n\n",
        "life",
        "locks_held",
    ),
    Mutation(
        "life",
        "closed clients open connections again",
        f"{EXT}/core.py",
        "        if self.closed:",
        "        if False:",
        "life",
        "Closing",
    ),
    Mutation(
        "life",
        "unclosed clients are silent",
        f"{EXT}/client_base.py",
        "    warnings.warn(message, ResourceWarning",
        "    (lambda *_, **__: None)(message, ResourceWarning",
        "life",
        "Forgetting",
    ),
    Mutation(
        "life",
        "failed copies close the client",
        f"{EXT}/client.py",
        '        settings = self._settings.changed(**options)\n        twin = object.__new__(type(self))\n        twin.__dict__.update({key: value for key, value in self.__dict__.items() if key != "api"})\n        twin._settings = settings',
        '        twin = object.__new__(type(self))\n        twin.__dict__.update({key: value for key, value in self.__dict__.items() if key != "api"})\n        twin._settings = self._settings.changed(**options)',
        "retries",
        "senseless_options and sync",
    ),
    Mutation(
        "logging",
        "query strings are logged",
        f"{EXT}/logs.py",
        "        call.path,",
        "        str(call.path) + str(call.query),",
        "logging",
        "query or each_call",
    ),
)


def notice(mutation: Mutation, copy: Path) -> str:
    """Plant one fault, run its tests, take it out again. Returns what came of it."""
    file = copy / mutation.file
    text = file.read_text()
    if mutation.old not in text:
        return "TEXT NOT FOUND"
    file.write_text(text.replace(mutation.old, mutation.new))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "--timeout",
        "25",
        "--no-header",
    ]
    command += [
        f"tests/reliability/test_{mutation.tests}.py",
        *(["-k", mutation.chosen] if mutation.chosen else []),
    ]
    paths = os.pathsep.join([str(copy), str(copy / "generated")])
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, timeout=90)
    except subprocess.TimeoutExpired:
        return "noticed (the tests hang)"
    finally:
        file.write_text(text)
    if done.returncode == 1 or "Timeout" in done.stdout:
        return "noticed"
    return (
        "SURVIVED" if done.returncode == 0 else f"pytest ended with {done.returncode}: {done.stdout[-300:]}"
    )


def main(rules: list[str]) -> int:
    """Plant the faults of some rules, or of all; 0 if every one was noticed."""
    unnoticed = 0
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory)
        for name in ("indoxrouter_ext", "generated", "tests", "pyproject.toml", "openapi.yaml"):
            source = ROOT / name
            ignored = shutil.ignore_patterns("__pycache__")
            (
                shutil.copytree(source, copy / name, ignore=ignored)
                if source.is_dir()
                else shutil.copy(source, copy / name)
            )
        for mutation in MUTATIONS:
            if rules and mutation.rule not in rules:
                continue
            result = notice(mutation, copy)
            unnoticed += not result.startswith("noticed")
            print(f"rule {mutation.rule:>7}: {mutation.what}: {result}", flush=True)
    print(f"{unnoticed} unnoticed" if unnoticed else "all noticed")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
