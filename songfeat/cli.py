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

from songfeat import __version__
from songfeat.errors import ConfigError, SongfeatError
from songfeat.labels import ALL_TARGETS

Result = dict[str, Any]

_GROUPINGS = {"genre": "genre", "decade": "decade", "source": "label_source"}
"""By what scores are told apart on the command line, and how the catalogue calls it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit code."""
    options = _parser().parse_args(arguments)
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
        result: Result | None = options.command(options)
    except OSError as error:
        from store.faults import in_words

        if words := in_words(error, Path.cwd()):
            raise words from error
        raise
    return result


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--workspace", metavar="DIR", default=argparse.SUPPRESS, help="default: workspace/")
    common.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON document")
    parser = argparse.ArgumentParser(prog="songfeat", description="Spotify's audio features from sound and numbers.")
    parser.add_argument("--version", action="version", version=f"songfeat {__version__}")
    parser.add_argument("--workspace", metavar="DIR", default=None, help="default: $SONGFEAT_WORKSPACE or workspace/")
    parser.add_argument("--json", action="store_true", default=False, help="print one JSON document")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str,
        command: Callable[[argparse.Namespace], Result | None],
        help_text: str,
        *shared: argparse.ArgumentParser,
    ) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=help_text, parents=[common, *shared])
        one.set_defaults(command=command)
        return one

    demo = add("demo", _demo, "build the synthesised demo library in an empty workspace")
    demo.add_argument("--songs", type=_positive, default=240)

    table = add("import", _import, "bring in tables of songs and reference values")
    table.add_argument("files", nargs="+", metavar="FILE")
    table.add_argument("--source", metavar="NAME", help="whose values these are; default: table:<file name>")
    table.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", type=_pair)
    table.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")

    scan = add("scan", _scan, "bring in a folder of audio files")
    scan.add_argument("folder")
    scan.add_argument("--labels", metavar="FILE", help="a table of reference values by file name")
    scan.add_argument("--source", metavar="NAME", help="whose values the labels are")
    scan.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", type=_pair)

    extract = add("extract", _extract, "compute arrays for all clips that lack them")
    extract.add_argument("--spec", default="report")
    extract.add_argument("--jobs", type=_positive, metavar="N", help="processes; default: one a core")

    _add_sources(add("collect", _collect, "collect songs, values or sound from a source"), common)
    add("sources", _sources, "list the sources, what they give, need and allow")
    add("sign-in", _sign_in, "sign in to Spotify, for playlists and the library")

    add("models", _models, "list the models that can be trained")

    training = argparse.ArgumentParser(add_help=False)
    training.add_argument("model")
    targets = f"{', '.join(ALL_TARGETS)}; default: what the model is for"
    training.add_argument("--targets", nargs="+", metavar="NAME", help=targets)
    source = "whose values to learn, of several the first that knows a track; default: the one with most tracks"
    training.add_argument("--source", nargs="+", metavar="NAME", help=source)
    training.add_argument("--split", choices=("artist", "random"), help="default: artist")
    training.add_argument("--spec", metavar="NAME", help="which arrays; default: the ones that the model is for")
    training.add_argument("--seed", type=int, help="default: 0")
    training.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", type=_pair)

    train = add("train", _train, "train a model", training)
    train.add_argument("--epochs", type=_positive)
    train.add_argument("--cv", type=_positive, metavar="FOLDS", help="cross-validate: one model a fold, 2 or more")

    sweep = add(
        "sweep", _sweep, "search for settings of a model by its validation error, and train with the best", training
    )
    sweep.add_argument("--trials", type=_positive, metavar="N", required=True)

    report = add("report", _report, "train the report's systems where they are not trained, and replay its tables")
    report.add_argument("--source", metavar="NAME", help="whose values to learn; default: the one with most clips")
    report.add_argument("--seed", type=int, default=0, help="default: 0")

    add("runs", _runs, "list the finished runs with their scores")
    scores = add("scores", _scores, "scores of runs by feature and by genre, decade or source")
    scores.add_argument("runs", nargs="+", metavar="RUN")
    scores.add_argument("--split", choices=("train", "val", "test"))
    scores.add_argument("--genre")
    scores.add_argument("--by", choices=tuple(_GROUPINGS), default="genre", help="default: genre")

    compare = add("compare", _compare, "compare two runs on the songs that both predicted")
    compare.add_argument("first", metavar="RUN")
    compare.add_argument("second", metavar="RUN")
    compare.add_argument("--split", choices=("train", "val", "test"), default="test", help="default: test")
    compare.add_argument("--genre")

    agreement = add("agreement", _agreement, "how far two sources of reference values agree")
    agreement.add_argument("first", metavar="SOURCE")
    agreement.add_argument("second", metavar="SOURCE")

    quality = add("quality", _quality, "what looks odd in the catalogue, and the songs behind it")
    quality.add_argument("check", nargs="?", metavar="CHECK", help="list the songs of one check")
    quality.add_argument("--measure", action="store_true", help="measure first how loud clips are")
    exclude = add("exclude", _exclude, "keep songs, or all values of a source, from training; alone: list what is")
    exclude.add_argument("tracks", nargs="*", metavar="TRACK_ID")
    exclude.add_argument("--check", metavar="NAME", help="all songs behind a check")
    exclude.add_argument("--source", metavar="NAME", help="all values of a source")
    exclude.add_argument("--reason", metavar="TEXT", help="kept with it; default: the check's title")
    include = add("include", _include, "take exclusions back")
    include.add_argument("names", nargs="+", metavar="TRACK_ID|SOURCE")

    song = add("song", _song, "find songs; reference and predicted values side by side")
    song.add_argument("query", nargs="+")
    song.add_argument("--limit", type=_positive, default=5)

    pretrain = add("pretrain", _pretrain, "make a model that answers for any audio file, from a folder of clips")
    pretrain.add_argument("folder", help="holds labelled.csv and labelled/, perhaps unlabelled.csv and unlabelled/")
    pretrain.add_argument("--out", metavar="DIR", required=True, help="where the model and its card go")
    pretrain.add_argument("--label-source", metavar="NAME", help="only labels whose label_source begins so")
    pretrain.add_argument("--songs", metavar="FILE", help="Parquet of other songs, for the unlabelled clips' artists")
    pretrain.add_argument("--terms", metavar="TEXT", help="on what terms clips and labels are used, for the card")

    predict = add("predict", _predict, "predict for audio files and folders, or for the rows of a table")
    predict.add_argument("files", nargs="*", metavar="AUDIO|FOLDER|TABLE")
    predict.add_argument("--library", action="store_true", help="every song with a clip, kept as a run to compare")
    predict.add_argument("--run", metavar="RUN", help="default: the shipped model; for a table the newest that fits")
    predict.add_argument("--out", metavar="FILE", help="write CSV or Parquet, one row each")

    serve = add("serve", _serve, "answer programs that were written for Spotify's audio features")
    serve.add_argument("--host", default="127.0.0.1", help="default: this machine alone")
    serve.add_argument("--port", type=_positive, default=8642)
    serve.add_argument("--token", help="what requests must carry; made up where other machines can ask")

    export = add("export", _export, "write tracks, reference, predictions or scores as CSV or Parquet")
    export.add_argument("what", choices=("tracks", "reference", "predictions", "scores", "provenance"))
    export.add_argument("file")

    add("jobs", _jobs, "list long work, newest first")
    cancel = add("cancel", _cancel, "stop a job")
    cancel.add_argument("job")
    resume = add("resume", _resume, "go on with a job that stopped")
    resume.add_argument("job")
    add("doctor", _doctor, "check versions, decoders, the workspace, and what each source can do")

    backup = add("backup", _backup, "copy the whole workspace into one file, while others use it")
    backup.add_argument("file")
    restore = add("restore", _restore, "put a backup into an empty workspace")
    restore.add_argument("file")
    restore.add_argument("--replace", action="store_true", help="move what the workspace holds aside")
    rebuild = add("rebuild", _rebuild, "make a lost or damaged catalogue anew from runs and earlier imports")
    rebuild.add_argument("--force", action="store_true", help="also if the catalogue can be read")
    return parser


