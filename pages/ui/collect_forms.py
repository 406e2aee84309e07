"""The forms of the page Collect."""

from pathlib import Path

import streamlit as st

from pages.ui import cached, words
from songfeat.specs import SPECS, get_spec
from store import jobs
from store.sources.table_layout import FIELDS
from store.table_preview import TableHead, preview
from store.uploads import TABLE_SUFFIXES, save_table, shown_name

RIGHTS = (
    "Choose what you may use. Spotify's Developer Policy bars training models on Spotify content;"
    " Songfeat works without Spotify, on published tables, your own files and its synthesised demo."
)
_GUESSED = "(as guessed)"


def import_table() -> None:
    """Choose tables, see what their columns are taken for, try it, import it."""
    st.caption(RIGHTS)
    files = _chosen_tables()
    if not files:
        return
    head = cached.table_head(files)
    overrides = _overrides(head, files)
    mapping, fields = preview(head, overrides)
    st.markdown(
        f"**{', '.join(map(words.literal, map(shown_name, files)))}**: {words.count(head.rows, 'row')}, layout"
        f" {mapping.layout}. Not used: {words.literal(', '.join(mapping.unused)) or 'none'}."
    )
    st.dataframe(fields, hide_index=True, height=240)
    name = f"table:{shown_name(files[0]).split('.')[0]}"
    source = st.text_input("Source: whose values these are", name, help="Shown wherever a value of this table is.")
    params = {"files": files, "source": source.strip() or name, "map": overrides}
    with st.container(horizontal=True):
        _launch("Try it", "import", {**params, "dry_run": True}, f"Dry run: {shown_name(files[0])}")
        _launch("Import", "import", {**params, "dry_run": False}, f"Import {shown_name(files[0])}", primary=True)
    st.caption("A dry run changes nothing; what it finds appears under Jobs.")


def _chosen_tables() -> list[str]:
    """Paths of the tables: uploaded ones, kept in the workspace, or such that lie on this machine."""
    kinds = ", ".join(TABLE_SUFFIXES)
    uploads = st.file_uploader(
        "Tables of songs (several are joined on their id)",
        accept_multiple_files=True,
        help=f"{kinds}. What it is, is seen from its content.",
        disabled=not cached.workspace().writable,
    )
    typed = st.text_input(
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
        folder = st.text_input("Folder of audio files", placeholder="/music")
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
        path = Path(folder.strip()).expanduser()
        params = {"folder": str(path), "labels": _path(labels), "source": source.strip() or None, "map": {}}
        _start("scan", params, f"Scan {path.name}")


def _path(text: str) -> str | None:
    return str(Path(text.strip()).expanduser()) if text.strip() else None


def extract_arrays() -> None:
    """Choose a spec and compute its arrays."""
    spec = st.selectbox("Spec", list(SPECS), help="Everything about how arrays are computed, under one name.")
    st.caption(words.spec_line(get_spec(spec)))
    waiting = cached.clips_waiting(spec)
    st.markdown(f"{words.count(waiting, 'clip')} without an array, {cached.counts()['clips']:,} in all.")
    _launch("Extract", "extract", {"spec": spec}, f"Extract to {spec}", primary=True, disabled=not waiting)


def _launch(
    verb: str, kind: str, params: dict[str, object], title: str, *, primary: bool = False, disabled: bool = False
) -> None:
    off = disabled or not cached.workspace().writable
    if st.button(verb, type="primary" if primary else "secondary", disabled=off):
        _start(kind, params, title)


def _start(kind: str, params: dict[str, object], title: str) -> None:
    jobs.launch(cached.workspace(), kind, params, title=title)
    st.rerun()
