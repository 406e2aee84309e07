"""The command line: ``songfeat [--workspace DIR] COMMAND``.

Under ``--json`` a command prints one JSON document on standard output and
nothing else there; progress goes to standard error. Exit code 0 means done,
1 an error in words, 2 wrong usage.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from songfeat.cli_parser import GROUPINGS, build_parser
from songfeat.cli_progress import Bar
from songfeat.errors import ConfigError, SongfeatError

Result = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit code."""
    from store.sources.registry import collected

    options = build_parser(collected()).parse_args(arguments)
    from store.progress import Cancelled

    try:
        result = _in_words(options)
    except SongfeatError as error:
        if options.json:
            print(json.dumps({"error": {"type": type(error).__name__, "message": str(error)}}, ensure_ascii=False))
        else:
            print(f"songfeat: {error}", file=sys.stderr)
        return 1
    except (Cancelled, KeyboardInterrupt):
        print("songfeat: cancelled; run it again to go on", file=sys.stderr)
        return 130
    if result is None:
        return 0
    if options.json:
        text = json.dumps(result, ensure_ascii=False, indent=1, default=str)
    else:
        from songfeat.cli_text import as_text

        text = as_text(result)
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Whoever reads (head, say) has seen enough; Python would complain again when it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _in_words(options: argparse.Namespace) -> Result | None:
    """Run the command; faults of the machine become errors in words."""
    try:
        result: Result | None = _COMMANDS[options.command](options)
    except OSError as error:
        from store.faults import in_words

        if words := in_words(error, Path.cwd()):
            raise words from error
        raise
    return result