def _add_sources(collect: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """A command for each source, with the options that it describes itself."""
    from store.sources.registry import collected

    kinds: dict[str, Result] = {
        "number": {"type": _positive, "metavar": "N"},
        "words": {"nargs": "+", "metavar": "NAME"},
        "flag": {"action": "store_true"},
        "path": {"metavar": "PATH", "type": lambda text: str(Path(text).resolve())},
    }
    commands = collect.add_subparsers(required=True, metavar="SOURCE", dest="source")
    for source in collected():
        about = f"{source.title}: {source.rights} {' '.join(source.links)}"
        one = commands.add_parser(source.name, help=source.title, description=about, parents=[common])
        for option in source.options:
            one.add_argument(f"--{option.name}", default=argparse.SUPPRESS, help=option.help, **kinds[option.kind])


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return value


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form KEY=VALUE")
    return key, value


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

    with _Bar(kind) as bar:
        return work_here(Workspace.locate(options.workspace), kind, params, title=title, listener=bar.show)


class _Bar:
    """A progress bar on standard error, started anew for each stage of a job."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.stage: tuple[str, int | None] | None = None
        self.bar: Any = None

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def show(self, step: Any) -> None:
        self.tell(step.done, step.total, step.note)

    def tell(self, done: int, total: int | None, note: str) -> None:
        from tqdm import tqdm

        stage = (note, total)
        if stage != self.stage:
            self._close()
            self.stage = stage
            every_s = 0.5 if sys.stderr.isatty() else 10.0
            self.bar = tqdm(total=total, desc=note or self.kind, file=sys.stderr, mininterval=every_s)
        self.bar.update(done - self.bar.n)

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.close()


def _demo(options: argparse.Namespace) -> Result:
    return _work(options, "demo", {"songs": options.songs}, "Demo library")


def _import(options: argparse.Namespace) -> Result:
    files = [str(Path(name).resolve()) for name in options.files]
    params = {"files": files, "source": options.source, "map": _unique(options.map), "dry_run": options.dry_run}
    return _work(options, "import", params, f"Import {Path(files[0]).name}")


def _scan(options: argparse.Namespace) -> Result:
    params = {
        "folder": str(Path(options.folder).resolve()),
        "labels": str(Path(options.labels).resolve()) if options.labels else None,
        "source": options.source,
        "map": _unique(options.map),
    }
    return _work(options, "scan", params, f"Scan {options.folder}")


def _extract(options: argparse.Namespace) -> Result:
    return _work(options, "extract", {"spec": options.spec, "jobs": options.jobs}, f"Extract to {options.spec}")


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
    with _Bar(job.kind) as bar:
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

    by = _GROUPINGS[options.by]
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

    if options.library != (not options.files):
        raise ConfigError("Name the files to predict for, or say --library for all songs that have a clip.")
    if options.library:
        return _work(options, "predict_library", {}, "Predict for the library")
    paths = [Path(name) for name in options.files]
    is_sound = all(path.suffix.lower() in AUDIO_SUFFIXES or path.is_dir() for path in paths)
    if is_sound and (options.run is None or options.run.startswith("pretrained")):
        return _predict_shipped(options, paths)
    from store.prediction import predict_files

    out = Path(options.out) if options.out else None
    return predict_files(_catalogue(options), paths, run_id=options.run, out=out)


def _predict_shipped(options: argparse.Namespace, paths: Sequence[Path]) -> Result:
    if len(paths) == 1 and not paths[0].is_dir() and not options.out:
        from songfeat.pretrained.song import predict

        # Needs no workspace, and neither what opens one: a single file is answered at once.
        answer = predict(paths[0]).as_dict()
        return {"run": answer["model"], "predictions": [{"file": str(paths[0]), "run": answer["model"], **answer}]}
    out = str(Path(options.out).resolve()) if options.out else None
    result = _work(options, "predict", {"files": [str(path) for path in paths], "out": out}, "Predict for audio files")
    if out and not options.json:
        result["predictions"] = [one for one in result["predictions"] if "error" in one]
    return result


def _serve(options: argparse.Namespace) -> Result:
    from store.serving.run import serve

    serve(_catalogue(options), host=options.host, port=options.port, token=options.token)
    return {"stopped": True}


def _export(options: argparse.Namespace) -> Result:
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
    with _Bar(job.kind) as bar:
        return work(job.folder, bar.show)


def _doctor(options: argparse.Namespace) -> Result:
    from store.doctor import checks
    from store.workspace import Workspace

    return {"checks": checks(Workspace.locate(options.workspace))}


def _backup(options: argparse.Namespace) -> Result:
    from store.backup import backup
    from store.workspace import Workspace

    with _Bar("backup") as bar:
        return backup(Workspace.locate(options.workspace), Path(options.file), bar.tell)


def _restore(options: argparse.Namespace) -> Result:
    from store.backup import restore
    from store.workspace import Workspace

    with _Bar("restore") as bar:
        workspace = Workspace.locate(options.workspace)
        return restore(workspace, Path(options.file), bar.tell, replace=options.replace)


def _rebuild(options: argparse.Namespace) -> Result:
    return _work(options, "rebuild", {"force": options.force}, "Rebuild the catalogue")
