"""The servers: how each is found or installed, started on a free port, and ended by the process that started it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SERVERS", "Missing", "Server", "running"]

HERE = Path(__file__).resolve().parent
_ENVIRONMENT = HERE / ".env"
_START_WITHIN = 20.0

_NGINX = """
daemon off; master_process off; pid {place}/nginx.pid; error_log {place}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; client_max_body_size 64m;
  client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;
  uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
  server {{
    listen 127.0.0.1:{port} {ssl};
    {certificates}
    location / {{ proxy_pass http://127.0.0.1:{behind}; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""
_HAPROXY = """
global
  maxconn 256
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend front
  bind 127.0.0.1:{port} {ssl}
  default_backend app
backend app
  server one 127.0.0.1:{behind}
"""


class Missing(Exception):
    """A server is not here and cannot be had."""


@dataclass(frozen=True)
class Server:
    """One server: its name, where it comes from, and whether it can speak TLS here."""

    name: str
    origin: str
    tls: bool = True


SERVERS = (
    Server("uvicorn", "index"),
    Server("hypercorn", "index"),
    Server("granian", "index"),
    Server("gunicorn", "index"),
    Server("nginx", "Debian"),
    Server("haproxy", "Debian"),
    Server("http.server", "Python", tls=False),
)


def _environment() -> str:
    """The interpreter of the environment that holds the servers of the package index."""
    wanted = (HERE / "requirements.txt").read_text()
    mark, python = _ENVIRONMENT / "ready", _ENVIRONMENT / "bin" / "python"
    if mark.exists() and mark.read_text() == wanted:
        return str(python)
    print("servers: building an environment with the servers", file=sys.stderr, flush=True)
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(_ENVIRONMENT)],
        [
            str(python),
            "-m",
            "pip",
            "install",
            "-qq",
            "--disable-pip-version-check",
            "-r",
            str(HERE / "requirements.txt"),
        ],
    )
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, timeout=180, check=False)
        if done.returncode:
            raise Missing("its environment could not be built")
    mark.write_text(wanted)
    return str(python)


def _debian(name: str) -> str:
    """The path of a program, installed from Debian if it is missing and we may."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print(f"servers: installing {name}", file=sys.stderr, flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for step in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", name]):
            subprocess.run(step, capture_output=True, timeout=180, check=False, env=quiet)
        found = shutil.which(name, path="/usr/sbin:/sbin:/usr/bin")
    if found is None:
        raise Missing(f"not installed, and not to be had here: apt-get install {name}")
    return found


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def _command(server: Server, port: int, behind: int, certificate: Path | None, place: Path) -> list[str]:
    """The command line; for a proxy, `behind` is the port of the application."""
    bind = f"127.0.0.1:{port}"
    pair = [str(certificate), str(certificate)] if certificate else []
    options = {
        "uvicorn": ("--ssl-certfile", "--ssl-keyfile"),
        "hypercorn": ("--certfile", "--keyfile"),
        "granian": ("--ssl-certificate", "--ssl-keyfile"),
        "gunicorn": ("--certfile", "--keyfile"),
    }
    tls = [part for option in zip(options.get(server.name, ()), pair, strict=False) for part in option]
    if server.name == "uvicorn":
        return [
            _environment(),
            "-m",
            "uvicorn",
            "asgi_app:app",
            "--port",
            str(port),
            "--log-level",
            "error",
            *tls,
        ]
    if server.name == "hypercorn":
        return [_environment(), "-m", "hypercorn", "asgi_app:app", "-b", bind, "--log-level", "error", *tls]
    if server.name == "granian":
        start = [
            _environment(),
            "-m",
            "granian",
            "--interface",
            "asgi",
            "--port",
            str(port),
            "--log-level",
            "error",
        ]
        return [*start, *tls, "asgi_app:app"]
    if server.name == "gunicorn":
        worker = [
            "-k",
            "uvicorn_worker.UvicornWorker",
            "-b",
            bind,
            "--log-level",
            "error",
            "--worker-tmp-dir",
            str(place),
        ]
        return [_environment(), "-m", "gunicorn", "asgi_app:app", *worker, *tls]
    if server.name == "http.server":
        return [sys.executable, "old_server.py", str(port)]
    path = place / f"{server.name}.conf"
    if server.name == "nginx":
        certificates = (
            f"ssl_certificate {certificate}; ssl_certificate_key {certificate};" if certificate else ""
        )
        values = {"ssl": "ssl" if certificate else "", "certificates": certificates, "place": place}
        path.write_text(_NGINX.format(port=port, behind=behind, **values))
        return [_debian("nginx"), "-c", str(path), "-p", str(place)]
    ssl = f"ssl crt {certificate}" if certificate else ""
    path.write_text(_HAPROXY.format(port=port, behind=behind, ssl=ssl))
    return [_debian("haproxy"), "-db", "-f", str(path)]


@contextlib.contextmanager
def running(server: Server, certificate: Path | None, place: Path) -> Iterator[int]:
    """A running server, for proxies with the application on uvicorn behind it; its port.

    Raises:
        Missing: when it cannot be had, or does not start.
    """
    with contextlib.ExitStack() as stack:
        behind = 0
        if server.origin == "Debian":
            _debian(server.name)
            behind = stack.enter_context(running(SERVERS[0], None, place))
        port = _free_port()
        command = _command(server, port, behind, certificate, place)
        with (place / f"{server.name}.log").open("w") as log:
            process = subprocess.Popen(command, cwd=HERE, stdout=log, stderr=subprocess.STDOUT)
        try:
            _await_port(process, port, place / f"{server.name}.log")
            yield port
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _START_WITHIN
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    lines = log.read_text(errors="replace").strip().splitlines()
    raise Missing(f"did not start: {lines[-1] if lines else 'without a word'}")
