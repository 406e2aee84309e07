"""Asking providers: within their hosts and pace, again where that helps, never twice for what is known."""

import itertools
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from songfeat.errors import ConfigError
from store.progress import Cancelled, Progress
from store.web import failures
from store.web.client import Client
from store.web.failures import AnswerError
from store.web.gate import Gate
from store.web.journal import Journal
from store.web.patience import Patience
from store.web.provider import LOCAL_SERVER, Provider
from tests.providers import Providers, library, serve

PROVIDER = Provider(name="Deezer", base="https://api.deezer.com/", route="/dz/", hosts=(".dzcdn.net",))
QUESTION = "track/isrc:QZZZZ2600003"


@pytest.fixture
def server(monkeypatch):
    with serve(Providers(library(8))) as providers:
        monkeypatch.setenv(LOCAL_SERVER, providers.url)
        yield providers


@pytest.fixture
def journal(tmp_path: Path):
    journal = Journal(tmp_path / "answers.sqlite")
    yield journal
    journal.close()


@pytest.mark.parametrize(
    "faults",
    [
        ["429"], ["429 in 1 s"], ["429 without a word"], ["429 with nonsense"], ["500", "500"], ["truncated"],
        ["cut"], ["html"], ["empty"], ["reset"], ["wrong type"], ["500", "429", "cut"],
    ],
    ids=" then ".join,
)  # fmt: skip
def test_what_may_pass_is_tried_again(server: Providers, faults: list[str]):
    server.fail("/dz/track", *faults)
    with Client(PROVIDER) as client:
        assert client.ask(QUESTION)["title"] == "Tin Harbour 3"
    assert len(server.log) == len(faults) + (faults != ["wrong type"])


def test_what_is_too_slow_is_tried_again(server: Providers):
    server.fail("/dz/track", "slow")
    with Client(replace(PROVIDER, timeout_s=0.25)) as client:
        assert client.ask(QUESTION)["title"] == "Tin Harbour 3"
    assert len(server.log) >= 2


def test_retry_after_is_kept_to(server: Providers):
    server.fail("/dz/track", "429 in 1 s")
    with Client(PROVIDER) as client:
        client.ask(QUESTION)
    first, second = (asked.when for asked in server.log)
    assert second - first >= 1.0


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("401", "auth"), ("403", "forbidden"), ("403 in words", "forbidden"), ("404", "not_found"), ("quota", "quota"),
        ("429 in an hour", "quota"), ("elsewhere", "refused"),
    ],
)  # fmt: skip
def test_what_will_not_pass_is_asked_once(server: Providers, fault: str, kind: str):
    server.fail("/dz/track", fault)
    with Client(PROVIDER) as client, pytest.raises(AnswerError) as caught:
        client.ask(QUESTION)
    assert caught.value.kind == kind
    assert len(server.log) == 1


def test_what_a_provider_says_in_words_is_passed_on(server: Providers):
    server.fail("/dz/track", "403 in words")
    with Client(PROVIDER) as client, pytest.raises(AnswerError, match="Active premium subscription required"):
        client.ask(QUESTION)


@pytest.mark.parametrize(("fault", "kind"), [("500", "server"), ("html", "bad_payload"), ("slow", "network")])
def test_it_gives_up_after_four_times(server: Providers, fault: str, kind: str):
    server.fail("/dz/track", *[fault] * 9)
    timeout_s = 0.25 if fault == "slow" else PROVIDER.timeout_s
    with Client(replace(PROVIDER, timeout_s=timeout_s)) as client, pytest.raises(AnswerError) as caught:
        client.ask(QUESTION)
    assert (caught.value.kind, len(server.log)) == (kind, 4)


def test_a_dripping_body_is_left(server: Providers):
    server.fail("/dz/track", *["drip"] * 4)
    with Client(replace(PROVIDER, deadline_s=0.2)) as client, pytest.raises(AnswerError, match="so slowly"):
        client.ask(QUESTION)


def test_a_large_body_is_left(server: Providers):
    with Client(replace(PROVIDER, max_bytes=100)) as client, pytest.raises(AnswerError, match="more than 100 bytes"):
        client.ask(QUESTION)
    assert len(server.log) == 1


def test_redirects_in_circles_end(server: Providers):
    server.fail("/dz/track", *["in circles"] * 20)
    with Client(PROVIDER) as client, pytest.raises(AnswerError, match="redirects"):
        client.ask(QUESTION)
    assert len(server.log) == 4


def test_an_answer_is_kept_and_not_asked_for_again(server: Providers, journal: Journal):
    for _ in range(2):
        with Client(PROVIDER, journal=journal) as client:
            assert client.ask(QUESTION)["title"] == "Tin Harbour 3"
            assert client.answered_at
    server.fail("/dz/track/9", "404")
    for _ in range(2):
        with Client(PROVIDER, journal=journal) as client, pytest.raises(AnswerError, match="404"):
            client.ask("track/9")
    assert [asked.path for asked in server.log] == [f"/dz/{QUESTION}", "/dz/track/9"]


