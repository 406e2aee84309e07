"""How long commands and the dashboard take to start, against what does nothing but start."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks.timing import compare

ROUNDS = 7
_ROOT = Path(__file__).resolve().parent.parent
_AT_MOST_S = 120


def importing() -> dict[str, object]:
    return _compare(["-c", "import songfeat"], "`import songfeat`")


def helping() -> dict[str, object]:
    return _compare(["-m", "songfeat", "--help"], "`songfeat --help`")


def app() -> dict[str, object]:
    """From the command to the last element of the first page, as a browser is sent it."""
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text("import streamlit as st\nst.title('Hello')\n")
        return compare(
            lambda: _first_page(_ROOT / "app.py", Path(folder) / "w"),
            lambda: _first_page(bare, Path(folder) / "w"),
            rounds=3,
            what="the dashboard from its start to its first page, of an empty workspace, against an app of one line",
        )


def _compare(arguments: list[str], what: str) -> dict[str, object]:
    return compare(
        partial(_run, arguments),
        partial(_run, ["-c", "pass"]),
        rounds=ROUNDS,
        what=f"{what}, against a Python that does nothing",
    )


def _run(arguments: list[str]) -> None:
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)


def _first_page(script: Path, workspace: Path) -> None:
    """Start a server, and ask it for the page that it shows first."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "SONGFEAT_WORKSPACE": str(workspace), "SONGFEAT_NO_DEMO": "1"}
    options = ["--server.port", str(port), "--server.headless=true", "--browser.gatherUsageStats=false"]
    command = [sys.executable, "-m", "streamlit", "run", str(script), *options]
    server = subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _run_script(f"ws://localhost:{port}/_stcore/stream")
    finally:
        server.terminate()
        server.wait(20)


def _run_script(address: str) -> None:
    """Do what a browser does: connect, have the script run, take what it shows."""
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from websockets.sync.client import connect

    ask = BackMsg()
    ask.rerun_script.query_string = ""
    end = time.monotonic() + _AT_MOST_S
    while True:
        try:
            connection = connect(address, subprotocols=["streamlit"], max_size=None)  # type: ignore[list-item]
            break
        except OSError:  # not up yet
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
    with connection:
        connection.send(ask.SerializeToString())
        shown, answer = 0, ForwardMsg()
        while answer.WhichOneof("type") != "script_finished":
            answer.ParseFromString(connection.recv(timeout=_AT_MOST_S))
            shown += answer.WhichOneof("type") == "delta"
    if not shown:
        raise RuntimeError("The page showed nothing.")
