"""The server: Spotify's addresses, answered from the catalogue and by the model that comes with Songfeat."""

import asyncio
import os
import tempfile
from pathlib import Path, PurePosixPath
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import FastAPI, HTTPException, Query, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException as AnyHttpError

from songfeat import __version__
from songfeat.audio import AUDIO_SUFFIXES
from songfeat.errors import AudioError, CatalogueBusy, SongfeatError
from songfeat.pretrained.song import predict
from store.catalogue import Catalogue
from store.serving import songs
from store.serving.guard import App, Guard

MOST_IDS = 100
"""In one request, as at Spotify."""

MOST_BYTES = 50_000_000
"""Of an upload."""

MOST_SECONDS = 60.0
"""That an upload may wait for its turn and be listened to."""

Json = dict[str, Any]


def create(catalogue: Catalogue, *, token: str | None = None) -> App:
    """The server's application; with a token, only requests that carry it are answered."""
    api = FastAPI(title="Songfeat", version=__version__, description="Spotify's audio features, on this machine.")
    turns = asyncio.Semaphore(os.cpu_count() or 1)
    _say_errors_as_spotify_does(api)

    @api.get("/v1/audio-features")
    @api.get("/v1/audio-features/", include_in_schema=False)
    def several_audio_features(request: Request, ids: str) -> Json:
        """The audio features of up to 100 songs; null for an id that is not known."""
        asked = [one.strip() for one in ids.split(",")]
        if len(asked) > MOST_IDS:
            raise HTTPException(400, f"Too many ids requested: {len(asked)}, at most {MOST_IDS}.")
        return {"audio_features": songs.audio_features(catalogue, asked, _base(request))}

    @api.get("/v1/audio-features/{public_id}")
    def audio_features(request: Request, public_id: str) -> Json | None:
        """The audio features of a song."""
        (found,) = songs.audio_features(catalogue, [public_id], _base(request))
        if found is None:
            raise HTTPException(404, f"There are no audio features of {public_id!r}.")
        return found

    @api.get("/v1/tracks/{public_id}")
    def track(request: Request, public_id: str) -> Json:
        """A song."""
        found = songs.track(catalogue, public_id, _base(request))
        if found is None:
            raise HTTPException(404, f"There is no track {public_id!r}.")
        return found

    @api.get("/v1/search")
    def search(
        request: Request,
        q: str,
        kind: Annotated[str, Query(alias="type")] = "track",
        limit: Annotated[int, Query(ge=1, le=50)] = 10,
        offset: Annotated[int, Query(ge=0, le=1000)] = 0,
    ) -> Json:
        """Songs whose title and artist hold the words."""
        if kind != "track":
            raise HTTPException(400, f"Only songs can be searched: type=track, not type={kind}.")
        address = f"{_base(request)}/v1/search?q={quote(q, safe='')}&type=track&limit={limit}&offset="
        address = address.replace("{", "{{").replace("}", "}}") + "{offset}"
        return songs.search(catalogue, q, limit=limit, offset=offset, base=_base(request), address=address)

    @api.post("/v1/analysis/audio-features")
    async def analyse(audioFile: UploadFile) -> Json:  # noqa: N803 - the field's name is part of the interface
        """The audio features of a file that is sent."""
        suffix = PurePosixPath(audioFile.filename or "").suffix.lower()
        if suffix not in AUDIO_SUFFIXES:
            raise HTTPException(415, f"{audioFile.filename!r} is no audio file: expected {', '.join(AUDIO_SUFFIXES)}.")
        try:
            async with asyncio.timeout(MOST_SECONDS), turns:
                return await run_in_threadpool(_analyse, audioFile, suffix)
        except TimeoutError:
            raise HTTPException(503, f"It took longer than {MOST_SECONDS:.0f} s. Ask again later.") from None

    return Guard(api, token=token, most_bytes=MOST_BYTES)


def _analyse(upload: UploadFile, suffix: str) -> Json:
    name = upload.filename or ""
    with tempfile.TemporaryDirectory(prefix="songfeat-") as folder:
        path = Path(folder) / f"upload{suffix}"
        path.write_bytes(upload.file.read())
        try:
            return songs.answer_as_features(predict(path))
        except AudioError as error:
            raise AudioError(str(error).replace(str(path), repr(name))) from None


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _say_errors_as_spotify_does(api: FastAPI) -> None:
    def say(status: int, message: str) -> JSONResponse:
        return JSONResponse({"error": {"status": status, "message": message}}, status_code=status)

    @api.exception_handler(AnyHttpError)
    def refused(_request: Request, error: AnyHttpError) -> JSONResponse:
        return say(error.status_code, str(error.detail))

    @api.exception_handler(RequestValidationError)
    def wrong(_request: Request, error: RequestValidationError) -> JSONResponse:
        said = "; ".join(f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors())
        return say(400, f"Wrong parameters: {said}.")

    @api.exception_handler(SongfeatError)
    def in_words(_request: Request, error: SongfeatError) -> JSONResponse:
        return say(
            422 if isinstance(error, AudioError) else 503 if isinstance(error, CatalogueBusy) else 500, str(error)
        )