def test_an_answer_to_a_list_serves_only_the_collection_that_asked(server: Providers, journal: Journal):
    provider = replace(PROVIDER, lists=("search",))
    for scope in ("one", "one", "two"):
        with Client(provider, journal=journal, scope=scope) as client:
            client.ask("search", q="Tin Harbour 3 Example Trio 0")
    assert len(server.log) == 2


def test_a_failure_is_not_kept(server: Providers, journal: Journal):
    server.fail("/dz/track", "403")
    with Client(PROVIDER, journal=journal) as client:
        with pytest.raises(AnswerError):
            client.ask(QUESTION)
        assert client.ask(QUESTION)["title"] == "Tin Harbour 3"


def test_a_budget_of_waiting_is_not_exceeded(server: Providers):
    server.fail("/dz/track", "429 in 1 s")
    with Client(PROVIDER, patience=Patience(budget_s=0.5)) as client, pytest.raises(AnswerError) as caught:
        client.ask(QUESTION)
    assert caught.value.kind == "quota"
    assert len(server.log) == 1


def test_waiting_ends_when_the_job_is_cancelled(server: Providers, tmp_path: Path):
    server.fail("/dz/track", "429 in 1 s")
    (tmp_path / "cancel").touch()
    patience = Patience(check=Progress(tmp_path).check)
    with Client(PROVIDER, patience=patience) as client, pytest.raises(Cancelled):
        client.ask(QUESTION)


def test_waiting_ends_when_the_collection_is_stopped(server: Providers):
    server.fail("/dz/track", "429 in 1 s")
    patience = Patience()
    threading.Timer(0.1, patience.stop.set).start()
    with Client(PROVIDER, patience=patience) as client, pytest.raises(Cancelled):
        client.ask(QUESTION)
    assert len(server.log) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://api.deezer.com/track/1", "https://api.deezer.com.example.org/", "https://example.org/", "file:///etc/passwd",
        "https://api.deezer.com:8443/", "https://me@api.deezer.com/", "https://dzcdn.net.example.org/",
        "https://127.0.0.1/", "http://127.0.0.1:9000/dz/",
    ],
)  # fmt: skip
def test_only_the_providers_own_hosts_are_asked(url: str, monkeypatch):
    monkeypatch.delenv(LOCAL_SERVER, raising=False)
    with pytest.raises(AnswerError, match="none of its own hosts") as caught:
        PROVIDER.check(url)
    assert "me@" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://api.deezer.com/track/1", "https://cdnt-preview.dzcdn.net/x.mp3?hdnea=1"])
def test_its_own_hosts_may_be_asked(url: str, monkeypatch):
    monkeypatch.delenv(LOCAL_SERVER, raising=False)
    PROVIDER.check(url)


@pytest.mark.parametrize(
    "address",
    [
        "http://192.168.0.1:9000",
        "https://example.org",
        "127.0.0.1:9000",
        "http://127.0.0.1:9000/x",
        "http://localhost:1",
    ],
)
def test_only_this_machine_may_stand_in(address: str, monkeypatch):
    monkeypatch.setenv(LOCAL_SERVER, address)
    with pytest.raises(ConfigError, match=LOCAL_SERVER):
        PROVIDER.url("track/1")


def test_the_pace_is_kept_by_all_threads_together():
    gate, starts = Gate(interval_s=0.02, concurrency=3), []

    def enter() -> None:
        for _ in range(4):
            with gate.turn(time.sleep):
                starts.append(time.monotonic())

    threads = [threading.Thread(target=enter) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert gate.turns == len(starts) == 20
    assert max(starts) - min(starts) >= 19 * 0.02 - 0.005


def test_no_more_are_under_way_than_allowed():
    gate, inside, most, lock = Gate(interval_s=0, concurrency=3), itertools.count(), [], threading.Lock()
    now = 0

    def enter() -> None:
        nonlocal now
        for _ in range(10):
            with gate.turn(time.sleep):
                with lock:
                    now += 1
                    most.append(now)
                time.sleep(0.001)
                with lock:
                    now -= 1
                next(inside)

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 3


@settings(deadline=None)
@given(status=st.integers(400, 599), body=st.binary(max_size=300), header=st.text(max_size=30))
def test_any_refusal_becomes_a_sentence(status: int, body: bytes, header: str):
    failure = failures.of_status("Deezer", "GET /track/1", status, {"Retry-After": header}, body)
    assert str(failure).startswith("Deezer ")
    assert "\n" not in str(failure)
    assert len(str(failure)) < 400


def test_a_date_to_retry_after_is_understood():
    assert failures.retry_after_s({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0
    assert failures.retry_after_s({"Retry-After": "soon"}) is None
    assert failures.retry_after_s({}) is None
    assert "resume the job after 20" in str(failures.of_status("Deezer", "GET /", 429, {"Retry-After": "9" * 40}, b""))