def _unique(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Pairs as a dict; a key that is given twice is refused, as one of the two would be lost."""
    found: dict[str, str] = {}
    for key, value in pairs:
        if found.setdefault(key, value) != value:
            raise ConfigError(f"{key} is given twice, as {found[key]!r} and as {value!r}.")
    return found


def _work(options: argparse.Namespace, kind: str, params: Result, title: str) -> Result:
    """Do long work in this process, with a bar on standard error."""
    from store.worker import work_here
    from store.workspace import Workspace

    with Bar(kind) as bar:
        return work_here(Workspace.locate(options.workspace), kind, params, title=title, listener=bar.show)


def _demo(options: argparse.Namespace) -> Result:
    return _work(options, "demo", {"songs": options.songs}, "Demo library")


def _import(options: argparse.Namespace) -> Result:
    files = [str(Path(name).resolve()) for name in options.files]
    params = {"files": files, "source": options.source, "map": _unique(options.map), "dry_run": options.dry_run}
    return _work(options, "import", params, f"Import {Path(files[0]).name}")


def _scan(options: argparse.Namespace) -> Result:
    from songfeat.locations import resolved

    folder = resolved(options.folder)
    params = {
        "folder": str(folder.resolve() if isinstance(folder, Path) else folder),
        "labels": str(Path(options.labels).resolve()) if options.labels else None,
        "source": options.source,
        "map": _unique(options.map),
        "dask": options.dask,
    }
    return _work(options, "scan", params, f"Scan {options.folder}")


def _extract(options: argparse.Namespace) -> Result:
    params = {"spec": options.spec, "jobs": options.jobs, "dask": options.dask}
    return _work(options, "extract", params, f"Extract to {options.spec}")


def _collect(options: argparse.Namespace) -> Result:
    from store import jobs
    from store.sources.registry import get_source
    from store.worker import work
    from store.workspace import Workspace

    source, workspace = get_source(options.source), Workspace.locate(options.workspace)
    chosen = {one.name: getattr(options, one.name) for one in source.options if hasattr(options, one.name)}
    params = {"source": source.name, "options": chosen}
    job = jobs.unfinished(workspace, "collect", params)
    if job is None:
        return _work(options, "collect", params, f"Collect from {source.title}")
    jobs.prepare_again(job)
    with Bar(job.kind) as bar:
        return work(job.folder, bar.show)


def _sources(_options: argparse.Namespace) -> Result:
    from store.sources.registry import SOURCES

    shown = ("name", "title", "gives", "needs", "rights", "links", "work")
    return {"sources": [{name: getattr(source, name) for name in shown} for source in SOURCES.values()]}


def _sign_in(_options: argparse.Namespace) -> Result:
    from store.sources.spotify_auth import sign_in

    def show(address: str) -> None:
        print(f"Open this address in your browser:\n{address}", file=sys.stderr, flush=True)

    return {"token": str(sign_in(show))}


def _models(_options: argparse.Namespace) -> Result:
    from songfeat.registry import entries

    return {
        "models": [
            {"name": entry.name, "inputs": list(entry.inputs), "description": entry.description} for entry in entries()
        ]
    }


def _training_params(options: argparse.Namespace) -> Result:
    return {
        "model": options.model,
        "targets": options.targets,
        "source": options.source,
        "split": options.split,
        "spec": options.spec,
        "seed": options.seed,
        "settings": _unique(options.set),
    }


def _train(options: argparse.Namespace) -> Result | None:
    params = _training_params(options)
    if options.epochs is not None:
        params["settings"]["epochs"] = str(options.epochs)
    params["cv"] = options.cv
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return _work(options, "train", params, f"Train {options.model}")
    from songfeat import distributed

    with distributed.group():
        if distributed.rank() == 0:
            return _work(options, "train", params, f"Train {options.model}")
        from store.work.train import assist
        from store.workspace import Workspace

        assist(Workspace.locate(options.workspace))
        return None


def _sweep(options: argparse.Namespace) -> Result:
    params = {**_training_params(options), "trials": options.trials}
    return _work(options, "sweep", params, f"Search settings of {options.model}")


def _report(options: argparse.Namespace) -> Result:
    from store.report import as_dict, replay

    done = _work(options, "report", {"source": options.source, "seed": options.seed}, "Replay the report")
    found = as_dict(replay(_catalogue(options), source=done["source"], seed=done["seed"]))
    return {**found, "trained": done["trained"], "left_out": done["left_out"]}


def _pretrain(options: argparse.Namespace) -> Result:
    params = {
        "folder": str(Path(options.folder).resolve()),
        "out": str(Path(options.out).resolve()),
        "label_source": options.label_source,
        "songs": str(Path(options.songs).resolve()) if options.songs else None,
        "terms": options.terms,
    }
    return _work(options, "pretrain", params, f"Pretrain on {options.folder}")


def _catalogue(options: argparse.Namespace) -> Any:
    from store.catalogue import Catalogue
    from store.workspace import Workspace

    return Catalogue(Workspace.locate(options.workspace))


def _runs(options: argparse.Namespace) -> Result:
    from store.answers import leaderboard

    return {"runs": leaderboard(_catalogue(options))}


def _scores(options: argparse.Namespace) -> Result:
    from store.answers import scores

    by = GROUPINGS[options.by]
    return {"scores": scores(_catalogue(options), options.runs, split=options.split, genre=options.genre, by=by)}


def _compare(options: argparse.Namespace) -> Result:
    from store.answers import comparison

    return comparison(_catalogue(options), options.first, options.second, split=options.split, genre=options.genre)


def _agreement(options: argparse.Namespace) -> Result:
    from store.answers import source_agreement

    return source_agreement(_catalogue(options), options.first, options.second)


def _quality(options: argparse.Namespace) -> Result:
    from store.answers import oddities

    if options.measure:
        _work(options, "levels", {}, "Measure levels")
    return oddities(_catalogue(options), options.check)


def _exclude(options: argparse.Namespace) -> Result:
    from store.answers import exclude

    return exclude(
        _catalogue(options), options.tracks, check=options.check, source=options.source, reason=options.reason
    )


def _include(options: argparse.Namespace) -> Result:
    from store.exclusions import take_back

    return {"included": take_back(_catalogue(options), options.names)}


def _song(options: argparse.Namespace) -> Result:
    from store.answers import matches

    return {"matches": matches(_catalogue(options), " ".join(options.query), limit=options.limit)}


def _predict(options: argparse.Namespace) -> Result:
    from songfeat.audio import AUDIO_SUFFIXES
    from songfeat.locations import is_url

    if options.library != (not options.files):
        raise ConfigError("Name the files to predict for, or say --library for all songs that have a clip.")
    if options.library:
        return _work(options, "predict_library", {"dask": options.dask}, "Predict for the library")
    is_sound = all(
        is_url(name) or Path(name).suffix.lower() in AUDIO_SUFFIXES or Path(name).is_dir() for name in options.files
    )
    if is_sound and (options.run is None or options.run.startswith("pretrained")):
        return _predict_shipped(options)
    if options.dask or any(map(is_url, options.files)):
        raise ConfigError(
            "Only the model that comes with Songfeat answers for URLs and on a cluster; leave --run away."
        )
    from store.prediction import predict_files

    out = Path(options.out) if options.out else None
    return predict_files(_catalogue(options), [Path(name) for name in options.files], run_id=options.run, out=out)


def _predict_shipped(options: argparse.Namespace) -> Result:
    from songfeat.locations import is_url

    only = options.files[0] if len(options.files) == 1 and not (options.out or options.dask) else None
    if only is not None and not is_url(only) and not Path(only).is_dir():
        from songfeat.pretrained.song import predict

        # Needs no workspace, and neither what opens one: a single file is answered at once.
        answer = predict(only).as_dict()
        return {"run": answer["model"], "predictions": [{"file": str(Path(only)), "run": answer["model"], **answer}]}
    out = str(Path(options.out).resolve()) if options.out else None
    params = {"files": options.files, "out": out, "dask": options.dask}
    result = _work(options, "predict", params, "Predict for audio files")
    if out and not options.json:
        result["predictions"] = [one for one in result["predictions"] if "error" in one]
    return result


def _serve(options: argparse.Namespace) -> Result:
    from store.serving.run import serve

    serve(_catalogue(options), host=options.host, port=options.port, token=options.token)
    return {"stopped": True}


def _export(options: argparse.Namespace) -> Result:
    if options.what == "catalogue":
        from store.catalogue_export import export_catalogue

        with Bar("export") as bar:
            return export_catalogue(_catalogue(options), options.file, bar.tell)
    from store.export import export

    return {"rows": export(_catalogue(options), options.what, Path(options.file)), "file": options.file}


def _jobs(options: argparse.Namespace) -> Result:
    from store.answers import job_list
    from store.workspace import Workspace

    return {"jobs": job_list(Workspace.locate(options.workspace))}


def _cancel(options: argparse.Namespace) -> Result:
    from store import jobs
    from store.workspace import Workspace

    jobs.cancel(Workspace.locate(options.workspace), options.job)
    return {"job": options.job, "state": "cancelling"}


def _resume(options: argparse.Namespace) -> Result:
    from store import jobs
    from store.worker import work
    from store.workspace import Workspace

    job = jobs.get(Workspace.locate(options.workspace), options.job)
    jobs.prepare_again(job)
    with Bar(job.kind) as bar:
        return work(job.folder, bar.show)


def _doctor(options: argparse.Namespace) -> Result:
    from store.doctor import checks
    from store.workspace import Workspace

    return {"checks": checks(Workspace.locate(options.workspace))}


def _backup(options: argparse.Namespace) -> Result:
    from store.backup import backup
    from store.workspace import Workspace

    with Bar("backup") as bar:
        return backup(Workspace.locate(options.workspace), Path(options.file), bar.tell)


def _restore(options: argparse.Namespace) -> Result:
    from store.backup import restore
    from store.workspace import Workspace

    with Bar("restore") as bar:
        workspace = Workspace.locate(options.workspace)
        return restore(workspace, Path(options.file), bar.tell, replace=options.replace)


def _rebuild(options: argparse.Namespace) -> Result:
    return _work(options, "rebuild", {"force": options.force}, "Rebuild the catalogue")


_COMMANDS: dict[str, Callable[[argparse.Namespace], Result | None]] = {
    "demo": _demo,
    "import": _import,
    "scan": _scan,
    "extract": _extract,
    "collect": _collect,
    "sources": _sources,
    "sign-in": _sign_in,
    "models": _models,
    "train": _train,
    "sweep": _sweep,
    "report": _report,
    "runs": _runs,
    "scores": _scores,
    "compare": _compare,
    "agreement": _agreement,
    "quality": _quality,
    "exclude": _exclude,
    "include": _include,
    "song": _song,
    "pretrain": _pretrain,
    "predict": _predict,
    "serve": _serve,
    "export": _export,
    "jobs": _jobs,
    "cancel": _cancel,
    "resume": _resume,
    "doctor": _doctor,
    "backup": _backup,
    "restore": _restore,
    "rebuild": _rebuild,
}
