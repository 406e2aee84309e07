"""What is damaged in a workspace: rows of the catalogue, arrays, files of runs."""

from pathlib import Path

from songfeat.errors import SongfeatError
from store import run_record
from store.catalogue import Catalogue
from store.shard_places import places
from store.shards import damaged_shards
from store.workspace import Workspace


def check_catalogue(catalogue: Catalogue) -> None:
    """Read every row of every table.

    Raises
    ------
    CatalogueDamaged
        If the catalogue cannot be opened, or part of it cannot be read.
    """
    with catalogue.lease() as db:
        tables = [
            name for (name,) in db.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall()
        ]
        for name in tables:
            db.execute(f'SELECT bit_xor(hash(t)) FROM "{name}" t').fetchall()


def damaged_arrays(workspace: Workspace) -> list[str]:
    """The shards, of all specs, whose content is not what was written; shared ones are all fetched for this."""
    roots = dict.fromkeys((workspace.features, workspace.shards))
    return [shard for root in roots for place in places(root) for shard in damaged_shards(place)]


def damaged_runs(workspace: Workspace) -> dict[str, list[str]]:
    """The finished runs of which files are missing or changed, with the names of those files."""
    folders = sorted(path for path in workspace.runs.glob("*") if path.is_dir())
    found = {folder.name: _damaged_files(folder) for folder in folders}
    return {name: files for name, files in found.items() if files}


def _damaged_files(folder: Path) -> list[str]:
    if run_record.is_kept(folder):
        return run_record.damaged_files(folder)
    # A run of Songfeat 0.1, or one under way, has no digests but in its checkpoint, which PyTorch must open.
    from songfeat import checkpoint

    if not (folder / checkpoint.DESCRIPTION_FILE).exists():
        return []
    try:
        checkpoint.load(folder)
    except SongfeatError:
        return [checkpoint.WEIGHTS_FILE]
    return []
