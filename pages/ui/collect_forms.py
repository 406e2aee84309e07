"""The forms of the page Collect."""

from pathlib import Path, PurePosixPath

import streamlit as st

from pages.ui import cached, tables, words
from songfeat.locations import resolved
from songfeat.specs import CLIP_SPECS, get_spec
from store import jobs
from store.sources.table_layout import FIELDS
from store.table_preview import TableHead, preview
from store.uploads import TABLE_SUFFIXES, save_table, shown_name

RIGHTS = (
    "Choose what you may use. Spotify's Developer Policy bars training models on Spotify content;"
    " Songfeat works without Spotify, on published tables, your own files and its synthesised demo."
)
DRY_RUN = "Changes nothing; what an import would do appears under Jobs."
_GUESSED = "(as guessed)"

Params = dict[str, object]


def import_table() -> None:
    """Choose tables, see what their columns are taken for, try it, import it."""
    st.caption(RIGHTS)
    files = _chosen_tables()
    if not files:
        return
    head = cached.table_head(files)
    shown = st.container()
    overrides = _overrides(head, files)
    mapping, fields = preview(head, overrides)
    with shown:
        names = ", ".join(words.literal(shown_name(file)) for file in files)
        unused = words.literal(", ".join(mapping.unused)) or "none"
        st.markdown(
            f"**{names}**: {words.count(head.rows, 'row')}, layout {mapping.layout}. Columns not used: {unused}."
        )
        _import_buttons(files, overrides)
        st.dataframe(fields, hide_index=True, height=240, alt="What each column is taken for")


def _import_buttons(files: list[str], overrides: dict[str, str]) -> None:
    first = shown_name(files[0])
    name = f"table:{first.split('.')[0]}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = st.text_input("Source: whose values these are", name, help="Shown wherever a value of this table is.")
        params = {"files": files, "source": source.strip() or name, "map": overrides}
        _launch("Try it", "import", {**params, "dry_run": True}, f"Dry run: {first}", note=DRY_RUN)
        _launch("Import", "import", {**params, "dry_run": False}, f"Import {first}", primary=True)


def _chosen_tables() -> list[str]:
    """Paths of the tables: uploaded ones, kept in the workspace, or such that lie on this machine."""
    kinds = ", ".join(TABLE_SUFFIXES)
    upload_place, path_place = st.columns(2)
    uploads = upload_place.file_uploader(
        "Tables of songs",
        accept_multiple_files=True,
        help=f"{kinds}. Several tables are joined on their id.",
        disabled=not cached.workspace().writable,
    )
    typed = path_place.text_input(
        "… or where they lie on this machine", placeholder="/music/songs.csv", help="Several paths: put ; between them."
    )
    kept = [str(save_table(cached.workspace(), upload.name, upload.getvalue())) for upload in uploads]
    return kept or [str(Path(name.strip()).expanduser().resolve()) for name in typed.split(";") if name.strip()]


def _overrides(head: TableHead, files: list[str]) -> dict[str, str]:
    """Field to column, where a person says otherwise than was guessed."""
    with st.expander("Say which column holds what"):
        columns = st.columns(3)
        chosen = {
            field: columns[place % 3].selectbox(
                field, [_GUESSED, *head.columns], key=f"column-{field}-{hash(tuple(files))}"
            )
            for place, field in enumerate(FIELDS)
        }
    return {field: column for field, column in chosen.items() if column != _GUESSED}


def scan_folder() -> None:
    """Choose a folder of audio files and, if there is one, a table of reference values for them."""
    st.caption(RIGHTS)
    with st.form("scan", border=False):
        folder = st.text_input(
            "Folder of audio files, or a URL of object storage", placeholder="/music or s3://bucket/music"
        )
        labels = st.text_input(
            "Table of reference values by file name (if you have one)", placeholder="/music/labelled.csv"
        )
        source = st.text_input(
            "Source: whose values that table holds", placeholder="as its label_source column says, else user"
        )
        asked = st.form_submit_button("Scan", type="primary", disabled=not cached.workspace().writable)
    st.caption("Files stay where they are. Subfolders are read too; files that are known already are left.")
    if asked and not folder.strip():
        st.warning("Name a folder first.")
    elif asked:
        place = resolved(folder.strip())
        where = str(place.expanduser() if isinstance(place, Path) else place)
        params = {"folder": where, "labels": _path(labels), "source": source.strip() or None, "map": {}}
        _start("scan", params, f"Scan {PurePosixPath(where).name}")


def _path(text: str) -> str | None:
    return str(Path(text.strip()).expanduser()) if text.strip() else None


def extract_arrays() -> None:
    """Choose a spec and compute its arrays."""
    spec = st.selectbox("Spec", CLIP_SPECS, help="Everything about how arrays are computed, under one name.")
    st.caption(words.spec_line(get_spec(spec)))
    waiting, clips = cached.clips_waiting(spec), cached.counts()["clips"]
    if clips and not waiting:
        st.markdown(f"Every clip has its array: {clips:,} in all.")
    else:
        st.markdown(f"{words.count(waiting, 'clip')} without an array, {clips:,} in all.")
    if waiting:
        _launch("Extract", "extract", {"spec": spec}, f"Extract to {spec}", primary=True)


def _launch(
    verb: str, kind: str, params: Params, title: str, *, primary: bool = False, note: str | None = None
) -> None:
    kind_of_button = "primary" if primary else "secondary"
    if st.button(verb, type=kind_of_button, help=note, disabled=not cached.workspace().writable):
        _start(kind, params, title)


def _start(kind: str, params: Params, title: str) -> None:
    jobs.launch(cached.workspace(), kind, params, title=title)
    st.rerun()


def turned_away() -> None:
    """What imports and scans could not use, newest first."""
    rejected = cached.newest_rejects()
    if rejected.empty:
        return
    st.subheader("Turned away", anchor=False)
    st.caption(f"Newest first, {len(rejected):,} shown. Everything else of the same files was brought in.")
    st.dataframe(tables.rejects(rejected), hide_index=True, alt="Turned away")
