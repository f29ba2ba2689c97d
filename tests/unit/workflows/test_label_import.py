"""Labels from a table become a task; what does not fit is counted or refused in words."""

import pytest

from einthoven.errors import LabelError, NotFound, SettingError
from einthoven.labels.importing import TEMPLATE_CSV
from einthoven.task import Kind
from einthoven.workflows.labelling import import_labels, preview
from einthoven.workflows.requests import LabelOutcome
from einthoven.workflows.workspace import Workspace
from small_ecgs import ecg


@pytest.fixture
def library(workspace: Workspace) -> Workspace:
    workspace.store.create_dataset("d")
    for seed, name in enumerate(("a/1.npz", "a/2.npz", "b/1.npz")):
        workspace.store.add("d", name, ecg(seed))
    return workspace


def labels(workspace: Workspace, text: str, kind: Kind = "single-label", **columns: str) -> LabelOutcome:
    return import_labels(workspace, "d", name="t.csv", data=text.encode(), task=" t ", kind=kind, **columns)  # type: ignore[arg-type]


def test_labels_are_matched_and_both_leftovers_are_counted_and_listed(library: Workspace) -> None:
    outcome = labels(library, "file_name,label\na/1.npz,x\nb/1,y\nelse/9.npz,x\n")
    assert (outcome.dataset, outcome.task, outcome.n_matched, outcome.counts) == ("d", "t", 2, {"x": 1, "y": 1})
    assert (outcome.labels_without_record, outcome.n_labels_without_record) == (("else/9.npz",), 1)
    assert (outcome.records_without_label, outcome.n_records_without_label) == (("a/2.npz",), 1)
    assert library.store.task("d", "t").answers == {"a/1.npz": ("x",), "b/1.npz": ("y",)}
    assert any("Only one record" in warning for warning in outcome.warnings)


def test_columns_can_be_named_and_values_have_a_unit(library: Workspace) -> None:
    text = "record;QTc\na/1;401,5\na/2;420\n"
    outcome = labels(library, text, "regression", file_column="record", label_column="QTc", unit="ms")
    task = library.store.task("d", "t")
    assert outcome.counts == {"t": 2} and task.unit == "ms"
    assert task.answers == {"a/1.npz": 401.5, "a/2.npz": 420.0}


def test_codes_stay_with_their_class(library: Workspace) -> None:
    text = "file_name,label,ICD-10\na/1.npz,LBBB,I44.7\na/2.npz,normal,\n"
    labels(library, text)
    assert {c.name: dict(c.codes) for c in library.store.task("d", "t").classes} == {
        "LBBB": {"ICD-10": "I44.7"},
        "normal": {},
    }


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (
            "name,diagnosis\na/1.npz,x\n",
            "single-label",
            r"no column 'file_name' and no column 'label'.*'name'.*Say which",
        ),
        ("file_name,label\na/1.npz,x\na/1.npz,y\n", "single-label", r"contradicts itself.*'x' and 'y'.*multi-label"),
        ("file_name,label\nnothing,x\n", "single-label", r"No file name in t\.csv matches.*'nothing'.*'a/1\.npz'"),
        ("file_name,label\n1.npz,x\n", "single-label", r"match more than one record.*'1\.npz' means"),
        ("file_name,label\na/1.npz,high\n", "regression", r"t\.csv.*'high'"),
        ("file_name,label\n", "single-label", r"t\.csv has a header but no rows"),
        ("", "single-label", r"t\.csv"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_and_changes_nothing(
    library: Workspace, text: str, kind: Kind, words: str
) -> None:
    labels(library, "file_name,label\na/1.npz,before\n")
    with pytest.raises(LabelError, match=words):
        labels(library, text, kind)
    assert library.store.task("d", "t").answers == {"a/1.npz": ("before",)}


def test_repeated_rows_are_several_labels_where_several_may_apply(library: Workspace) -> None:
    outcome = labels(library, "file_name,label\na/1.npz,x|y\na/2.npz,y\na/2.npz,z\nb/1.npz,none\n", "multi-label")
    assert outcome.counts == {"x": 1, "y": 2, "z": 1}
    assert library.store.task("d", "t").answers == {"a/1.npz": ("x", "y"), "a/2.npz": ("y", "z"), "b/1.npz": ()}


def test_a_dataset_or_a_task_of_no_possible_name_is_refused(library: Workspace) -> None:
    with pytest.raises(NotFound, match=r"no dataset 'e'.*There are d\."):
        import_labels(library, "e", name="t.csv", data=b"file_name,label\na/1,x\n", task="t", kind="single-label")
    with pytest.raises(SettingError, match="cannot be the name of a task"):
        import_labels(library, "d", name="t.csv", data=b"file_name,label\na/1,x\n", task="a/b", kind="single-label")


def test_a_preview_chooses_columns_by_their_names() -> None:
    found = preview("x.csv", b"ecg_id,Age,Diagnosis,ICD 10\n1,40,x,I1\n2,50,y,\n")
    assert (found.file_column, found.label_column, found.code_column) == ("ecg_id", "Diagnosis", "ICD 10")
    assert found.n_rows == 2 and found.rows[1] == ("2", "50", "y", None)
    found = preview("x.csv", b"a,b\n1,2\n")
    assert (found.file_column, found.label_column, found.code_column) == (None, None, None)


def test_the_template_is_a_table_that_can_be_imported(workspace: Workspace) -> None:
    workspace.store.create_dataset("d")
    for number in (1, 2, 3):
        workspace.store.add("d", f"patient_00{number}.csv", ecg(number))
    assert labels(workspace, TEMPLATE_CSV).counts == {"LBBB": 1, "RBBB": 1, "normal": 1}
