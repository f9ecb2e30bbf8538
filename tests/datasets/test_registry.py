"""The registry: what it says of datasets is true, and a folder that is incomplete is told from one that is whole."""

import inspect
import shutil

import pytest

import skpd.datasets
from skpd.datasets import check_dataset, dataset_info, list_datasets

NAMES = ["cloudupdrs", "levodopa", "mnist", "pads", "pahaw", "spiral_wave_drawings", "uci_spiral", "unm_rest"]
HERE = {"cloudupdrs", "mnist", "spiral_wave_drawings", "uci_spiral", "unm_rest"}


@pytest.fixture
def drawings(tmp_path, data_dir):
    """A copy of the drawings that a test may damage."""
    folder = tmp_path / "spiral_wave_drawings"
    shutil.copytree(data_dir / "spiral_wave_drawings", folder, copy_function=shutil.copyfile)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)
    return folder


def test_list():
    table = list_datasets()
    assert table["name"].tolist() == NAMES
    assert table.notna().drop(columns="folder").all(axis=None)


def test_list_says_what_is_here(monkeypatch, data_dir):
    monkeypatch.setenv("SKPD_DATA", str(data_dir))
    folders = list_datasets().set_index("name")["folder"]
    assert set(folders.dropna().index) == HERE
    assert folders["unm_rest"] == data_dir / "unm_rest"
    monkeypatch.delenv("SKPD_DATA")
    assert list_datasets()["folder"].isna().all()


@pytest.mark.parametrize("name", NAMES)
def test_info(name):
    info = dataset_info(name)
    sections = info.sections
    assert {"Who", "Device", "Units", "Target", "Limits", "Licence", "Reference"} <= set(sections)
    assert list(sections)[-3:] == ["How to get", "Folder", "Reader"]
    assert all(text.strip() for text in sections.values())
    assert "{" not in info.card
    # Nothing of the card is lost on the way to its sections.
    body = " ".join(info.card.splitlines()[2:]).split()
    assert " ".join(f"{k} {v}" for k, v in sections.items()).split()[: len(body)] == body
    # The reader looks in $SKPD_DATA under the name that the registry has.
    reader = getattr(skpd.datasets, info.reader)
    assert f'"{name}"' in inspect.getsource(reader)


def test_unknown_name():
    with pytest.raises(ValueError, match=r"name: expected one of .*'pahaw'.*got 'emnist'"):
        dataset_info("emnist")


def test_real_folder_is_complete(data_dir):
    checks = check_dataset(data_dir)
    assert {check.name for check in checks} == HERE
    for check in checks:
        assert check.complete, check
        assert all(count.found == count.expected for count in check.counts)
        assert not check.notes


def test_folder_of_one_dataset(data_dir):
    (check,) = check_dataset(data_dir / "cloudupdrs")
    assert (check.name, check.folder, check.complete) == ("cloudupdrs", data_dir / "cloudupdrs", True)


def test_incomplete_drawings(drawings):
    (drawings / "spiral/training/healthy/V03HE2.png").unlink()
    (drawings / "wave/testing/parkinson/V01PO01.png").write_bytes(b"cut")
    (drawings / "wave/testing/parkinson/notes.txt").touch()
    (check,) = check_dataset(drawings)
    assert not check.complete
    assert check.missing == ["spiral 2 of healthy V03"]
    assert len(check.broken) == 1
    assert "V01PO01.png: found no PNG image" in check.broken[0]
    assert "notes.txt" in check.notes[0]
    short = {count.what: (count.found, count.expected) for count in check.counts if count.found != count.expected}
    assert short == {"spirals, training, healthy": (35, 36), "waves, testing, parkinson": (14, 15)}


def test_one_kind_is_not_all(drawings):
    shutil.rmtree(drawings / "wave")
    (check,) = check_dataset(drawings)
    assert sum(count.found for count in check.counts) == 102
    assert len(check.missing) == 102
    assert not check.complete


def test_damaged_pen_file(tmp_path, data_dir):
    folder = tmp_path / "control"
    folder.mkdir()
    whole = (data_dir / "uci_spiral" / "control" / "C_0001.txt").read_bytes()
    (folder / "C_0001.txt").write_bytes(whole[: len(whole) // 2])
    (check,) = check_dataset(tmp_path)
    assert check.name == "uci_spiral"
    assert "C_0001.txt, line" in check.broken[0]
    assert "are kept" in check.broken[0]
    assert not check.notes
    assert [count.found for count in check.counts][:2] == [1, 0]


@pytest.mark.parametrize(
    ("sign", "name"),
    [
        ("PaHaW_public/00001/00001__1_1.svc", "pahaw"),
        ("index.csv", "unm_rest"),
        ("LDOPA_DATA/GENEActiv/x", "levodopa"),
        ("movement/observation_001.json", "pads"),
        ("hw_dataset/control/C_0001.txt", "uci_spiral"),
    ],
)
def test_hollow_folder_is_recognised_and_incomplete(tmp_path, sign, name):
    (tmp_path / sign).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / sign).touch()
    (check,) = check_dataset(tmp_path)
    assert check.name == name
    assert check.broken
    assert not check.complete


def test_unknown_folder(tmp_path):
    (tmp_path / "photo.png").touch()
    assert check_dataset(tmp_path) == []
    assert check_dataset(tmp_path / "none") == []
