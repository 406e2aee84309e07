"""Many people in the dashboard at once: a real server, and sessions that speak Streamlit's protocol to it.

A session is what a browser is to the server: a WebSocket that sends what was
opened, picked and typed, and gets what to show. Without a browser a hundred of
them cost next to nothing, so that what is measured is the server.
"""

import asyncio
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from store.catalogue import Catalogue
from store.worker import work_here
from store.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
SESSIONS, SECONDS = 100, 60.0
PAUSE_S = 10.0
"""How long a person looks at a page before the next click, on average."""
ANSWER_WITHIN_S = 300.0
_START_WITHIN_S = 90.0


@dataclass
class Visit:
    """What sessions saw: how long each page took to be there, and what should not have been."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    pages: set[str] = field(default_factory=set)

    def percentile(self, share: float) -> float:
        """How long the given share of the scripts took at most, in seconds."""
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(share * len(self.seconds)))]

    def __str__(self) -> str:
        median, p95, most = (self.percentile(share) for share in (0.5, 0.95, 1.0))
        return (
            f"{len(self.seconds)} scripts run on {len(self.pages)} pages; one took {median:.2f} s (median),"
            f" {p95:.2f} s (p95), {most:.2f} s (most); {len(self.errors)} errors {self.errors[:3] or ''}"
        )


@contextmanager
def served(workspace: Workspace, log: Path) -> Iterator[int]:
    """The dashboard on a free port of this machine, which is given; what the server says goes to `log`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "SONGFEAT_WORKSPACE": str(workspace.folder), "SONGFEAT_NO_DEMO": "1"}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
    command += ["--server.address=127.0.0.1", f"--server.port={port}"]
    with log.open("w") as output:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        end = time.monotonic() + _START_WITHIN_S
        while not _is_up(port):
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"The dashboard did not start: {log.read_text()[-500:]}")
            time.sleep(0.2)
        yield port
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _is_up(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def addresses(workspace: Workspace) -> list[tuple[str, str]]:
    """Every page, as (path, query); songs and runs by deep link."""
    with Catalogue(workspace).lease() as db:
        tracks = [name for (name,) in db.execute("SELECT track_id FROM tracks ORDER BY track_id").fetchall()]
        runs = [name for (name,) in db.execute("SELECT run_id FROM runs ORDER BY run_id").fetchall()]
    pages = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
    found = [("", ""), *((page, "") for page in pages)]
    found += [("song", f"track={track}") for track in tracks[:20]]
    found += [("mfcc", f"track={track}") for track in tracks[:5]]
    return found + [("compare", f"run={run}") for run in runs]


def browse(port: int, places: list[tuple[str, str]], *, sessions: int, seconds: float, pause_s: float) -> Visit:
    """Let sessions open, change and leave pages for so many seconds."""
    visit = Visit()

    async def all_at_once() -> None:
        end = time.monotonic() + seconds
        await asyncio.gather(
            *(_browse(port, places, random.Random(number), visit, end, pause_s) for number in range(sessions))
        )

    asyncio.run(all_at_once())
    return visit


async def _browse(
    port: int, places: list[tuple[str, str]], chance: random.Random, visit: Visit, end: float, pause_s: float
) -> None:
    await asyncio.sleep(chance.uniform(0, min(5.0, 2 * pause_s)))
    try:
        # Each stays for a few clicks; then somebody else comes, or the same with a tab of its own.
        while time.monotonic() < end:
            async with _connected(port) as socket:
                session = _Session(socket, visit)
                for _ in range(chance.randint(2, 8)):
                    page, query = chance.choice(places)
                    await session.open(page, query)
                    await asyncio.sleep(chance.uniform(0, 2 * pause_s))
                    if await session.change_something(chance):
                        await asyncio.sleep(chance.uniform(0, 2 * pause_s))
                    if time.monotonic() > end:
                        break
    except (OSError, TimeoutError, WebSocketException) as error:
        visit.errors.append(f"{type(error).__name__}: {error}")


def _connected(port: int) -> connect:
    return connect(
        f"ws://127.0.0.1:{port}/_stcore/stream",
        subprotocols=[Subprotocol("streamlit")],
        max_size=None,
        proxy=None,
        open_timeout=ANSWER_WITHIN_S,
        ping_interval=None,  # a busy server is slow to answer, which is what is measured
    )


class _Session:
    """One tab: what it shows, and what was typed and picked in it."""

    def __init__(self, socket: ClientConnection, visit: Visit) -> None:
        self._socket, self._visit = socket, visit
        self._page, self._query = "", ""
        self._widgets: list[Element] = []
        self._states: dict[str, WidgetState] = {}

    async def open(self, page: str, query: str) -> None:
        """Follow a link to a page."""
        self._page, self._query, self._states = page, query, {}
        await self._run()

    async def change_something(self, chance: random.Random) -> bool:
        """Type or pick something on the page, if there is anything that can be."""
        changes = [state for element in self._widgets if (state := _changed(element, chance))]
        if not changes:
            return False
        state = chance.choice(changes)
        self._states[state.id] = state
        await self._run()
        return True

    async def _run(self) -> None:
        message = BackMsg()
        message.rerun_script.query_string = self._query
        message.rerun_script.page_name = self._page
        message.rerun_script.widget_states.widgets.extend(self._states.values())
        started = time.monotonic()
        await self._socket.send(message.SerializeToString())
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await self._until_shown()
        self._visit.seconds.append(time.monotonic() - started)
        self._visit.pages.add(self._page)

    async def _until_shown(self) -> None:
        """Take what the server sends until the script has run to its end."""
        self._widgets = []
        while True:
            message = ForwardMsg()
            message.ParseFromString(await self._socket.recv(decode=False))
            kind = message.WhichOneof("type")
            if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                self._take(message.delta.new_element)
            elif kind == "page_not_found":
                self._visit.errors.append(f"/{self._page}: there is no such page")
            elif kind == "script_finished":
                if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                    self._visit.errors.append(f"/{self._page}: the script could not be compiled")
                if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return

    def _take(self, element: Element) -> None:
        kind = element.WhichOneof("type")
        where = f"/{self._page}?{self._query}"
        if kind == "exception":
            self._visit.errors.append(f"{where}: {element.exception.type}: {element.exception.message}")
        # An error in words is no fault where something was typed or picked that may well deserve it.
        elif kind == "alert" and element.alert.format == element.alert.ERROR and not self._states:
            self._visit.errors.append(f"{where}: {element.alert.body}")
        else:
            self._widgets.append(element)


def _changed(element: Element, chance: random.Random) -> WidgetState | None:
    """Another value for a widget; None for what is none, or is better left alone: buttons start work."""
    kind = element.WhichOneof("type")
    if kind == "text_input":
        return WidgetState(id=element.text_input.id, string_value=chance.choice(("", "night", "a", "song 7", "'; --")))
    if kind == "checkbox":
        return WidgetState(id=element.checkbox.id, bool_value=chance.random() < 0.5)
    if kind == "selectbox" and element.selectbox.options:
        return WidgetState(id=element.selectbox.id, string_value=chance.choice(list(element.selectbox.options)))
    if kind == "radio" and element.radio.options:
        return WidgetState(id=element.radio.id, string_value=chance.choice(list(element.radio.options)))
    return None


def run() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "w")
        work_here(workspace, "demo", {})
        places = addresses(workspace)
        with served(workspace, Path(folder) / "server.log") as port:
            alone = browse(port, places, sessions=1, seconds=SECONDS / 2, pause_s=0.0)
            together = browse(port, places, sessions=SESSIONS, seconds=SECONDS, pause_s=PAUSE_S)
    if errors := alone.errors + together.errors:
        raise RuntimeError(f"Pages failed: {errors[:5]}")
    return {
        "what": f"a page (p95) with {SESSIONS} sessions at once, against the median of one session alone",
        "seconds": together.percentile(0.95), "against_seconds": statistics.median(alone.seconds),
        "ratio": together.percentile(0.95) / statistics.median(alone.seconds), "rounds": len(together.seconds),
        "median_seconds": statistics.median(together.seconds), "sessions": SESSIONS, "cores": os.cpu_count(),
    }  # fmt: skip
