"""EDF without what says whose it is: patient, recording, transducers, free labels and annotation texts."""

from einthoven.formats.edf.annotations import DURATION, LIST_END, TEXT_END, is_known, lists_of
from einthoven.formats.edf.content import EdfFile, EdfSignal, field_spans
from einthoven.formats.edf.patient import edf_date, read_subject, start_date
from einthoven.formats.edf.signals import ecg_signals, harmless_prefilter


def blank_edf(file: EdfFile) -> bytes:
    """The file with the same samples; the age, which follows from a birth date, is lost."""
    out = bytearray(file.data[: file.header_bytes + file.n_records * file.record_samples * file.sample_bytes])
    _fill(out, 8, 88, _patient(file))
    _fill(out, 88, 168, _recording(file))
    _fill(out, 192, 236, file.variant if "+" in file.variant else "24BIT" if file.sample_bytes == 3 else "")
    if not (file.date.replace(".", "").isdigit() and file.time.replace(".", "").isdigit()):
        _fill(out, 168, 184, "01.01.8500.00.00")
    leads = set(ecg_signals(file).leads)
    spans = field_spans(len(file.signals))
    for k, signal in enumerate(file.signals):
        _fill(out, *spans["transducer"][k], "")
        _fill(out, *spans["reserved"][k], "")
        if not harmless_prefilter(signal.prefilter):
            _fill(out, *spans["prefilter"][k], "")
        if signal not in leads and not signal.is_annotation:
            # A label of free text may name somebody; `event` keeps the signal from being taken for a lead.
            _fill(out, *spans["label"][k], f"event {k + 1}")
    for number in range(file.n_records):
        for signal in file.signals:
            if signal.is_annotation:
                _blank_lists(file, out, number, signal)
    return bytes(out)


def _patient(file: EdfFile) -> str:
    sex = read_subject(file)[0].sex
    return f"X {sex or 'X'} X X" if "+" in file.variant or sex else ""


def _recording(file: EdfFile) -> str:
    if "+" not in file.variant:
        return ""
    day = start_date(file)
    return f"Startdate {edf_date(day) if day else 'X'} X X X"


def _blank_lists(file: EdfFile, out: bytearray, number: int, signal: EdfSignal) -> None:
    """Write the lists again without the texts that are not kept in reading either."""
    block = file.record_bytes(number, signal)
    kept = bytearray()
    for onset, duration, texts in lists_of(block):
        known = [text for text in texts if not text or is_known(text.decode("utf-8", errors="replace"))]
        stamp = onset + DURATION + duration if duration.replace(b".", b"").isdigit() else onset
        if known:
            kept += stamp + TEXT_END + b"".join(text + TEXT_END for text in known) + LIST_END
    size = file.sample_bytes
    start = file.header_bytes + (number * file.record_samples + signal.offset) * size
    out[start : start + len(block)] = bytes(kept).ljust(len(block), b"\0")[: len(block)]


def _fill(out: bytearray, first: int, end: int, text: str) -> None:
    out[first:end] = text.encode("ascii").ljust(end - first, b" ")[: end - first]
